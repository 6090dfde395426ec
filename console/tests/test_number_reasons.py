"""Reasons of a number's state that a person opens and closes: arrears, a stuck report of a carrier, a move."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from privacy.models import NumberReason

pytestmark = pytest.mark.django_db
ARREARS = {"source": "arrears", "state": "suspended", "note": "ticket 17, call 13800138000"}


@pytest.fixture
def browser(operator: Any) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def test_a_reason_is_opened_once_it_is_confirmed_and_audited(acme, browser):
    page = reverse("number_reason", args=[acme.number.pk])
    assert reverse("number_reason", args=[acme.number.pk]) in browser.get(reverse("number", args=[acme.number.pk])).text
    asked = browser.post(page, ARREARS)
    assert "Is this right?" in asked.text
    assert not NumberReason.objects.exists()
    done = browser.post(page, {**ARREARS, "confirmed": "yes"}, follow=True)
    assert "Arrears" in done.text
    acme.number.refresh_from_db()
    assert acme.number.state == "suspended"
    reason = NumberReason.objects.get()
    assert (reason.note, reason.opened_by) == ("ticket 17, call *******8000", "operator")
    entry = AuditEntry.objects.get(action="numbers.open_reason")
    assert (entry.subject, entry.account, entry.reason) == (acme.number.number, acme.account, reason.note)
    assert entry.detail == {"source": "arrears", "state": "suspended", "cause": "", "state_now": "suspended"}
    again = browser.post(page, {**ARREARS, "confirmed": "yes"}, follow=True)
    assert "It was so already" in again.text
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("source", "state", "cause"),
    [("real_name", "awaiting_real_name", ""), ("moving", "moving", ""), ("carrier", "unusable", "2")],
)
def test_each_source_says_what_is_its_own_and_is_closed_again(acme, browser, source, state, cause):
    page = reverse("number_reason", args=[acme.number.pk])
    given = {"source": source, "state": state, "cause": cause, "note": "ticket 17", "confirmed": "yes"}
    browser.post(page, given)
    acme.number.refresh_from_db()
    assert (acme.number.state, acme.number.cause) == (state, cause)
    browser.post(page, {"source": source, "note": "ticket 18", "confirmed": "yes"})
    acme.number.refresh_from_db()
    assert acme.number.state == "normal"
    assert NumberReason.objects.get().closed_by == "operator"
    assert AuditEntry.objects.filter(action="numbers.close_reason").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "moving"},
        {"state": "unusable"},
        {"state": "unusable", "cause": "1"},
        {"state": "returned"},
        {"source": "weather"},
        {"note": " "},
    ],
)
def test_what_cannot_be_said_is_refused_and_changes_nothing(acme, browser, wrong):
    page = reverse("number_reason", args=[acme.number.pk])
    assert browser.post(page, {**ARREARS, "confirmed": "yes", **wrong}).status_code == 400
    assert not NumberReason.objects.exists()


def test_a_returned_number_and_one_out_of_scope_have_no_reasons(acme, bolt, browser):
    bound = Client()
    bound.force_login(cast.staff("operator", bolt.account, "bolts"))
    page = reverse("number_reason", args=[acme.number.pk])
    assert bound.post(page, {**ARREARS, "confirmed": "yes"}).status_code == 404
    acme.number.state = "returned"
    acme.number.save()
    assert "was returned" in browser.post(page, {**ARREARS, "confirmed": "yes"}, follow=True).text
    assert not AuditEntry.objects.exists()

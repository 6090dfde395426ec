"""Steps for numbers by an operator who is bound to one account: the numbers and applications of others are unknown."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from console import jobs
from console.job_kinds import carry_out
from console.models import Job
from console.numbers import views_steps
from privacy.models import Number, NumberChange, NumberOrder, NumberTransfer
from privacy.numbers.bulk import STEPS

pytestmark = pytest.mark.django_db
NEW = "+8617100000021"


@pytest.fixture
def bound(acme: Any) -> Any:
    return cast.staff("operator", account=acme.account, username="acmeoperator")


@pytest.fixture
def browser(bound: Any) -> Client:
    client = Client()
    client.force_login(bound)
    return client


def told(page: Any) -> list[tuple[str, str]]:
    assert page.status_code == 400
    return [(problem.field, problem.problem) for problem in page.context["problems"]]


@pytest.mark.parametrize("step", sorted(set(STEPS) - {"issue", "order"}))
def test_a_number_of_another_account_is_unknown_to_each_step(acme, corp, browser, step):
    cast.make_application(acme.account, "acmeAppKey02")
    typed = {"numbers": corp.number.number, "application": "acmeAppKey02", "cause": "3"}
    stranger = browser.post(reverse("number_step", args=[step]), typed | {"numbers": "+8617199999999"})
    assert told(browser.post(reverse("number_step", args=[step]), typed)) == told(stranger)
    ticked = browser.post(reverse("number_ticked"), {"id": [corp.number.pk], "step": step}, follow=True)
    assert corp.number.number not in ticked.text
    assert not NumberChange.objects.exists()
    assert not NumberTransfer.objects.exists()


@pytest.mark.parametrize("step", ["issue", "order", "transfer", "ask_transfer"])
def test_an_application_of_another_account_is_unknown_to_each_step(acme, corp, browser, step):
    number = NEW if step == "issue" else acme.number.number
    typed = {"numbers": number, "area_code": "755", "quantity": "1", "reference": "o-1"}
    stranger = browser.post(reverse("number_step", args=[step]), typed | {"application": "nobodysAppKey"})
    answer = browser.post(reverse("number_step", args=[step]), typed | {"application": corp.application.app_key})
    assert told(answer) == told(stranger)
    assert ("application", "is unknown") in told(answer)
    assert not NumberOrder.objects.exists()


def test_a_number_that_left_the_account_is_unknown_though_the_account_held_it(acme, corp, browser):
    cast.make_number(corp.application, NEW)
    left = Number.objects.get(number=NEW)
    now = left.holdings.get()
    earlier = now.valid_from.replace(year=now.valid_from.year - 1)
    left.holdings.create(application=acme.application, valid_from=earlier, valid_to=now.valid_from)
    page = browser.post(reverse("number_step", args=["unsubscribe"]), {"numbers": NEW})
    assert told(page) == [("number", "is not one of our numbers")]


def test_the_numbers_of_his_own_account_he_works_on(acme, browser):
    page = browser.post(reverse("number_step", args=["suspend"]), {"numbers": acme.number.number})
    browser.post(reverse("number_apply"), {"token": page.context["token"], "reason": "ticket 17"})
    acme.number.refresh_from_db()
    assert acme.number.state == "suspended"
    assert Job.objects.get().account == acme.account
    assert AuditEntry.objects.get(action="numbers.suspend").account == acme.account


@pytest.mark.parametrize("ended", ["role", "account"])
def test_a_job_asks_again_what_its_person_may(acme, corp, bound, browser, monkeypatch, ended):
    monkeypatch.setattr(views_steps, "AT_ONCE", 0)
    page = browser.post(reverse("number_step", args=["suspend"]), {"numbers": acme.number.number})
    browser.post(reverse("number_apply"), {"token": page.context["token"], "reason": "ticket 17"})
    if ended == "role":
        bound.groups.remove(Group.objects.get(name="operator"))
    else:
        bound.profile.account = corp.account
        bound.profile.save()
    done = jobs.run(Job.objects.get().pk, carry_out, pulse=False)
    assert done is not None
    assert done.state == "failed"
    acme.number.refresh_from_db()
    assert acme.number.state == "normal"


def test_what_was_previewed_in_a_wider_scope_is_asked_again_when_it_is_done(acme, corp, operator):
    client = Client()
    client.force_login(operator)
    page = client.post(reverse("number_step", args=["suspend"]), {"numbers": corp.number.number})
    operator.profile.account = acme.account
    operator.profile.save()
    answer = client.post(reverse("number_apply"), {"token": page.context["token"], "reason": "ticket 17"})
    assert told(answer) == [("number", "is not one of our numbers")]
    assert not Job.objects.exists()

"""The page of a new secret: the former one's hours, revoking it, and a second click that does no harm."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Application, AuditEntry
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company

SHOWN = re.compile(r'id="secret">(\w{32})<')


def page_of(company: Company) -> str:
    return reverse("admin:accounts_application_secret", args=[company.application.pk])


def form_of(browser: Client, address: str) -> dict[str, str]:
    page = browser.get(address).content.decode()
    return dict(re.findall(r'name="(form_of)" value="(\w+)"', page))


@pytest.mark.parametrize(("typed", "hours"), [("", 24), ("48", 48), ("168", 168), ("0", 0)])
def test_the_former_secret_stays_for_the_hours_asked(
    acme: Company, signed_in: Callable[..., Client], typed: str, hours: int
) -> None:
    browser, former = signed_in("operator"), acme.application.app_secret
    shown = SHOWN.search(browser.post(page_of(acme), {"hours": typed}).content.decode())
    row = Application.objects.get()
    assert shown and shown[1] == row.app_secret != former
    assert row.previous_secret == (former if hours else None)
    if row.previous_secret_until:
        assert abs(row.previous_secret_until - timezone.now() - timedelta(hours=hours)) < timedelta(minutes=1)
    assert AuditEntry.objects.order_by("-pk")[0].detail == {"hours": hours}


@pytest.mark.parametrize("typed", ["-1", "169", "a week"])
def test_other_hours_change_nothing(acme: Company, signed_in: Callable[..., Client], typed: str) -> None:
    page = signed_in("operator").post(page_of(acme), {"hours": typed}).content.decode()
    assert "errorlist" in page and not SHOWN.search(page)
    assert Application.objects.get().app_secret == acme.application.app_secret


def test_a_second_click_shows_what_the_first_made(acme: Company, signed_in: Callable[..., Client]) -> None:
    browser, former = signed_in("operator"), acme.application.app_secret
    form = form_of(browser, page_of(acme)) | {"hours": "24"}
    pages = [browser.post(page_of(acme), form).content.decode() for _ in range(2)]
    assert len({match[1] for match in map(SHOWN.search, pages) if match}) == 1
    assert Application.objects.get().previous_secret == former
    assert AuditEntry.objects.filter(action="new_secret").count() == 1


def test_a_form_of_somebody_else_that_is_out_of_date_is_told_so(
    acme: Company, signed_in: Callable[..., Client], operator: User
) -> None:
    browser = Client()
    browser.force_login(operator)
    stale = form_of(browser, page_of(acme)) | {"hours": "24"}
    for _ in range(2):
        browser.post(page_of(acme), form_of(browser, page_of(acme)) | {"hours": "24"})
    present = Application.objects.get().app_secret
    page = browser.post(page_of(acme), stale).content.decode()
    assert "made meanwhile" in page and not SHOWN.search(page)
    assert Application.objects.get().app_secret == present


def test_the_application_says_until_when_its_former_secret_is_good(
    acme: Company, signed_in: Callable[..., Client]
) -> None:
    browser, said = signed_in("operator"), "The former one stays good until"
    page = reverse("admin:accounts_application_change", args=[acme.application.pk])
    assert said not in browser.get(page).content.decode()
    browser.post(page_of(acme), {"hours": "24"})
    assert said in browser.get(page).content.decode()
    Application.objects.update(previous_secret_until=timezone.now())
    assert said not in browser.get(page).content.decode()


def test_the_former_secret_is_revoked_by_a_button(acme: Company, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("operator")
    browser.post(page_of(acme), {"hours": "24"})
    assert "Revoke the former secret now" in browser.get(page_of(acme)).content.decode()
    assert browser.post(page_of(acme), {"revoke": "1"}).status_code == 302
    assert Application.objects.get().previous_secret is None
    assert AuditEntry.objects.order_by("-pk")[0].action == "revoke_secret"
    assert "Revoke the former secret now" not in browser.get(page_of(acme)).content.decode()

"""No page shows a real number, a text or user data unless it reveals just that record in just that response."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from accounts.roles import ROLES
from console.tests import walking
from console.tests.scene import SECRETS, Scene

REASON = {"reason": "ticket 4711"}


def _addresses(scene: Scene) -> Iterator[str]:
    for tenant in (scene.acme, scene.bolt):
        yield from walking.console_pages(tenant).values()
    yield from walking.admin_lists().values()
    for rows in walking.admin_details(scene).values():
        yield from rows
        yield from (row.replace("/change/", "/history/") for row in rows[:1])
    yield reverse("admin:index")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_no_page_shows_what_is_hidden(role: str, scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in(role, scene.acme.account if role == "customer" else None)
    opened = 0
    for address in _addresses(scene):
        answer = browser.get(address)
        text = answer.content.decode()
        opened += answer.status_code == 200
        for hidden in (*scene.real_numbers, *SECRETS):
            assert hidden not in text, (address, hidden)
        assert "no-store" in answer.headers["Cache-Control"], address
    assert opened > 20


@pytest.mark.parametrize("kind", ["call", "call_event", "message"])
def test_revealing_shows_the_numbers_of_one_record_once(
    kind: str, scene: Scene, signed_in: Callable[..., Client]
) -> None:
    browser = signed_in("support")
    record = {"call": scene.acme.call, "call_event": scene.acme.event, "message": scene.acme.message}[kind]
    answer = browser.post(reverse(f"reveal_{kind}", args=[record.pk]), REASON)
    assert answer.status_code == 200
    assert scene.acme.a in answer.content.decode()
    assert scene.acme.b in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert scene.acme.a not in browser.get(reverse(kind, args=[record.pk])).content.decode()


def test_revealing_is_written_to_the_audit_trail(scene: Scene, signed_in: Callable[..., Client]) -> None:
    before = AuditEntry.objects.count()
    signed_in("support").post(reverse("reveal_call", args=[scene.acme.call.pk]), REASON)
    entry = AuditEntry.objects.order_by("-pk")[0]
    assert AuditEntry.objects.count() == before + 1
    assert (entry.username, entry.action, entry.subject_kind) == ("support", "reveal", "call")
    assert (entry.subject, entry.account, entry.reason) == (str(scene.acme.call.pk), scene.acme.account, "ticket 4711")


@pytest.mark.parametrize("reason", ["", "  ", "x"])
def test_without_a_reason_nothing_is_revealed(reason: str, scene: Scene, signed_in: Callable[..., Client]) -> None:
    before = AuditEntry.objects.count()
    answer = signed_in("support").post(reverse("reveal_call", args=[scene.acme.call.pk]), {"reason": reason})
    assert answer.status_code == 400
    assert scene.acme.a not in answer.content.decode()
    assert AuditEntry.objects.count() == before


def test_revealing_needs_the_permission_and_a_post(scene: Scene, signed_in: Callable[..., Client]) -> None:
    address = reverse("reveal_call", args=[scene.acme.call.pk])
    assert signed_in("finance").post(address, REASON).status_code == 403
    assert signed_in("operator").get(address).status_code == 405
    assert AuditEntry.objects.filter(subject=str(scene.acme.call.pk)).count() == 0


def test_a_new_secret_is_shown_once_and_nowhere_else(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("operator")
    application = scene.acme.application
    address = reverse("admin:accounts_application_secret", args=[application.pk])
    former = application.app_secret
    shown = browser.post(address).content.decode()
    application.refresh_from_db()
    assert application.app_secret != former
    assert application.app_secret in shown
    for page in (address, reverse("admin:accounts_application_change", args=[application.pk])):
        assert application.app_secret not in browser.get(page).content.decode()
    assert AuditEntry.objects.order_by("-pk")[0].action == "new_secret"

"""A customer's user finds no row of another account, on no page."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from console.tests import walking
from console.tests.scene import Scene


def test_no_list_of_the_console_names_another_account(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("customer", scene.acme.account)
    for name, address in walking.console_pages(scene.acme).items():
        text = browser.get(address).content.decode().lower()
        assert "bolt" not in text, name
        assert scene.bolt.number.number not in text, name


def test_no_list_of_the_admin_names_another_account(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("customer", scene.acme.account)
    for model, address in walking.admin_lists().items():
        text = browser.get(address).content.decode().lower()
        assert "bolt" not in text, model
        assert scene.bolt.number.number not in text, model


def test_rows_of_another_account_are_as_absent_as_none(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("customer", scene.acme.account)
    own, foreign = walking.console_pages(scene.acme), walking.console_pages(scene.bolt)
    details = {name: address for name, address in foreign.items() if own[name] != address}
    # The operator's alone: refused before anything is looked for.
    assert browser.get(details.pop("number_reason")).status_code == 403
    assert set(details) == {
        "call",
        "call_event",
        "message",
        "charge",
        "ledger_transaction",
        "settlement_run",
        "quarantined",
        "number",
        "voice_file",
        "binding",
        "api_request",
        "application",
        "risk_application",
        "blacklist",
        "alert",
        "application_pushes",
        "push",
        "endpoint",
        "endpoint_attempts",
    }
    for name, address in details.items():
        assert browser.get(address).status_code == 404, name
        assert name == "settlement_run" or browser.get(own[name]).status_code == 200, name


def test_rows_of_another_account_cannot_be_opened_in_the_admin(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("customer", scene.acme.account)
    bolt = scene.bolt
    foreign = {
        "accounts_account": bolt.account, "accounts_application": bolt.application, "privacy_call": bolt.call,
        "privacy_callevent": bolt.event, "privacy_message": bolt.message, "privacy_number": bolt.number,
        "privacy_usage": bolt.rows["waiting"], "privacy_quarantined": bolt.rows["quarantined"],
        "privacy_numberstatus": bolt.rows["status"], "privacy_session": bolt.rows["session"],
        "notifications_push": bolt.push, "notifications_endpoint": bolt.rows["endpoint"], "billing_charge": bolt.charge,
    }  # fmt: skip
    for name, row in foreign.items():
        answer = browser.get(reverse(f"admin:{name}_change", args=[row.pk]))
        assert answer.status_code == 302, name  # the admin's "does not exist"
        assert answer.headers["Location"] == "/admin/", name


def test_completing_a_name_offers_only_the_own_account(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("customer", scene.acme.account)
    asked = {"app_label": "accounts", "model_name": "application", "field_name": "account", "term": ""}
    assert [row["text"] for row in browser.get(reverse("admin:autocomplete"), asked).json()["results"]] == ["acme"]


def test_the_filters_of_a_list_know_only_the_own_account(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("customer", scene.acme.account)
    text = browser.get(reverse("charges"), {"account": "bolt"}).content.decode()
    assert "There is no account with this code." in text

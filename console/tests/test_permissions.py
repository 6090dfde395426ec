"""Who may open what: the table is written by hand and must know every URL there is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.roles import PERMISSIONS, ROLES
from console.tests import walking
from console.tests.scene import Scene, unknown_id

# Console pages: the action each needs.
CONSOLE = {
    "dashboard": "look",
    "calls": "look",
    "call": "look",
    "reveal_call": "reveal",
    "call_events": "look",
    "call_event": "look",
    "reveal_call_event": "reveal",
    "messages": "look",
    "message": "look",
    "reveal_message": "reveal",
    "number_statuses": "look",
    "unknown_codes": "operate",
    "bindings": "look",
    "bind": "bind",
    "bind_in": "bind",
    "bind_relation": "bind",
    "binding": "look",
    "reveal_binding": "reveal",
    "end_bindings": "bind",
    "end_apply": "bind",
    "end_binding": "bind",
    "requests": "look",
    "api_request": "look",
    "reveal_request": "reveal",
    "applications": "look",
    "application": "look",
    "cloud_audit": "look",
    "balances": "money",
    "charges": "money",
    "charge": "money",
    "packages": "money",
    "ledger": "money",
    "ledger_transaction": "money",
    "settlement_runs": "money",
    "settlement_run": "money",
    "reports": "money",
    "call_reports": "look",
    "jobs": "look",
    "job_cancel": "look",
    "job_file": "look",
    "quarantine": "look",
    "quarantine_group": "look",
    "quarantine_preview": "correct",
    "quarantine_apply": "correct",
    "quarantined": "look",
    "reveal_quarantined": "reveal",
    "upstreams": "look",
    "numbers": "look",
    "number": "look",
    "number_reason": "operate",
    "number_step": "operate",
    "number_ticked": "operate",
    "number_apply": "operate",
    "number_orders": "look",
    "number_order_cancel": "operate",
    "number_transfers": "look",
    "number_transfer_decide": "look",
    "test_calls": "look",
    "replays": "look",
    "new_replay": "replay",
    "apply_replay": "replay",
    "cancel_replay": "replay",
    "play_test_call": "try_out",
    "test_call": "look",
    "risk": "look",
    "risk_application": "look",
    "risk_switch": "operate",
    "risk_rule_add": "operate",
    "risk_rule": "operate",
    "blacklist": "look",
    "blacklist_add": "bind",
    "blacklist_load": "operate",
    "blacklist_apply": "operate",
    "blacklist_entry": "look",
    "reveal_blacklist_entry": "reveal",
    "blocked_calls": "look",
    "blocked_call": "look",
    "reveal_blocked_call": "reveal",
    "near_misses": "look",
    "near_misses_file": "look",
    "voice_files": "look",
    "upload_voice": "upload",
    "voice_file": "look",
    "review_voice": "operate",
    "delete_voice": "upload",
    "play_voice": "look",
    "download_voice": "look",
    "who_would_it_reach": "look",
    "keywords": "look",
    "add_keywords": "configure",
    "end_keywords": "configure",
    "try_keywords": "look",
    "recordings": "look",
    "play_recording": "listen",
    "download_recording": "listen",
    "fetch_recording": "operate",
    "endpoints": "look",
    "endpoint": "look",
    "endpoint_attempts": "look",
    "switch_endpoint": "replay",
    "application_pushes": "look",
    "send_test_pushes": "try_out",
    "push": "look",
    "reveal_push": "reveal",
    "alerts": "look",
    "alert": "look",
    "alert_acknowledge": "attend",
    "alert_silence": "attend",
    "alert_close": "attend",
    "alert_routes": "configure",
    "alert_route_new": "configure",
    "alert_route": "configure",
    "alert_route_test": "configure",
}
# Beside the permission: not for a user who is bound to an account.
UNBOUND_ONLY = {"upstreams", "number_transfers"}
# Machines sign their requests, or are told nothing of anybody.
MACHINES = {
    *("healthz", "readyz", "metrics", "upstream_notifications", "set_language", "api_schema", "api_docs"),
    *("recording_file",),
    *("ax_bindings", "ax_temporary_callee", "axb_bindings", "axe_bindings", "axyb_bindings"),
    *("switch_calls", "switch_messages", "switch_stops", "switch_voice", "switch_recording"),
    *("api_test_calls", "api_test_call", "api_pushes", "api_replays", "api_replay"),
    *("recording_address", "stop_call", r"^(?:/+)?[Rr][Ee][Ss][Tt](?:/|$)"),
}
# The admin's own pages: for whoever is staff, each showing what he may see.
STAFF = {
    *("admin:index", "admin:login", "admin:logout", "admin:password_change", "admin:password_change_done"),
    *("admin:autocomplete", "admin:jsi18n", "admin:view_on_site", "admin:app_list", "admin:search"),
}
# Each model in the admin: what looking needs, what adding and changing needs ("" = nobody does it there).
ADMIN = {
    "accounts.account": ("look", "configure", "configure"),
    "accounts.application": ("look", "configure", "configure"),
    "accounts.upstream": ("configure", "configure", "configure"),
    "accounts.auditentry": ("audit", "", ""),
    "accounts.lockout": ("configure", "", ""),
    "accounts.usednonce": ("configure", "", ""),
    "accounts.datakey": ("configure", "", ""),
    "auth.user": ("configure", "configure", "configure"),
    "auth.group": ("configure", "", ""),
    "notifications.endpoint": ("look", "", ""),
    "notifications.push": ("look", "", ""),
    "notifications.attempt": ("look", "", ""),
    "notifications.replay": ("look", "", ""),
    "notifications.shardlease": ("configure", "", ""),
    "notifications.dispatcher": ("configure", "", ""),
    "notifications.alert": ("look", "", ""),
    "notifications.alertroute": ("configure", "", ""),
    "notifications.alertmessage": ("configure", "", ""),
    "privacy.call": ("look", "", ""),
    "privacy.callevent": ("look", "", ""),
    "privacy.message": ("look", "", ""),
    "privacy.messageresult": ("look", "", ""),
    "privacy.session": ("look", "", ""),
    "privacy.number": ("look", "", ""),
    "privacy.holding": ("look", "", ""),
    "privacy.numberstatus": ("look", "", ""),
    "privacy.numberorder": ("look", "", ""),
    "privacy.numberchange": ("look", "", ""),
    "privacy.numberreason": ("audit", "", ""),
    "privacy.numbertransfer": ("audit", "", ""),
    "privacy.source": ("look", "", ""),
    "privacy.usage": ("look", "", ""),
    "privacy.quarantined": ("look", "", ""),
    "privacy.voicefile": ("look", "", ""),
    "privacy.binding": ("look", "", ""),
    "privacy.bindingversion": ("look", "", ""),
    "privacy.route": ("look", "", ""),
    "privacy.availability": ("look", "", ""),
    "privacy.temporarycallee": ("look", "", ""),
    "privacy.cooling": ("look", "", ""),
    "privacy.partyload": ("look", "", ""),
    "privacy.idempotentanswer": ("look", "", ""),
    "privacy.apirequest": ("look", "", ""),
    "privacy.stoporder": ("look", "", ""),
    "billing.tariff": ("money", "configure", ""),
    "billing.package": ("money", "configure", "configure"),
    "billing.purchase": ("money", "", ""),
    "billing.charge": ("money", "", ""),
    "billing.settlementrun": ("money", "", ""),
    "billing.settlementtotal": ("money", "", ""),
    "billing.unansweredcount": ("money", "", ""),
    "billing.closedmonth": ("money", "", ""),
    "billing.ledgeraccount": ("money", "", ""),
    "billing.ledgertransaction": ("money", "", ""),
    "billing.ledgerentry": ("money", "", ""),
    "billing.balance": ("money", "", ""),
    "console.job": ("look", "", ""),
    "console.heartbeat": ("configure", "", ""),
}
# More pages of a model, by the URL's name.
ADMIN_MORE = {
    "admin:accounts_application_secret": "configure",
    "admin:accounts_upstream_secret": "configure",
    "admin:auth_user_password_change": "configure",
}
DELETED = {"accounts.lockout": "configure"}  # nothing else is ever deleted


def may(role: str, action: str) -> bool:
    return bool(action) and role in PERMISSIONS[action]


def test_every_url_stands_in_the_table() -> None:
    models = {model.replace(".", "_") for model in ADMIN}
    pages = ("changelist", "add", "change", "delete", "history")
    known = {*CONSOLE, *MACHINES, *STAFF, *ADMIN_MORE, *(f"admin:{m}_{page}" for m in models for page in pages)}
    assert walking.names() - known == set()


def test_every_model_of_the_admin_stands_in_the_table() -> None:
    registered = {f"{m._meta.app_label}.{m._meta.model_name}" for m in admin.site._registry}
    assert registered == set(ADMIN)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_console_pages_open_for_whom_the_table_says(role: str, scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in(role, scene.acme.account if role == "customer" else None)
    found = {name: browser.get(_address(name, scene)).status_code for name in CONSOLE}
    refused = {name for name, status in found.items() if status == 403}
    bound = UNBOUND_ONLY if role == "customer" else set()
    assert refused == bound | {name for name, action in CONSOLE.items() if not may(role, action)}
    assert {name: status for name, status in found.items() if status not in {200, 403, 404, 405}} == {}


def test_console_pages_send_a_stranger_to_the_login(scene: Scene) -> None:
    for name in CONSOLE:
        answer = Client().get(_address(name, scene))
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/admin/login/"), name


def test_a_user_without_a_role_opens_nothing(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("nobody")
    assert {browser.get(_address(name, scene)).status_code for name in CONSOLE} == {403}
    assert {browser.get(address).status_code for address in walking.admin_lists().values()} == {403}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_admin_pages_open_for_whom_the_table_says(role: str, scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in(role, scene.acme.account if role == "customer" else None)
    wrong: list[tuple[object, ...]] = []
    for model, (look, add, change) in ADMIN.items():
        rows = walking.admin_details(scene)[model]
        opened = browser.get(walking.admin_lists()[model]).status_code == 200
        added = browser.get(walking.admin_lists()[model] + "add/").status_code == 200
        if (opened, added) != (may(role, look), may(role, add)):
            wrong.append((model, "list, add", opened, added))
        for row in rows[:1]:
            saved = browser.post(row, {}).status_code != 403 if browser.get(row).status_code == 200 else False
            if saved != (may(role, change) and browser.get(row).status_code == 200):
                wrong.append((model, "change", saved))
            deleted = browser.get(row.replace("/change/", "/delete/")).status_code == 200
            if deleted != may(role, DELETED.get(model, "")):
                wrong.append((model, "delete", deleted))
    assert wrong == []


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_secret_is_renewed_by_those_who_configure(role: str, scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in(role, scene.acme.account if role == "customer" else None)
    application = browser.get(reverse("admin:accounts_application_secret", args=[scene.acme.application.pk]))
    upstream = browser.get(reverse("admin:accounts_upstream_secret", args=[scene.upstream.pk]))
    assert application.status_code == (200 if may(role, "configure") else 403)
    assert upstream.status_code == (200 if may(role, "configure") else 404 if role == "customer" else 403)


def _address(name: str, scene: Scene) -> str:
    pages: dict[str, Any] = walking.console_pages(scene.acme)
    if name in pages:
        return str(pages[name])
    ids = {
        "reveal_call": scene.acme.call.pk,
        "reveal_call_event": scene.acme.event.pk,
        "reveal_message": scene.acme.message.pk,
    }
    if name in {"quarantine_group", "quarantine_preview", "quarantine_apply", "upload_voice", "end_apply"}:
        return reverse(name)
    if name in {"reveal_binding", "end_binding", "bind_relation"}:
        return reverse(name, args=[scene.acme.rows["binding"].pk])
    if name == "bind_in":
        return reverse(name, args=[scene.acme.application.pk])
    if name == "reveal_request":
        return reverse(name, args=[scene.acme.rows["api_request"].pk])
    if name in {"review_voice", "delete_voice", "play_voice", "download_voice"}:
        return reverse(name, args=[scene.acme.rows["voice"].pk])
    if name in {"play_recording", "download_recording", "fetch_recording"}:
        return reverse(name, args=[scene.acme.rows["recording"].pk])
    if name in {"number_ticked", "number_apply", "play_test_call"}:
        return reverse(name)
    if name in {"risk_application", "risk_switch", "risk_rule_add", "blacklist", "blacklist_add", "blacklist_load"}:
        return reverse(name, args=[scene.acme.application.pk])
    if name in {"risk_rule", "blacklist_entry", "reveal_blacklist_entry"}:
        return reverse(name, args=[1])
    if name in {"blacklist_apply", "risk", "blocked_calls", "near_misses", "near_misses_file"}:
        return reverse(name)
    if name in {"add_keywords", "end_keywords", "apply_replay"}:
        return reverse(name)
    if name.startswith("alert_") and name not in {"alert_routes", "alert_route_new"}:
        return reverse(name, args=[1])
    if name == "switch_endpoint":
        return reverse(name, args=[scene.acme.rows["endpoint"].pk, "pause"])
    if name == "send_test_pushes":
        return reverse(name, args=[scene.acme.application.pk])
    if name == "reveal_push":
        return reverse(name, args=[scene.acme.push.pk])
    if name in {"number_order_cancel", "number_transfer_decide", "test_call"}:
        return reverse(name, args=[1])
    return reverse(name, args=[ids.get(name, "x" if name == "job_file" else unknown_id())])

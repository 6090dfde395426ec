"""The admin: what may be typed there, what it writes to the audit trail, how it counts."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.forms import SplitDateTimeWidget
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.admin import paging
from accounts.admin.actions import action_name
from accounts.admin.paging import About, EstimatePaginator
from accounts.models import Account, Application, AuditEntry, Upstream, UpstreamApplication
from accounts.tests import cast
from console.tests.scene import Scene
from privacy.models import Call

NO_INLINE = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}


def test_who_is_added_is_staff_and_never_a_superuser(signed_in: Callable[..., Client]) -> None:
    browser = signed_in("operator")
    asked = {
        "username": "newcomer",
        "password1": "a-long-passphrase-1",
        "password2": "a-long-passphrase-1",
        "is_superuser": "on",
    }
    answer = browser.post(
        reverse("admin:auth_user_add"), {**asked, **{f"profile-{k}": v for k, v in NO_INLINE.items()}}
    )
    assert answer.status_code == 302
    user = User.objects.get(username="newcomer")
    assert (user.is_staff, user.is_superuser) == (True, False)


def test_a_user_gets_a_role_an_account_and_an_existing_zone(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser, user = signed_in("operator"), cast.staff("nobody")
    profile = user.profile
    group = Group.objects.get(name="customer")
    asked: dict[str, Any] = {
        "username": "nobody", "is_active": "on", "groups": [group.pk], "profile-TOTAL_FORMS": "1",
        "profile-INITIAL_FORMS": "1", "profile-0-id": profile.pk, "profile-0-user": user.pk,
        "profile-0-account": scene.acme.account.pk, "profile-0-time_zone": "Asia/Nowhere",
    }  # fmt: skip
    address = reverse("admin:auth_user_change", args=[user.pk])
    refused = browser.post(address, asked)
    assert refused.status_code == 200
    assert browser.post(address, {**asked, "profile-0-time_zone": "Europe/London"}).status_code == 302
    profile.refresh_from_db()
    assert (profile.account, profile.time_zone) == (scene.acme.account, "Europe/London")


def test_an_account_takes_what_provision_takes(signed_in: Callable[..., Client], db: None) -> None:
    browser = signed_in("operator")
    asked = {
        "code": "corp", "name": "Corp", "time_zone": "Mars/Olympus", "currency": "CNY", "credit_limit": "0",
        "low_balance": "0", "contacts": "[]",
    }  # fmt: skip
    assert browser.post(reverse("admin:accounts_account_add"), asked).status_code == 200
    assert browser.post(reverse("admin:accounts_account_add"), {**asked, "time_zone": "UTC"}).status_code == 302
    account = Account.objects.get(code="corp")
    entry = AuditEntry.objects.order_by("-pk")[0]
    assert (entry.action, entry.subject, entry.username) == ("add_account", str(account.pk), "operator")
    changed = {**asked, "name": "Corporation", "currency": "EUR"}
    assert browser.post(reverse("admin:accounts_account_change", args=[account.pk]), changed).status_code == 302
    account.refresh_from_db()
    assert (account.name, account.currency, account.time_zone) == ("Corporation", "CNY", "UTC")
    entry = AuditEntry.objects.order_by("-pk")[0]
    assert entry.action == "change_account"
    assert "Name" in entry.detail["changed"]


def test_a_vendors_secret_is_typed_and_kept_when_left_blank(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser, upstream = signed_in("operator"), scene.upstream
    row = UpstreamApplication.objects.create(
        upstream=upstream, app_key="vendorKey", app_secret="first-secret", application=scene.acme.application
    )
    asked = {
        "code": upstream.code, "key": upstream.key, "allowed_ips": "[]", "every_account": "on",
        "applications-TOTAL_FORMS": "1", "applications-INITIAL_FORMS": "1", "applications-0-id": row.pk,
        "applications-0-upstream": upstream.pk, "applications-0-app_key": "vendorKey",
        "applications-0-application": scene.acme.application.pk, "applications-0-app_secret": "",
    }  # fmt: skip
    address = reverse("admin:accounts_upstream_change", args=[upstream.pk])
    assert "first-secret" not in browser.get(address).content.decode()
    for typed, kept in [("", "first-secret"), ("second-secret", "second-secret")]:
        assert browser.post(address, {**asked, "applications-0-app_secret": typed}).status_code == 302
        row.refresh_from_db()
        assert row.app_secret == kept


def test_a_new_upstream_gets_a_secret_nobody_knows(signed_in: Callable[..., Client], db: None) -> None:
    asked = {
        "code": "switch9", "key": "switch9", "allowed_ips": '["10.0.0.0/8"]', "every_account": "on",
        **{f"applications-{k}": v for k, v in NO_INLINE.items()},
    }  # fmt: skip
    browser = signed_in("operator")
    assert (
        browser.post(reverse("admin:accounts_upstream_add"), {**asked, "allowed_ips": '["nowhere"]'}).status_code == 200
    )
    assert browser.post(reverse("admin:accounts_upstream_add"), asked).status_code == 302
    assert len(Upstream.objects.get(code="switch9").secret) == 32


def test_an_upstreams_hosts_are_hosts_and_blank_is_none(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser, address = signed_in("operator"), reverse("admin:accounts_upstream_change", args=[scene.upstream.pk])
    asked = {
        "code": scene.upstream.code, "key": scene.upstream.key, "allowed_ips": "", "every_account": "on",
        **{f"applications-{k}": v for k, v in NO_INLINE.items()},
    }  # fmt: skip
    assert b"Write a list of hosts" in browser.post(address, {**asked, "recording_hosts": '["a/b"]'}).content
    assert b"This address" in browser.post(address, {**asked, "stop_url": "http://127.0.0.1/"}).content
    for typed, kept in [('["rec.example", "media.example:8443"]', ["rec.example", "media.example:8443"]), ("", [])]:
        assert browser.post(address, {**asked, "recording_hosts": typed, "stop_url": ""}).status_code == 302
        scene.upstream.refresh_from_db()
        assert scene.upstream.recording_hosts == kept


@pytest.mark.parametrize("typed", ["a b<script>", "a,b", 'a"b', "ключ"])
def test_a_key_that_cannot_stand_in_a_header_is_refused(
    typed: str, scene: Scene, signed_in: Callable[..., Client]
) -> None:
    browser = signed_in("operator")
    application = {
        "account": scene.acme.account.pk, "name": "Rides", "mode": "AXB", "state": "active", "tags": "{}",
        "extension_digits": "4", "allowed_ips": "[]", "cool_down_hours": "24", "pair_preference": "none",
    }  # fmt: skip
    inline = {
        "applications-TOTAL_FORMS": "1", "applications-INITIAL_FORMS": "0", "applications-0-app_key": typed,
        "applications-0-app_secret": "first-secret", "applications-0-application": scene.acme.application.pk,
    }  # fmt: skip
    upstream = {"code": "switch9", "key": "switch9", "allowed_ips": "[]", "every_account": "on"}
    none = {f"applications-{k}": v for k, v in NO_INLINE.items()}
    for address, asked in [
        ("admin:accounts_application_add", {**application, "app_key": typed}),
        ("admin:accounts_upstream_add", {**upstream, "key": typed, **none}),
        ("admin:accounts_upstream_add", {**upstream, "code": typed, **none}),
        ("admin:accounts_upstream_add", {**upstream, **inline}),
    ]:
        refused = browser.post(reverse(address), asked)
        assert refused.status_code == 200
        assert any(words in refused.content.decode() for words in ["without blanks, quotes and", "1 to 32 letters"])
    good = browser.post(reverse("admin:accounts_application_add"), {**application, "app_key": "rides+1"})
    assert good.status_code == 302
    assert Application.objects.get(app_key="rides+1").account == scene.acme.account


def test_an_estimate_says_that_it_is_one(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(About(14_900)) == "about 14,900"
    assert EstimatePaginator(Call.objects.all(), 50).count == 4
    monkeypatch.setattr(paging, "FEW", 0)
    assert str(EstimatePaginator(Call.objects.all(), 50).count).startswith("about ")
    assert EstimatePaginator(Call.objects.none(), 50).count == 0


def test_deep_pages_are_cut_off(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGES_AT_MOST", 2)
    assert EstimatePaginator(Call.objects.all(), 1).num_pages == 2


def test_a_closed_page_says_so(scene: Scene, signed_in: Callable[..., Client]) -> None:
    refused = signed_in("support").get(reverse("charges"))
    assert refused.status_code == 403
    assert "Not allowed" in refused.content.decode()
    assert "Not found" in signed_in("finance").get("/nowhere/").content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_times_are_written_as_in_the_console_to_the_second(language: str, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("auditor")
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    at = datetime(2026, 3, 1, 15, 4, 5, tzinfo=UTC)
    AuditEntry.objects.create(username="somebody", action="reveal", at=at)
    page = browser.get(reverse("admin:accounts_auditentry_changelist")).content.decode()
    assert "2026-03-01 23:04:05" in page


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_form_is_filled_with_the_time_to_the_second(language: str) -> None:
    with translation.override(language):
        assert forms.DateTimeField().widget.format_value(datetime(2026, 3, 1, 15, 4, 5)) == "2026-03-01 15:04:05"
        assert (
            SplitDateTimeWidget().get_context("at", datetime(2026, 3, 1, 15, 4, 5), {})["widget"]["subwidgets"][1][
                "value"
            ]
            == "15:04:05"
        )


def test_the_audit_trail_names_its_actions_in_words(scene: Scene, signed_in: Callable[..., Client]) -> None:
    for action, kind in [("reveal", "call"), ("add_account", "account"), ("export.calls", "job"), ("other", "")]:
        AuditEntry.objects.create(username="somebody", action=action, subject_kind=kind)
    browser = signed_in("auditor")
    page = browser.get(reverse("admin:accounts_auditentry_changelist")).content.decode()
    assert all(words in page for words in ["full numbers shown", "added: account", "calls and SMS exported", "other"])
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    page = browser.get(reverse("admin:accounts_auditentry_changelist"), {"action": "add_account"}).content.decode()
    assert "新增：" in page
    assert "add_account" not in re.sub(r"<[^>]*>", " ", page)
    entry = AuditEntry.objects.filter(action="reveal")[0]
    assert "查看完整号码" in browser.get(reverse("admin:accounts_auditentry_change", args=[entry.pk])).content.decode()
    assert browser.get(reverse("admin:accounts_auditentry_changelist"), {"_facets": "True"}).status_code == 200


def test_every_action_of_the_code_has_words() -> None:
    apps = ("accounts", "billing", "console", "notifications", "privacy")
    sources = [path.read_text() for app in apps for path in (Path(settings.BASE_DIR) / app).rglob("*.py")]
    written = re.compile(r'user=[\w.]+,\s*action="([a-z_.]+)"|_audit\("([a-z_.]+)"')
    codes = {code for text in sources for found in written.findall(text) for code in found if code}
    assert {"reveal", "job.cancel", "quarantine.discard"} <= codes
    assert {code for code in codes if action_name(code) == code} == set()

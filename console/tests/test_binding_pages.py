"""Bindings in the browser: found by any number and instant, read, made in every mode, refused in plain words."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Application, AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from console.applications import Ends
from privacy import bindings
from privacy.bindings import Actor, BindOrder, ModifyOrder
from privacy.models import Binding, Message, Number
from privacy.tests.sounds import make_voice

A, B, C = "+8613900000101", "+8613900000102", "+8613900000103"
NOBODY = Actor()


@pytest.fixture
def browser(support: User) -> Client:
    """A browser of the support staff."""
    return signed_in(support)


def signed_in(user: User) -> Client:
    """Return a browser signed in as a user."""
    client = Client()
    client.force_login(user)
    return client


def bound(company: Company, a: str = A, b: str = B, **fields: Any) -> Binding:
    """Return a new AXB binding."""
    return bindings.bind(company.application, BindOrder(a=a, b=b, x=company.number.number, **fields), NOBODY)


def in_mode(company: Company, mode: str, **fields: Any) -> Application:
    """Return an application of another mode that holds two numbers."""
    application = cast.make_application(company.account, f"{mode}key", mode, **fields)
    for n in (11, 12):
        cast.make_number(application, f"+86171000{len(mode)}{ord(mode[-1])}{n:03}")
    return application


def listed(browser: Client, **query: str) -> list[Binding]:
    """Return the rows of the list."""
    return list(browser.get(reverse("bindings"), query).context["page"].rows)


def searched(browser: Client, by: str, text: str, **query: str) -> list[Any]:
    """Return what a search finds; its address holds no number."""
    answer = browser.post(reverse("bindings"), {"by": by, "term": text})
    address = answer.headers["Location"]
    assert answer.status_code == 303 and text.strip("+") not in address
    return list(browser.get(address, {**dict(pair.split("=") for pair in address.split("?")[1].split("&")), **query})
                .context["page"].rows)  # fmt: skip


def at(moment: Any) -> str:
    """Return an instant as the input gives it."""
    return timezone.localtime(moment, ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%dT%H:%M:%S")


# --- found -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "text"), [
    ("any", A), ("any", "139 0000 0102"), ("number", B), ("a", A), ("b", B), ("x", "+8617100000001"),
    ("any", "+8617100000001"),
])  # fmt: skip
def test_a_binding_is_found_by_each_of_its_numbers(acme: Company, browser: Client, by: str, text: str) -> None:
    mine = bound(acme)
    bound(acme, C, "+8613900000104")
    found = searched(browser, by, text)
    assert found[-1 if by in ("x", "any") else 0].pk == mine.pk or text == "+8617100000001"
    assert len(found) == (2 if text == "+8617100000001" else 1)


def test_a_binding_is_found_by_its_id_and_by_a_number_it_had(acme: Company, browser: Client) -> None:
    mine = bound(acme)
    bindings.modify(acme.application, mine, ModifyOrder(b=C), NOBODY)
    assert [row.pk for row in searched(browser, "binding", str(mine.pk))] == [mine.pk]
    assert [row.pk for row in searched(browser, "any", str(mine.pk))] == [mine.pk]
    assert [row.pk for row in searched(browser, "b", B)] == [mine.pk]
    assert searched(browser, "a", B) == []


def test_the_newest_bindings_come_first(acme: Company, browser: Client) -> None:
    made = [bound(acme, f"+86139000002{n:02}", f"+86139000003{n:02}").pk for n in range(4)]
    assert [row.pk for row in listed(browser)] == made[::-1]


def test_states_kinds_and_applications_narrow_the_list(acme: Company, bolt: Company, browser: Client) -> None:
    ended, held, other = bound(acme), bound(acme, C, "+8613900000104"), bound(bolt)
    bindings.end([ended], cause=Binding.End.CONSOLE, actor=Actor(name="support"))
    assert {row.pk for row in listed(browser, state="holding")} == {held.pk, other.pk}
    assert (
        {row.pk for row in listed(browser, state="ended")}
        == {row.pk for row in listed(browser, state="console")}
        == {ended.pk}
    )
    assert [row.pk for row in listed(browser, application="boltAppKey01")] == [other.pk]
    assert listed(browser, kind="AX") == []


def test_who_was_bound_to_x_then_is_told_with_the_parties_of_that_time(acme: Company, browser: Client) -> None:
    mine = bound(acme)
    before = timezone.now()
    Binding.objects.filter(pk=mine.pk).update(
        valid_from=before - timedelta(hours=2), changed_at=before - timedelta(hours=2)
    )
    mine.refresh_from_db()
    bindings.modify(acme.application, mine, ModifyOrder(b=C), NOBODY)
    bindings.end([mine], cause=Binding.End.UNBOUND, actor=NOBODY)

    then = searched(browser, "x", acme.number.number, at=at(before - timedelta(hours=1)))
    assert [(row.pk, row.terms.b_number) for row in then] == [(mine.pk, B)]
    told = bindings.holding_at(acme.number, before - timedelta(hours=1))
    assert [one.b_number for one in told] == [B]
    assert searched(browser, "x", acme.number.number, at=at(before - timedelta(hours=3))) == []
    assert searched(browser, "number", B, at=at(timezone.now() + timedelta(minutes=1))) == []


def test_what_expired_is_shown_as_expired_before_the_sweeper_met_it(acme: Company, browser: Client) -> None:
    mine = bound(acme, seconds=60)
    Binding.objects.filter(pk=mine.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert [row.pk for row in listed(browser, state="expired")] == [mine.pk]
    assert listed(browser, state="holding") == []
    assert "Expired" in browser.get(reverse("binding", args=[mine.pk])).content.decode()


def test_another_account_sees_nothing_of_it_not_even_on_a_number_it_holds_now(acme: Company, corp: Company) -> None:
    mine = bound(acme)
    instant = timezone.now()
    stranger = signed_in(cast.staff("customer", corp.account))
    # As if the number had gone over to Corp: what was bound before is not Corp's to see.
    acme.number.holdings.update(application=corp.application)
    assert listed(stranger) == [] and searched(stranger, "x", acme.number.number, at=at(instant)) == []
    assert searched(stranger, "any", str(mine.pk)) == [] and searched(stranger, "number", A) == []
    for name in ("binding", "reveal_binding", "end_binding"):
        assert stranger.get(reverse(name, args=[mine.pk])).status_code in (403, 404, 405)
    assert stranger.get(reverse("application", args=[acme.application.pk])).status_code == 404
    assert "acme" not in stranger.get(reverse("applications")).content.decode()


# --- read ------------------------------------------------------------------------------------------------------------


def test_the_page_masks_parties_and_lays_versions_side_by_side(acme: Company, browser: Client) -> None:
    mine = bound(acme, terms={"user_data": "order-1", "max_minutes": 5})
    bindings.modify(acme.application, mine, ModifyOrder(b=C, terms={"max_minutes": 7}), NOBODY)
    answer = browser.get(reverse("binding", args=[mine.pk]))
    text = answer.content.decode()
    changed = {str(line.label): line.values for line in answer.context["lines"] if line.changed}
    assert changed["B"] == ["+86139****0103", "+86139****0102"] and changed["longest call, minutes"] == [
        "7 min",
        "5 min",
    ]
    assert "order-1" not in text and not any(number in text for number in (A, B, C))
    shown = browser.post(reverse("reveal_binding", args=[mine.pk]), {"reason": "ticket 7"}).content.decode()
    assert all(number in shown for number in (A, B, C)) and "order-1" in shown
    assert AuditEntry.objects.get(action="reveal").subject == str(mine.pk)


def test_the_page_of_an_axyb_shows_its_bs_and_a_b_leads_back(acme: Company, browser: Client) -> None:
    application = in_mode(acme, "AXYB")
    ax = bindings.bind(application, BindOrder(a=A, loose=True, seconds=7200), NOBODY)
    page = browser.get(reverse("bind_relation", args=[ax.pk]))
    assert page.status_code == 200
    done = browser.post(
        reverse("bind_relation", args=[ax.pk]), {"b": "13900000102", "reason": "ticket 9", "nonce": "n"}
    )
    yb = Binding.objects.get(kind="YB")
    assert done.headers["Location"] == reverse("binding", args=[yb.pk])
    assert (yb.parent_id, yb.b_number, yb.bound_by, yb.reason) == (ax.pk, B, "support", "ticket 9")
    assert reverse("binding", args=[yb.pk]) in browser.get(reverse("binding", args=[ax.pk])).content.decode()
    assert reverse("binding", args=[ax.pk]) in browser.get(reverse("binding", args=[yb.pk])).content.decode()


def test_the_sms_of_a_binding_stand_on_its_page(scene: Any, browser: Client) -> None:
    binding = scene.acme.rows["binding"]
    Message.objects.filter(pk=scene.acme.message.pk).update(subscription_id=str(binding.pk))
    answer = browser.get(reverse("binding", args=[binding.pk]))
    assert [row.pk for row in answer.context["messages_sent"]] == [scene.acme.message.pk]
    assert [row.pk for row in answer.context["requests"]] == [scene.acme.rows["api_request"].pk]


# --- made ------------------------------------------------------------------------------------------------------------

FORMS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "AXB": ({"a": "139 0000 0101", "b": "0755-28000000", "duration": "3600", "call_direction": "1"},
            {"b_number": "+8675528000000", "call_direction": 1, "duration": 3600}),
    "AX": ({"a": A, "display": "1", "max_minutes": "30", "power": "on", "sms": "on"},
           {"display": "1", "max_minutes": 30, "power": True, "sms": True, "expires_at": None}),
    "AXE": ({"a": A, "extension": "0042", "time_unit": "1", "duration": "90", "callback_number": "4001234567"},
            {"extension": "0042", "time_unit": "1", "duration": 90, "callback_number": "4001234567"}),
    "AXYB": ({"a": A, "yb_duration": "86400"}, {"duration": 7200, "yb_duration": 7200}),
}  # fmt: skip


@pytest.mark.parametrize("mode", FORMS)
def test_a_binding_is_made_in_each_mode_with_its_parameters(acme: Company, browser: Client, mode: str) -> None:
    application = in_mode(acme, mode)
    asked, expected = FORMS[mode]
    address = reverse("bind_in", args=[application.pk])
    assert browser.get(address).status_code == 200
    form = {"loose": "on", "user_data": "order-9", "reason": "asked by 13800138000", "nonce": "once", **asked}
    done = browser.post(address, form)
    made = Binding.objects.get()
    assert done.headers["Location"] == reverse("binding", args=[made.pk])
    assert {name: getattr(made, name) for name in expected} == expected
    assert (made.a_number, made.user_data, made.bound_by) == (A, "order-9", "support")
    assert made.reason == "asked by *******8000"
    entry = AuditEntry.objects.get(action="binding.bind")
    assert (entry.subject, entry.account, entry.reason) == (str(made.pk), acme.account, "asked by *******8000")
    # The same form once more, as a double click sends it, binds nothing more.
    assert browser.post(address, form).headers["Location"] == done.headers["Location"]
    assert Binding.objects.count() == AuditEntry.objects.filter(action="binding.bind").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_bind_once(acme: Company, support: User) -> None:
    cast.make_number(acme.application, "+8617100000009")
    form = {"a": A, "b": B, "area_code": "0755", "reason": "ticket 7", "nonce": "one-form"}
    addresses: list[str] = []

    def clicked(client: Client) -> None:
        try:
            answer = client.post(reverse("bind_in", args=[acme.application.pk]), form)
            addresses.append(answer.headers["Location"])
        finally:
            connection.close()

    threads = [threading.Thread(target=clicked, args=(signed_in(support),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    made = Binding.objects.get()
    assert addresses == [reverse("binding", args=[made.pk])] * 3
    assert AuditEntry.objects.filter(action="binding.bind").count() == 1


def test_an_application_s_days_count_binds_and_both_kinds_of_ends(acme: Company, browser: Client) -> None:
    rows = [bound(acme, f"+86139000002{n:02}", f"+86139000003{n:02}", seconds=60) for n in range(5)]
    bindings.end(rows[:1], cause=Binding.End.UNBOUND, actor=NOBODY)
    bindings.end(rows[1:2], cause=Binding.End.CONSOLE, actor=Actor(name="support"))
    past = timezone.now() - timedelta(seconds=1)
    Binding.objects.filter(pk=rows[2].pk).update(expires_at=past, valid_from=past - timedelta(seconds=60))
    Binding.objects.filter(pk=rows[2].pk).update(valid_to=past, end_cause="expired")
    page = browser.get(reverse("application", args=[acme.application.pk])).context
    done = page["activity"]
    assert done.day == done.month == Ends(bound=5, manual=2, automatic=1)
    assert page["total"] == 2 and page["holding"] == {"AXB": 2}
    assert sum(day.counts.bound for day in done.days) == 5 and sum(day.counts.manual for day in done.days) == 2


@pytest.mark.parametrize(("field", "asked"), [
    ("a", {"a": ""}), ("a", {"a": "4001234567"}), ("b", {"b": "95588"}), ("b", {"b": "139 0000 0101"}),
    ("x", {"x": "abc"}), ("x", {"x": "+8617100000002"}), ("area_code", {"area_code": "0123"}),
    ("area_code", {"area_code": "010"}), ("duration", {"duration": "7776001"}),
    ("max_minutes", {"max_minutes": "1441"}),
    ("reason", {"reason": "x"}), ("record_voice", {"record_voice": "none.wav"}),
])  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(
    acme: Company, bolt: Company, browser: Client, field: str, asked: Any
) -> None:
    make_voice(acme.account, "hello.wav")
    form = {"a": A, "b": B, "reason": "ticket 7", **asked}
    answer = browser.post(reverse("bind_in", args=[acme.application.pk]), form)
    assert answer.status_code == 400 and list(answer.context["form"].errors) == [field]
    assert Binding.objects.count() == 0


def test_each_refusal_of_the_api_has_a_field_and_a_cure(acme: Company, browser: Client) -> None:
    bound(acme)
    address = reverse("bind_in", args=[acme.application.pk])
    named = browser.post(address, {"a": A, "b": C, "x": acme.number.number, "reason": "ticket 7"})
    assert "bound on this number already" in str(named.context["form"].errors["x"])
    free = browser.post(address, {"a": A, "b": C, "area_code": "0755", "reason": "ticket 7"})
    assert "No number is free" in str(free.context["form"].errors["area_code"])
    Number.objects.update(state="suspended")
    frozen = browser.post(address, {"a": C, "b": "13900000104", "x": acme.number.number, "reason": "ticket 7"})
    assert "suspended" in str(frozen.context["form"].errors["x"])


@pytest.mark.parametrize(("change", "told"), [
    ({"account": Account.State.ARREARS}, "in arrears"), ({"state": "suspended"}, "suspended"),
    ({"mode": "X"}, "mode X"),
])  # fmt: skip
def test_an_application_the_api_would_refuse_binds_nothing_here(
    acme: Company, browser: Client, change: dict[str, str], told: str
) -> None:
    state = change.pop("account", "")
    Account.objects.update(state=state or "good")
    Application.objects.update(**change) if change else None
    address = reverse("bind_in", args=[acme.application.pk])
    assert told in browser.get(address).content.decode()
    browser.post(address, {"a": A, "b": B, "reason": "ticket 7"})
    assert Binding.objects.count() == 0


def test_only_support_and_operator_bind_and_end(acme: Company, signed_in: Callable[..., Client]) -> None:
    mine = bound(acme)
    for role in ("finance", "auditor", "customer"):
        browser = signed_in(role, acme.account if role == "customer" else None)
        for address in (reverse("bind_in", args=[acme.application.pk]), reverse("end_apply"), reverse("end_bindings")):
            assert browser.post(address, {"a": A, "b": C, "reason": "ticket 7"}).status_code == 403, (role, address)
        text = browser.get(reverse("binding", args=[mine.pk])).content.decode()
        assert "End it" not in text and reverse("bind") not in browser.get(reverse("bindings")).content.decode()
    assert Binding.objects.count() == 1

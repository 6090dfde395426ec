"""Searching and paging the histories."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console.history import kinds, paging
from console.tests import scene as scenes
from console.tests.scene import Scene
from privacy.models import Call


def search(browser: Client, page: str, by: str, term: str, query: str = "") -> Any:
    """Return the list's page after a search, as a browser gets there."""
    return browser.post(f"{reverse(page)}{query}", {"by": by, "term": term}, follow=True)


def keys(answer: Any) -> list[Any]:
    """Return the ids listed."""
    return [row.pk for row in answer.context["page"].rows]


@pytest.mark.parametrize("by", ["any", "number"])
@pytest.mark.parametrize(
    "typed",
    [
        *("+8613977770001", "13977770001", "139 7777 0001", "139-7777-0001"),
        *("0086 139 7777 0001", "１３９７７７７０００１", "8613977770001"),
    ],
)
def test_calls_are_found_by_a_real_number_however_it_is_typed(
    typed: str, by: str, scene: Scene, signed_in: Callable[..., Client]
) -> None:
    assert keys(search(signed_in("support"), "calls", by, typed)) == [scene.acme.failed.pk, scene.acme.call.pk]


@pytest.mark.parametrize("by", ["any", "number"])
@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("13912345678", "13912345678"),
        ("13912345678", "+8613912345678"),
        ("8613912345678", "139 1234 5678"),
        ("075582345678", "0755-82345678"),
        ("075582345678", "+8675582345678"),
        ("+8675582345678", "075582345678"),
    ],
)
def test_a_number_is_found_in_the_form_the_switch_sent(
    sent: str, typed: str, by: str, scene: Scene, signed_in: Callable[..., Client]
) -> None:
    at = scene.now - timedelta(hours=1)
    caller = scenes.make_call(scene.acme, scene.upstream, at, "a", caller_number=sent)
    callee = scenes.make_call(scene.acme, scene.upstream, at, "b", destination_number=sent)
    assert set(keys(search(signed_in("support"), "calls", by, typed))) == {caller.pk, callee.pk}


@pytest.mark.parametrize(
    ("number", "forms"),
    [
        ("+8613912345678", ["+8613912345678", "13912345678", "8613912345678"]),
        ("+8675582345678", ["+8675582345678", "075582345678", "8675582345678"]),
        ("+442071234567", ["+442071234567"]),
        ("10086", ["10086"]),
    ],
)
def test_only_numbers_at_home_have_other_forms(number: str, forms: list[str]) -> None:
    assert kinds.forms_sent(number) == forms


@pytest.mark.parametrize(
    ("by", "term"),
    [
        ("number", "+8613866660001"),
        ("x", "171 0000 0001"),
        ("any", "+8617100000001"),
        ("binding", "binding-acme"),
        ("any", "binding-acme"),
    ],
)
def test_calls_are_found_by_callee_x_and_binding(
    by: str, term: str, scene: Scene, signed_in: Callable[..., Client]
) -> None:
    assert set(keys(search(signed_in("support"), "calls", by, term))) == {scene.acme.call.pk, scene.acme.failed.pk}


@pytest.mark.parametrize(
    ("by", "term"),
    [("session", "session-acme-1"), ("record", "icid-acme-1"), ("any", "session-acme-1"), ("any", "icid-acme-1")],
)
def test_a_call_is_found_by_its_ids(by: str, term: str, scene: Scene, signed_in: Callable[..., Client]) -> None:
    assert keys(search(signed_in("support"), "calls", by, term)) == [scene.acme.call.pk]


@pytest.mark.parametrize("by", ["any", "order"])
@pytest.mark.parametrize(
    "order", ["order-4712", "20261123000017", "13912345678", "5f0c6a5e-0b5c-4f4e-9c43-0f5d1f2a7b11"]
)
def test_a_call_is_found_by_its_order(order: str, by: str, scene: Scene, signed_in: Callable[..., Client]) -> None:
    at = scene.now - timedelta(hours=1)
    ordered = scenes.make_call(scene.acme, scene.upstream, at, "o", user_data=order)
    assert keys(search(signed_in("support"), "calls", by, f" {order} ")) == [ordered.pk]


@pytest.mark.parametrize("by", ["any", "order"])
def test_the_events_of_a_call_are_found_by_its_order(by: str, scene: Scene, signed_in: Callable[..., Client]) -> None:
    Call.objects.filter(pk=scene.acme.call.pk).update(user_data="order-4712")
    assert keys(search(signed_in("support"), "call_events", by, "order-4712")) == [scene.acme.event.pk]


def test_the_search_of_calls_says_that_an_order_will_do(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("support")
    assert "binding id or order" in browser.get(reverse("calls")).content.decode()
    assert "or order" not in browser.get(reverse("call_events")).content.decode()


def test_a_call_is_found_by_our_own_id(scene: Scene, signed_in: Callable[..., Client]) -> None:
    assert keys(search(signed_in("support"), "calls", "any", str(scene.acme.call.pk))) == [scene.acme.call.pk]


@pytest.mark.parametrize(
    ("page", "by", "term"),
    [
        ("call_events", "number", "13977770001"),
        ("call_events", "x", "17100000001"),
        ("call_events", "session", "session-acme-1"),
        ("call_events", "record", "icid-acme-1"),
        ("call_events", "binding", "binding-acme"),
        ("call_events", "any", "icid-acme-1"),
        ("call_events", "any", "binding-acme"),
        ("messages", "number", "13866660001"),
        ("messages", "sms", "sms-acme"),
        ("messages", "any", "sms-acme"),
        ("number_statuses", "x", "17100000001"),
    ],
)
def test_the_other_histories_are_searched_alike(
    page: str, by: str, term: str, scene: Scene, signed_in: Callable[..., Client]
) -> None:
    acme = scene.acme
    found = {"call_events": acme.event, "messages": acme.message, "number_statuses": acme.rows["status"]}
    assert keys(search(signed_in("support"), page, by, term)) == [found[page].pk]


def test_a_search_stands_in_no_address(scene: Scene, signed_in: Callable[..., Client]) -> None:
    answer = search(signed_in("support"), "calls", "number", scene.acme.a)
    (address, status) = answer.redirect_chain[0]
    assert status == 303
    assert "1397777" not in address
    assert scene.acme.a not in answer.content.decode()


def test_a_search_opens_only_for_who_made_it(scene: Scene, signed_in: Callable[..., Client]) -> None:
    answer = search(signed_in("support"), "calls", "number", scene.acme.a)
    address = answer.redirect_chain[0][0]
    other = signed_in("auditor").get(address)
    assert other.status_code == 200
    assert other.context["term"] is None


def test_a_damaged_search_is_no_search(scene: Scene, signed_in: Callable[..., Client]) -> None:
    assert signed_in("support").get(reverse("calls"), {"s": "AAAA", "before": "x"}).context["term"] is None


def test_a_customer_finds_nothing_by_a_foreign_number(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("customer", scene.acme.account)
    for by, term in [("number", scene.bolt.a), ("x", scene.bolt.number.number), ("session", "session-bolt-1")]:
        assert keys(search(browser, "calls", by, term)) == []


def test_the_last_four_digits_need_one_account_and_one_day(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("support")
    assert "at most one day" in search(browser, "calls", "last4", "0001", "?account=acme").content.decode()
    assert "choose an account" in search(browser, "calls", "last4", "0001").content.decode()
    assert "exactly four digits" in search(browser, "calls", "last4", "1", "?account=acme").content.decode()
    start, end = scene.now - timedelta(hours=12), scene.now + timedelta(hours=1)
    day = f"?account=acme&from={start:%Y-%m-%dT%H:%M}%2B00:00&to={end:%Y-%m-%dT%H:%M}%2B00:00"
    assert len(keys(search(browser, "calls", "last4", "0001", day))) == 2
    assert keys(search(browser, "calls", "last4", "9999", day)) == []


def test_the_last_seven_days_are_shown_unless_asked(scene: Scene, signed_in: Callable[..., Client]) -> None:
    old = scenes.make_call(scene.acme, scene.upstream, scene.now - timedelta(days=8), "old")
    browser = signed_in("support")
    assert old.pk not in keys(browser.get(reverse("calls")))
    since = (scene.now - timedelta(days=9)).strftime("%Y-%m-%d")
    assert old.pk in keys(browser.get(reverse("calls"), {"from": since}))
    assert old.pk in keys(search(browser, "calls", "session", "session-acme-old"))


def test_filters_narrow_the_calls(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("support")
    acme, bolt = scene.acme, scene.bolt
    assert keys(browser.get(reverse("calls"), {"account": "bolt"})) == [bolt.failed.pk, bolt.call.pk]
    assert keys(browser.get(reverse("calls"), {"application": "acmeAppKey01", "outcome": "failed"})) == [acme.failed.pk]
    assert keys(browser.get(reverse("calls"), {"account": "acme", "outcome": "answered"})) == [acme.call.pk]
    assert keys(browser.get(reverse("calls"), {"direction": "1"})) == []
    assert "no account" in browser.get(reverse("calls"), {"account": "corp"}).content.decode()


def test_pages_follow_each_other_without_gap_or_repeat(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(12):
        scenes.make_call(scene.acme, scene.upstream, scene.now - timedelta(minutes=index + 1), f"p{index}")
    rows = Call.objects.filter(account=scene.acme.account)
    expected = list(rows.order_by("-pk").values_list("pk", flat=True))
    seen: list[Any] = []
    page = paging.page(rows, size=5)
    while True:
        seen += [row.pk for row in page.rows]
        if page.older is None:
            break
        page = paging.page(rows, size=5, before=page.older)
    assert seen == expected
    back = paging.page(rows, size=5, after=page.newer)
    assert [row.pk for row in back.rows] == expected[5:10]


def test_several_ways_to_match_are_merged_in_order(scene: Scene) -> None:
    found = search_rows(scene, [scene.acme.a, scene.acme.b])
    assert found == [scene.acme.failed.pk, scene.acme.call.pk]


def search_rows(scene: Scene, numbers: list[str]) -> list[Any]:
    """Return the calls of either party, through two branches."""
    branches = [Q(caller_number=numbers[0]), Q(destination_number=numbers[1])]
    return [row.pk for row in paging.page(Call.objects.all(), branches).rows]


def test_a_history_page_neither_counts_nor_skips_rows(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("support")
    with CaptureQueriesContext(connection) as queries:
        search(browser, "calls", "number", scene.acme.a)
    statements = [query["sql"] for query in queries]
    assert not [one for one in statements if "OFFSET" in one or ("COUNT(" in one and "privacy_call" in one)]
    assert len(statements) < 40


def test_a_short_run_of_digits_may_be_a_number_or_an_id(scene: Scene, signed_in: Callable[..., Client]) -> None:
    at = scene.now - timedelta(hours=1)
    service = scenes.make_call(scene.acme, scene.upstream, at, "s", caller_number="10086")
    numbered = scenes.make_call(scene.acme, scene.upstream, at, "n", session_id="10086")
    assert set(keys(search(signed_in("support"), "calls", "any", "10086"))) == {service.pk, numbered.pk}


@pytest.mark.parametrize("page", ["calls", "number_statuses", "charges", "ledger"])
def test_a_nul_in_the_address_is_refused_in_words(page: str, signed_in: Callable[..., Client]) -> None:
    assert signed_in("finance").get(reverse(page) + "?account=%00").status_code == 400


@pytest.mark.parametrize(
    "page", ["calls", "call_events", "messages", "number_statuses", "charges", "ledger", "balances"]
)
@pytest.mark.parametrize(
    "query",
    [
        {"to": "9999-12-31"},
        {"from": "0001-01-01"},
        {"from": "2026-02-30T99:99"},
        {"from": "2026-03-02", "to": "2026-03-01"},
        {"before": "99999999999999999999999999", "after": "x"},
        {"before": "00000000-0000-0000-0000-000000000000"},
        {"account": "'; --", "application": "\u202e", "outcome": "x", "direction": "9", "state": "x", "kind": "x"},
        {"s": "%%%"},
    ],
)
def test_an_absurd_address_is_answered(
    page: str, query: dict[str, str], scene: Scene, signed_in: Callable[..., Client]
) -> None:
    assert signed_in("operator").get(reverse(page), query).status_code == 200


@pytest.mark.parametrize("term", ["\u202e", "+" * 40, "0" * 300, "00000000-0000-0000-0000-000000000000", "٣٤٥٦", "%"])
@pytest.mark.parametrize("by", ["any", "number", "x", "session", "last4", "order"])
def test_an_absurd_search_is_answered(by: str, term: str, scene: Scene, signed_in: Callable[..., Client]) -> None:
    answer = search(signed_in("operator"), "calls", by, term)
    assert answer.status_code == 200
    assert keys(answer) == []


def test_a_call_nobody_answered_is_said_to_cost_nothing_before_it_is_settled(
    scene: Scene, signed_in: Callable[..., Client]
) -> None:
    at = scene.now - timedelta(minutes=5)
    missed = scenes.make_call(scene.acme, scene.upstream, at, "missed", seconds=None)
    talked = scenes.make_call(scene.acme, scene.upstream, at, "talked")
    browser = signed_in("support")
    for call, free in [(missed, True), (talked, False), (scene.acme.failed, True)]:
        page = browser.get(reverse("call", args=[call.pk])).content.decode()
        assert ("costs nothing" in page) is free
        assert ("Waits for the settlement" in page) is not free


@pytest.mark.parametrize(("page", "title"), [("calls", "Outcome"), ("messages", "Result")])
def test_what_became_of_it_stands_beside_the_time_where_a_telephone_shows_it(
    page: str, title: str, scene: Scene, signed_in: Callable[..., Client]
) -> None:
    heads = re.findall(r"<th[^>]*>([^<]*)</th>", signed_in("support").get(reverse(page)).content.decode())
    assert heads[:2] == ["Time", title]

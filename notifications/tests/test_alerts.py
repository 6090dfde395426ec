"""Alerts: once per crossing, however often and by however many it is noticed; who is told; silence, and the end."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import translation

from accounts.models import Account
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from notifications import alert_words, alerts, attending, forgetting
from notifications.alerts import Trouble, close_alert, follow, raise_alert
from notifications.models import Alert, AlertMessage, AlertRoute, Replay

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
pytestmark = pytest.mark.django_db


def dark(at: datetime = NOW, severity: str = "critical", account: Account | None = None, **values: Any) -> Alert:
    return raise_alert("endpoint_dark", subject="endpoint:1", severity=severity, account=account, values=values, now=at)


def make_route(name: str = "ops", **fields: Any) -> AlertRoute:
    return AlertRoute.objects.create(name=name, **{"channel": "mail", "addresses": "ops@example.com", **fields})


def told() -> list[tuple[str, str]]:
    return list(AlertMessage.objects.order_by("pk").values_list("route__name", "crossing"))


def test_the_same_trouble_again_only_counts() -> None:
    make_route()
    first, again = dark(), dark(LATER)
    assert (again.pk, again.count, again.first_seen_at, again.last_seen_at) == (first.pk, 2, NOW, LATER)
    assert told() == [("ops", "opened")]


def test_what_is_over_and_comes_again_is_a_new_alert_and_told_anew() -> None:
    make_route()
    dark()
    assert close_alert("endpoint_dark", "endpoint:1", now=LATER)
    assert not close_alert("endpoint_dark", "endpoint:1", now=LATER)
    dark(LATER)
    assert told() == [("ops", "opened"), ("ops", "closed"), ("ops", "opened")]
    assert Alert.objects.filter(closed_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_notice_it_at_once_open_one_alert() -> None:
    make_route()

    def notice(_: int) -> None:
        try:
            dark()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(notice, range(24)))
    assert list(Alert.objects.values_list("count", flat=True)) == [24]
    assert told() == [("ops", "opened")]


def test_a_route_is_told_its_kind_its_account_and_its_severity(acme: Company, bolt: Company) -> None:
    make_route("all")
    make_route("same kind", kind="endpoint_dark")
    make_route("other kind", kind="low_balance")
    make_route("acme", account=acme.account)
    make_route("bolt", account=bolt.account)
    make_route("worse", severity="critical")
    make_route("off", enabled=False)
    dark(severity="warning", account=acme.account)
    assert [name for name, _ in told()] == ["all", "same kind", "acme"]
    dark(LATER, severity="critical", account=acme.account)
    assert [name for name, _ in told()] == ["all", "same kind", "acme", "worse"]
    assert dark(LATER, severity="info", account=acme.account).severity == "critical"


def test_nobody_is_told_of_a_silenced_alert_also_when_it_comes_again(operator: Any) -> None:
    make_route()
    alert = dark()
    AlertMessage.objects.update(state="sent")
    attending.silence(alert, NOW + timedelta(hours=4), user=operator, request=None)
    close_alert("endpoint_dark", "endpoint:1", now=LATER)
    again = dark(LATER)
    assert (again.pk != alert.pk, again.silenced_until) == (True, NOW + timedelta(hours=4))
    assert told() == [("ops", "opened")]
    dark(NOW + timedelta(hours=5))
    assert told() == [("ops", "opened"), ("ops", "opened")]


def test_nobody_else_is_told_of_what_somebody_looks_after(operator: Any) -> None:
    alert = dark()
    assert attending.acknowledge(alert, user=operator, request=None, now=NOW)
    assert not attending.acknowledge(alert, user=operator, request=None, now=NOW)
    make_route()
    dark(LATER)
    assert told() == []


def test_closing_by_hand_names_the_person_and_what_is_still_wrong_opens_anew(operator: Any) -> None:
    alert = dark()
    assert attending.close_by_hand(alert, user=operator, request=None, now=LATER)
    alert.refresh_from_db()
    assert (alert.closed_at, alert.closed_by) == (LATER, operator.username)
    assert dark(LATER).pk != alert.pk


def test_a_check_that_looks_at_everything_closes_what_is_gone() -> None:
    assert follow("low_balance", [Trouble("account:1"), Trouble("account:2")], now=NOW) == 2
    dark()
    follow("low_balance", [Trouble("account:2")], now=LATER)
    open_ones = Alert.objects.filter(closed_at=None).values_list("subject", "count")
    assert sorted(open_ones) == [("account:2", 2), ("endpoint:1", 1)]


def test_no_phone_number_stands_in_an_alert() -> None:
    alert = raise_alert(
        "job_failed",
        subject="job:x",
        severity="info",
        title="call of +8613900000101",
        values={"job": "x", "reason": "line 3: 13900000101 is none", "n": 1234567890, "at": NOW},
        now=NOW,
    )
    assert alert.title == "call of +*********0101"
    assert "1390000" not in str(alert.values) and "0101" in str(alert.values)
    assert alert.values["at"] == "2026-03-02T10:00:00+00:00"


def test_an_ip_address_is_told_as_it_is() -> None:
    values = {"host": "203.113.139.100", "reason": "139 0000 0101"}
    assert raise_alert("x", subject="x", severity="info", values=values, now=NOW).values == {
        "host": "203.113.139.100",
        "reason": "*** **** 0101",
    }


def test_there_is_no_fourth_severity() -> None:
    with pytest.raises(ValueError):
        dark(severity="terrible")


@pytest.fixture
def zone() -> Iterator[ZoneInfo]:
    yield ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("kind", sorted(alert_words.KINDS))
def test_every_kind_is_a_sentence_in_both_languages_also_without_its_values(
    kind: str, language: str, zone: ZoneInfo
) -> None:
    with translation.override(language):
        said = alert_words.sentence(Alert(kind=kind, values={}), zone)
        name = alert_words.kind_name(kind)
    assert said and name != kind and not re.search(r"%\(\w+\)s", said)
    if language == "zh-hans":
        assert any("一" <= letter <= "鿿" for letter in said) and any("一" <= letter <= "鿿" for letter in name)


def test_instants_are_told_in_the_readers_zone(zone: ZoneInfo) -> None:
    alert = Alert(kind="silent_upstream", values={"code": "switch1", "silent_since": NOW.isoformat()})
    with translation.override("en"):
        assert alert_words.sentence(alert, zone) == (
            "Upstream switch1 has delivered nothing since 2026-03-02 18:00 CST."
        )


def test_the_route_that_fails_is_not_asked_to_tell_it() -> None:
    broken = make_route("broken")
    make_route("other")
    raise_alert(alerts.ROUTE_FAILING, subject=f"route:{broken.pk}", severity="warning", now=NOW)
    assert told() == [("other", "opened")]


def test_what_was_over_long_ago_is_forgotten_and_what_is_open_never() -> None:
    make_route()
    dark()
    close_alert("endpoint_dark", "endpoint:1", now=LATER)
    dark(LATER)
    assert forgetting.forget_alerts(LATER + timedelta(days=400)) == 0
    assert forgetting.forget_alerts(LATER + timedelta(days=401)) == 1
    assert Alert.objects.get().closed_at is None
    assert told() == [("ops", "opened")]


def test_a_silence_that_was_ended_does_not_come_back_from_an_older_alert(operator: Any) -> None:
    first = dark()
    attending.silence(first, NOW + timedelta(days=7), user=operator, request=None)
    close_alert("endpoint_dark", "endpoint:1", now=LATER)
    second = dark(LATER)
    assert not attending.silence(first, None, user=operator, request=None)
    assert attending.silence(second, None, user=operator, request=None)
    close_alert("endpoint_dark", "endpoint:1", now=LATER)
    assert dark(LATER).silenced_until is None


def test_a_silence_can_be_ended_after_the_alert(operator: Any) -> None:
    alert = dark()
    attending.silence(alert, NOW + timedelta(days=7), user=operator, request=None)
    close_alert("endpoint_dark", "endpoint:1", now=LATER)
    assert not attending.silence(alert, LATER + timedelta(days=9), user=operator, request=None)
    assert attending.silence(alert, None, user=operator, request=None)
    assert dark(LATER).silenced_until is None


def test_an_alert_is_taken_over_once(operator: Any, support: Any) -> None:
    alert = dark()
    assert attending.acknowledge(alert, user=operator, request=None, now=NOW)
    assert attending.acknowledge(alert, user=support, request=None, now=NOW, instead_of=operator.username)
    assert not attending.acknowledge(alert, user=operator, request=None, now=NOW, instead_of=operator.username)
    alert.refresh_from_db()
    assert alert.acknowledged_by == support.username


def test_what_ended_and_came_again_between_two_looks_is_a_new_alert() -> None:
    make_route()
    follow("low_balance", [Trouble("account:1", since=NOW - timedelta(hours=1))], now=NOW)
    follow("low_balance", [Trouble("account:1", since=NOW - timedelta(hours=1))], now=LATER)
    follow("low_balance", [Trouble("account:1", since=LATER + timedelta(minutes=1))], now=LATER + timedelta(minutes=5))
    assert told() == [("ops", "opened"), ("ops", "closed"), ("ops", "opened")]


def test_a_look_does_not_close_what_was_noticed_since_it_began() -> None:
    dark(LATER)
    follow("endpoint_dark", [], now=NOW)
    assert Alert.objects.get().closed_at is None
    follow("endpoint_dark", [], now=LATER)
    assert Alert.objects.get().closed_at == LATER


def test_nobody_hears_that_it_is_over_when_it_only_became_worse() -> None:
    make_route()
    follow("low_balance", [Trouble("account:1")], now=NOW)
    follow("arrears", [Trouble("account:1", "critical")], now=LATER)
    follow("low_balance", [], now=LATER)
    assert Alert.objects.get(kind="low_balance").closed_at == LATER
    assert told() == [("ops", "opened"), ("ops", "opened")]
    follow("arrears", [], now=LATER)
    assert told() == [("ops", "opened"), ("ops", "opened"), ("ops", "closed")]


def test_money_is_told_to_its_last_digit_and_is_no_phone_number() -> None:
    values = {"account": "acme", "balance": Decimal("-13900000101.000001"), "currency": "CNY"}
    alert = raise_alert("arrears", subject="account:1", severity="critical", values=values, now=NOW)
    with translation.override("en"):
        assert "is -13,900,000,101.000001 CNY." in alert_words.sentence(alert, ZoneInfo("UTC"))


def test_replays_that_ended_long_ago_are_forgotten(acme: Company) -> None:
    fields = {"account": acme.account, "chosen": {}, "total": 1}
    Replay.objects.create(key=b"1", state="done", finished_at=NOW, **fields)
    Replay.objects.create(key=b"2", state="waiting", **fields)
    Replay.objects.update(asked_at=NOW)
    assert forgetting.forget_replays(NOW + timedelta(days=400)) == 0
    assert forgetting.forget_replays(NOW + timedelta(days=401)) == 1
    assert Replay.objects.get().state == "waiting"


def test_a_test_that_was_broken_off_does_not_wait_for_ever() -> None:
    route = make_route()
    AlertMessage.objects.create(route=route, crossing="test", created_at=NOW)
    forgetting.forget_alerts(NOW + timedelta(hours=2))
    assert AlertMessage.objects.get().state == "failed"


def test_codes_are_told_in_full_and_numbers_in_text_are_not() -> None:
    values = {"account": "10086001", "reason": "10086001 13900139002"}
    alert = raise_alert("no_contact", subject="account:1", severity="warning", values=values, now=NOW)
    assert alert.values["account"] == "10086001" and "13900139002" not in alert.values["reason"]

"""Risk control counts in Redis and is right without it: many at once, a lost Redis, random sequences."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from redis import Redis

from accounts import lookup
from accounts.models import Upstream
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy import control
from privacy.bindings import keys
from privacy.control import counting
from privacy.models import RiskPardon, RiskPass, RoutingDecision
from privacy.tests.risk_calls import HOUR, MINUTE, NOON, A, B, C, Switch, rule

SECOND = timedelta(seconds=1)
AWAY = "unix:///nowhere/redis.sock"


@pytest.fixture
def switch(acme: Company, switch1: Upstream) -> Switch:
    return Switch(acme.application, acme.number, switch1)


@pytest.fixture(autouse=True)
def _redis_is_there() -> Iterator[None]:
    counting._outage.end()
    yield
    counting._outage.end()


def redis() -> Any:
    return Redis.from_url(django_settings.REDIS_URL)


def go_away(settings: Any) -> str:
    there = str(settings.REDIS_URL)
    settings.REDIS_URL = AWAY
    return there


def come_back(settings: Any, there: str) -> None:
    settings.REDIS_URL = there
    counting._outage.end()


def codes(switch: Switch, start: datetime, n: int, **how: Any) -> list[int]:
    blocks = [switch.call(start + at * SECOND, **how) for at in range(n)]
    return [block.code if block else 0 for block in blocks]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("away", [False, True])
def test_of_a_hundred_at_once_no_more_pass_than_the_rule_says(
    away: bool, acme: Company, switch1: Upstream, settings: Any
) -> None:
    switch = Switch(acme.application, acme.number, switch1)
    rule(switch.application, "callee", 3, 5 * MINUTE)
    switch.decided(NOON - HOUR)
    lookup.hasher()
    if away:
        go_away(settings)
    together = threading.Barrier(10)

    def ask(n: int) -> bool:
        together.wait(20)
        try:
            # A decision is written some time after its check.
            return (
                switch.call(NOON + n * timedelta(milliseconds=1), f"+8613900001{n:03}", session=f"at-once-{n}") is None
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        passed = list(pool.map(ask, range(100)))
    assert passed.count(True) == 3
    assert RoutingDecision.objects.filter(outcome="connect").count() == 4
    assert RiskPass.objects.count() == (3 if away else 0)


def test_a_warm_counter_reads_no_rows_and_a_flushed_one_is_filled_from_them(switch: Switch) -> None:
    rule(switch.application, "caller", 3, HOUR)
    assert codes(switch, NOON, 1) == codes(switch, NOON + 11 * SECOND, 1) == [0]
    RoutingDecision.objects.all().delete()
    assert codes(switch, NOON + 20 * SECOND, 2) == [0, 8047]
    redis().flushdb()
    # One decision is left to count.
    assert codes(switch, NOON + 30 * SECOND, 3) == [0, 0, 8047]


@pytest.mark.parametrize("lost", ["everything", "the counter", "some calls, by a restart"])
def test_whatever_redis_loses_in_the_middle_nothing_more_passes(lost: str, switch: Switch) -> None:
    rule(switch.application, "caller", 3, HOUR)
    rule(switch.application, "number", 5, 2 * HOUR)
    assert codes(switch, NOON, 2) == [0, 0]
    keys = redis().keys("maskline:risk:*")
    counter, since = (next(key for key in keys if part in key) for part in (b":caller:", b":since"))
    if lost == "everything":
        redis().flushdb()
    elif lost == "the counter":
        redis().delete(counter)
    else:
        redis().zremrangebyscore(counter, 0, "+inf")
        redis().set(since, b"another-run 0")
    assert codes(switch, NOON + MINUTE, 2) == [0, 8047]
    assert codes(switch, NOON + 2 * MINUTE, 3, caller=C) == [0, 0, 8049]


def test_a_call_that_passed_before_a_flush_and_was_written_after_it_counts(switch: Switch) -> None:
    rule(switch.application, "caller", 3, HOUR)
    assert codes(switch, NOON, 1, session="late", write=False) == [0]
    redis().flushdb()
    assert codes(switch, NOON + 100 * SECOND / 100, 1) == [0]
    switch.decided(NOON, session="late")
    assert codes(switch, NOON + MINUTE, 2) == [0, 8047]


def test_while_redis_is_away_and_when_it_is_back_every_call_counts(switch: Switch, settings: Any) -> None:
    rule(switch.application, "caller", 4, HOUR)
    assert codes(switch, NOON, 1) == codes(switch, NOON + 20 * SECOND, 1) == [0]
    there = go_away(settings)
    assert codes(switch, NOON + 30 * SECOND, 1) == [0]
    # Its decision is not written yet, and already it counts.
    assert codes(switch, NOON + 31 * SECOND, 1, session="pending", write=False) == [0]
    assert codes(switch, NOON + 32 * SECOND, 1) == [8047]
    switch.decided(NOON + 31 * SECOND, session="pending")
    come_back(settings, there)
    assert codes(switch, NOON + 40 * SECOND, 1) == [8047]
    assert codes(switch, NOON + HOUR, 2) == [0, 8047]


def test_calls_made_while_control_was_switched_off_count_when_it_is_on(switch: Switch) -> None:
    rule(switch.application, "caller", 3, HOUR)
    application = switch.application
    application.risk_control = True
    application.save()
    assert codes(switch, NOON, 1) == codes(switch, NOON + 20 * SECOND, 1) == [0]
    application.risk_control = False
    application.save()
    switch.decided(NOON + 30 * SECOND, session="while it was off")
    application.risk_control = True
    application.save()
    assert codes(switch, NOON + 40 * SECOND, 1) == [8047]


def test_a_wider_rule_looks_further_back_than_redis_was_filled(switch: Switch) -> None:
    rule(switch.application, "caller", 3, MINUTE)
    codes(switch, NOON, 2)
    codes(switch, NOON + 2 * MINUTE, 1)
    rule(switch.application, "caller", 3, HOUR)
    assert codes(switch, NOON + 10 * MINUTE, 1) == [8047]


def test_redis_holds_no_number_and_forgets_in_time(switch: Switch) -> None:
    for kind in ("caller", "callee", "pair", "number"):
        rule(switch.application, kind, 3, 5 * MINUTE)
    codes(switch, NOON, 2)
    client = redis()
    held = [key for key in client.keys("*") if b":risk:" in key]
    assert len(held) == 5
    for key in held:
        members = client.zrange(key, 0, -1) if client.type(key) == b"zset" else [client.get(key)]
        assert not any(number[4:].encode() in text for number in (A, B) for text in (key, *members))
        assert client.type(key) == b"string" or 0 < client.ttl(key) <= 310


@pytest.mark.parametrize("away", [False, True])
def test_a_call_that_passed_and_was_not_put_through_is_taken_back(away: bool, switch: Switch, settings: Any) -> None:
    rule(switch.application, "caller", 2, HOUR)
    rule(switch.application, "callee", 2, HOUR)
    assert codes(switch, NOON, 1, session="connected") == [0]
    if away:
        go_away(settings)
    for n, session in enumerate(("one", "two", "three", "connected")):
        assert switch.call(NOON + MINUTE + n * SECOND, session=session, write=False) is None
        name = control.member_of(switch.upstream.pk, session)
        control.take_back(switch.facts(), switch.number.pk, caller=A, callee=B, member=name)
    # The session that had been put through before still counts.
    assert codes(switch, NOON + 2 * MINUTE, 2) == [0, 8047]


class Model:
    """The rules in plain words: a list of what passed, looked through from the start each time."""

    def __init__(self) -> None:
        self.rules: list[tuple[str, int, timedelta, datetime, datetime | None]] = []
        self.pardons: list[tuple[str, tuple[str, ...], datetime]] = []
        self.passed: list[tuple[datetime, str, str]] = []

    def code(self, at: datetime, caller: str, callee: str) -> int:
        found = {
            code
            for kind, most, window, start, end in self.rules
            if start <= at and (end is None or at < end)
            for code in [{"caller": 8047, "pair": 8047, "callee": 8048, "number": 8049}[kind]]
            if self._count(kind, window, at, caller, callee) >= most
        }
        return min(found, default=0)

    def _count(self, kind: str, window: timedelta, at: datetime, caller: str, callee: str) -> int:
        def who(a: str, b: str) -> tuple[str, ...]:
            return {"caller": (a,), "callee": (b,), "pair": (a, b), "number": ()}[kind]

        mine = who(caller, callee)
        forgiven = max((when for name, whom, when in self.pardons if (name, whom) == (kind, mine)), default=None)
        return sum(
            at - window < when and (forgiven is None or when > forgiven) and who(a, b) == mine
            for when, a, b in self.passed
        )


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_random_sequence_is_judged_as_a_plain_model_does_and_would_agrees(
    seed: int, switch: Switch, settings: Any
) -> None:
    chance, model, there = random.Random(seed), Model(), str(settings.REDIS_URL)
    people, now, said = [A, B, C], NOON, []
    for _ in range(120):
        now += timedelta(milliseconds=chance.choice([1, 500, 7_000, 60_000, 300_000]))
        match chance.randrange(20):
            case 0:
                kind, most = chance.choice(["caller", "callee", "pair", "number"]), chance.randint(1, 6)
                window = chance.choice([MINUTE, 5 * MINUTE, HOUR])
                made = rule(switch.application, kind, most, window, valid_from=now)
                end = now + timedelta(seconds=chance.randint(1, 3000)) if chance.random() < 0.7 else None
                made.valid_to = end
                made.save()
                model.rules.append((kind, most, window, now, end))
            case 1:
                cache.clear()
            case 2:
                settings.REDIS_URL = AWAY
            case 3 | 4:
                come_back(settings, there)
            case 5:
                someone = chance.choice(people)
                subject = keys.caller(someone)
                RiskPardon.objects.create(application=switch.application, kind="caller", subject=subject, at=now)
                model.pardons.append(("caller", (someone,), now))
            case _:
                caller, callee = chance.sample(people, 2)
                expected = model.code(now, caller, callee)
                block = switch.call(now, caller, callee)
                assert (block.code if block else 0) == expected, (seed, now)
                if block is None:
                    model.passed.append((now, caller, callee))
                said.append((now, caller, callee, block))
    assert {block.code if block else 0 for *_, block in said} > {0}
    for at, caller, callee, block in chance.sample(said, len(said)):
        assert switch.would(at, caller, callee) == block

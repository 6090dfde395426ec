"""Flow control: an application's share, an address's share, and what happens while Redis is away."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from accounts import flow
from accounts.flow import Use, Verdict, take, use
from common import quick_redis

HOME, AWAY = "192.0.2.10", "192.0.2.11"
PASSED = Verdict()


@pytest.fixture(autouse=True)
def _redis_is_there() -> Iterator[None]:
    flow._outage.end()
    flow._local._buckets.clear()
    yield
    flow._outage.end()
    flow._local._buckets.clear()


def limits(settings: Any, rate: int, burst: int) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "flow_rate": rate, "flow_burst": burst}


def test_an_application_may_send_a_burst_and_then_waits(settings: Any) -> None:
    limits(settings, 1, 3)
    assert [take(1, HOME) for _ in range(4)] == [PASSED] * 3 + [Verdict("application", 1)]
    assert take(2, AWAY) == PASSED


def test_an_address_has_a_share_of_its_own_whatever_application_it_uses(settings: Any) -> None:
    limits(settings, 1, 3)
    assert [take(number, HOME).refused for number in (1, 1, 2, 2)] == [None, None, None, "address"]
    assert take(2, AWAY) == PASSED


def test_a_refused_request_takes_nothing_from_either_share(settings: Any) -> None:
    limits(settings, 1, 2)
    for _ in range(9):
        take(1, HOME)
    assert use(1).left == 0
    assert take(2, AWAY) == PASSED
    assert take(2, HOME).refused == "address"
    assert use(2).left == 1


def test_a_share_fills_again_with_time(settings: Any) -> None:
    limits(settings, 50, 1)
    assert [take(1, HOME).refused, take(1, HOME).refused] == [None, "application"]
    time.sleep(0.03)
    assert take(1, HOME) == PASSED


def test_a_rate_of_zero_is_no_limit(settings: Any) -> None:
    limits(settings, 0, 1)
    assert [take(1, HOME) for _ in range(5)] == [PASSED] * 5


def test_of_many_at_once_no_more_pass_than_the_burst(settings: Any) -> None:
    limits(settings, 1, 20)
    with ThreadPoolExecutor(16) as pool:
        verdicts = list(pool.map(lambda _: take(1, HOME), range(200)))
    assert verdicts.count(PASSED) in (20, 21)


def test_use_tells_the_share_and_what_the_last_minute_took(settings: Any) -> None:
    limits(settings, 1, 5)
    assert use(1) == Use(rate=1, burst=5, left=5, taken_last_minute=0, refused_last_minute=0)
    for _ in range(8):
        take(1, HOME)
    assert use(1) == Use(rate=1, burst=5, left=0, taken_last_minute=5, refused_last_minute=3)
    assert use(2).taken_last_minute == 0


def test_what_is_older_than_a_minute_is_not_counted(settings: Any) -> None:
    limits(settings, 1, 5)
    take(1, HOME)
    client: Any = quick_redis.client(settings.REDIS_URL, text=True)
    key = f"{flow.PREFIX}application:1"
    (slot,) = [name for name in client.hkeys(key) if name.startswith("slot")]
    client.hset(key, slot, int(client.hget(key, slot)) - flow.SLOTS - 1)
    assert use(1).taken_last_minute == 0


def test_the_shares_are_forgotten_when_they_are_full_again(settings: Any) -> None:
    limits(settings, 10, 5)
    take(1, HOME)
    for key in (f"{flow.PREFIX}application:1", f"{flow.PREFIX}address:{HOME}"):
        assert 0 < quick_redis.client(settings.REDIS_URL, text=True).ttl(key) <= 71


def test_while_redis_is_away_each_process_counts_for_itself(settings: Any) -> None:
    limits(settings, 1, 3)
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert [take(1, HOME).refused for _ in range(4)] == [None, None, None, "application"]
    assert [take(2, HOME).refused for _ in range(1)] == ["address"]
    assert use(1) == Use(rate=1, burst=3, left=3, taken_last_minute=0, refused_last_minute=0)


def test_redis_is_asked_again_a_moment_after_it_failed(settings: Any) -> None:
    there = settings.REDIS_URL
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    take(1, HOME)
    settings.REDIS_URL = there
    take(1, HOME)
    assert use(1).taken_last_minute == 0
    flow._outage.end()
    take(1, HOME)
    assert use(1).taken_last_minute == 1


def test_a_process_remembers_no_more_addresses_than_it_can_hold(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(flow, "MOST_LOCAL", 10)
    for number in range(50):
        flow._local.take([f"a{number}", f"b{number}"], 1, 1)
    assert len(flow._local._buckets) == 10

"""The breaker of the dispatcher, and how many requests an endpoint may have under way."""

from datetime import UTC, datetime, timedelta

from notifications.dispatching.health import Health

T0 = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def learn(health: Health, outcomes: str, at: datetime = T0) -> list[bool]:
    """Take in outcomes: o is fine, f failed, t timed out."""
    return [health.learn(at, failed=each != "o", timed_out=each == "t") for each in outcomes]


def test_five_time_outs_in_a_row_close_it():
    assert learn(Health(None, 8), "ttttt") == [False] * 4 + [True]
    assert not any(learn(Health(None, 8), "ttttotttt"))


def test_seven_in_ten_within_a_minute_close_it():
    health = Health(None, 8)
    assert learn(health, "ooofffffff")[-1]
    assert not any(learn(Health(None, 8), "fffffffff"))
    flipping = Health(None, 8)
    assert not any(learn(flipping, "of" * 50))
    old = Health(None, 8)
    learn(old, "fffffffff")
    assert not any(learn(old, "f", T0 + 61 * SECOND))


def test_one_probe_each_fifteen_seconds_while_it_is_left_alone():
    health = Health(None, 8)
    learn(health, "ttttt")
    assert health.places(T0 + 14 * SECOND) == 0
    assert health.places(T0 + 15 * SECOND) == 1
    assert learn(health, "f", T0 + 15 * SECOND) == [False]
    assert health.places(T0 + 29 * SECOND) == 0
    assert health.places(T0 + 30 * SECOND) == 1


def test_after_a_success_it_comes_back_a_little_at_a_time():
    health = Health(T0, 8)
    seen = []
    for _ in range(9):
        learn(health, "o")
        seen.append(health.places(T0))
    assert seen == [2, 3, 4, 5, 6, 7, 8, 8, 8]

"""When a push is sent again, and when it is given up (pushes.md 0)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from notifications import retry

T0 = datetime(2026, 3, 1, tzinfo=UTC)
ID = UUID(int=7)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("made", "minutes"), [(1, 1), (2, 4), (3, 9), (4, 106), (5, 203), (6, 300)])
def test_each_re_push_falls_into_its_window(made, minutes):
    before = retry.SCHEDULE_MINUTES[made - 2] if made > 1 else 0
    for id in (uuid4() for _ in range(200)):
        due = retry.next_due(id, made, T0, T0 + before * MINUTE + timedelta(seconds=12))
        assert due is not None
        assert timedelta(0) <= due - (T0 + minutes * MINUTE) <= timedelta(seconds=5)


def test_after_the_sixth_re_push_it_is_given_up():
    assert retry.next_due(ID, 7, T0, T0 + 300 * MINUTE) is None
    assert retry.next_due(ID, 3, T0, T0, schedule=[1, 2]) is None


def test_waiting_moves_the_rest_of_the_schedule_along():
    late = timedelta(hours=10)
    due = retry.next_due(ID, 2, T0, T0 + MINUTE + late)
    assert due == T0 + 4 * MINUTE + retry.jitter(ID, 2) + late


def test_jitter_is_the_same_for_the_same_push_and_spreads_a_herd():
    assert retry.jitter(ID, 1) == retry.jitter(ID, 1) != retry.jitter(ID, 2)
    seconds = sorted(retry.jitter(uuid4(), 1).total_seconds() for _ in range(1000))
    assert seconds[0] < 0.5 and seconds[-1] > 4.5 and 2 < seconds[500] < 3


@pytest.mark.parametrize(
    ("status", "any_2xx", "arrived"),
    [
        *[(200, False, True), (201, False, False), (201, True, True), (299, True, True), (300, True, False)],
        *[(None, True, False), (500, True, False), (100, True, False)],
    ],
)
def test_what_counts_as_arrived(status, any_2xx, arrived):
    assert retry.succeeded(status, any_2xx=any_2xx) is arrived


@pytest.mark.parametrize(
    ("status", "refused"), [(400, True), (404, True), (408, False), (425, False), (429, False), (500, False)]
)
def test_what_blames_the_push_itself(status, refused):
    assert retry.is_refusal(status) is refused


def test_three_days_are_enough():
    assert not retry.has_waited_too_long(T0, T0 + timedelta(hours=71, minutes=59))
    assert retry.has_waited_too_long(T0, T0 + timedelta(hours=72))


@pytest.mark.parametrize(
    ("made", "others_arrived", "to_blame"),
    [(3, 8, False), (4, 8, True), (4, -1, False), (4, None, False), (7, 200, False), (7, 290, True)],
)
def test_a_push_is_to_blame_when_others_arrived_since_it_first_failed(made, others_arrived, to_blame):
    now = T0 + {3: 4, 4: 9, 7: 300}[made] * MINUTE
    others = None if others_arrived is None else T0 + others_arrived * MINUTE
    assert retry.is_to_blame(made, T0, others, now) is to_blame


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        *[("", 0), ("0", 0), ("120", 120), (" 7 ", 7), ("3600", 3600), ("3601", 3600), ("1" + "0" * 12, 3600)],
        *[("-1", 0), ("1.5", 0), ("soon", 0), ("\udcff", 0), ("٣", 0), ("9" * 5000, 3600)],
        *[("Sun, 01 Mar 2026 00:10:00 GMT", 600), ("Sun, 01 Mar 2026 00:10:00 -0000", 600)],
        *[("Sat, 28 Feb 2026 00:00:00 GMT", 0), ("Thu, 01 Jan 2099 00:00:00 GMT", 3600)],
        *[("Sun, 99 Mar 2026 99:00:00 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 -2359", 3600)],
    ],
)
def test_a_server_may_ask_to_be_left_alone_for_an_hour_at_most(retry_after, seconds):
    assert retry.asked_wait(retry_after, T0) == timedelta(seconds=seconds)

"""Who may be asked just now: caps, and a server that is left alone."""

import pytest

from notifications import breaker
from notifications.breaker import NoPlace, Place, Turnstile

MOST = 4


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.gate = Turnstile()

    def enter(self, application: int, server: str = "") -> Place:
        return self.gate.enter(application, server or f"server of {application}", self.now, MOST)

    def refusal(self, application: int, server: str = "") -> str:
        with pytest.raises(NoPlace) as refused:
            self.enter(application, server)
        return str(refused.value)

    def miss(self, application: int, times: int = 1, every: float = 0.0) -> None:
        for _ in range(times):
            place = self.enter(application)
            self.gate.leave(place, self.now, missed=True)
            self.now += every

    def answer(self, application: int) -> None:
        self.gate.leave(self.enter(application), self.now, missed=False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_only_so_many_of_a_process_and_two_of_an_application_wait(clock: Clock) -> None:
    for application in (1, 2, 3, 4):
        clock.answer(application)
    first = clock.enter(1)
    clock.enter(1)
    assert clock.refusal(1) == breaker.TOO_MANY_OF_ONE
    clock.enter(2)
    clock.enter(3)
    assert clock.refusal(4) == breaker.TOO_MANY
    clock.gate.leave(first, clock.now, missed=False)
    clock.enter(4)


def test_after_five_misses_in_a_row_a_server_is_tried_every_fifteen_seconds(clock: Clock) -> None:
    clock.miss(1, times=5, every=1.0)
    assert clock.refusal(1) == breaker.LEFT_ALONE
    clock.now += 13.9
    assert clock.refusal(1) == breaker.LEFT_ALONE
    clock.now += 0.2
    probe = clock.enter(1)
    assert clock.refusal(1) == breaker.LEFT_ALONE  # one tries, the others wait for what it learns
    clock.gate.leave(probe, clock.now, missed=True)
    clock.now += 14.9
    assert clock.refusal(1) == breaker.LEFT_ALONE
    clock.now += 0.2
    clock.answer(1)
    clock.answer(1)


def test_an_answer_between_begins_the_count_anew(clock: Clock) -> None:
    clock.miss(1, times=4)
    clock.answer(1)
    clock.miss(1, times=4)
    clock.answer(1)


def test_five_misses_over_more_than_a_minute_are_no_reason(clock: Clock) -> None:
    clock.miss(1, times=12, every=16.0)
    clock.answer(1)


def test_a_place_is_left_for_servers_that_are_known_to_answer(clock: Clock) -> None:
    clock.answer(1)
    for unknown in (4, 5, 6):
        clock.enter(unknown)
    assert clock.refusal(7) == breaker.TOO_MANY
    clock.enter(1)
    assert clock.refusal(1) == breaker.TOO_MANY


def test_servers_that_missed_once_share_half_and_those_that_missed_twice_a_single_place(clock: Clock) -> None:
    for once in (1, 2, 3):
        clock.miss(once)
    for twice in (4, 5):
        clock.miss(twice, times=2)
    dead = clock.enter(4)
    assert clock.refusal(5) == breaker.TOO_MANY
    clock.enter(1)
    assert clock.refusal(2) == breaker.TOO_MANY
    clock.enter(6)  # one that nobody asked before
    clock.gate.leave(dead, clock.now, missed=True)
    assert clock.refusal(5) == breaker.TOO_MANY


def test_one_server_of_an_application_says_nothing_of_its_other(clock: Clock) -> None:
    clock.miss(1, times=5)
    clock.enter(1, "its other server")


def test_what_is_remembered_has_a_bound(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "MOST_REMEMBERED", 10)
    for application in range(30):
        clock.miss(application)
    assert len(clock.gate._servers) == 10

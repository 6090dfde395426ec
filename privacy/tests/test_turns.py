"""One asks, others wait: a few, not long, and never without looking whether the answer is there."""

import threading
import time

import pytest

from common import marks
from common.errors import NotReady
from notifications import asking
from privacy.deciding import turns

pytestmark = pytest.mark.django_db


@pytest.fixture
def name():
    named = f"turn {time.monotonic_ns()}"
    yield named
    marks.drop(named)


def test_whoever_comes_after_the_answer_asks_no_more(name):
    assert turns.take(name, lambda: None) is None
    turns.give_back(name)
    assert turns.take(name, lambda: b"told") == b"told"
    assert turns.take(name, lambda: None) is None  # the turn was given back


def test_whoever_comes_while_somebody_asks_is_told_the_same(name):
    assert turns.take(name, lambda: None) is None
    answer: list[bytes] = []

    def be_answered():
        answer.append(b"told")
        turns.give_back(name)

    threading.Timer(0.3, be_answered).start()
    assert turns.take(name, lambda: answer[0] if answer else None) == b"told"


def test_only_so_many_wait_and_the_next_is_told_to_come_again(name, settings):
    settings.MASKLINE = {**settings.MASKLINE, "web_threads": 4}
    assert turns.take(name, lambda: None) is None
    with asking.waiting_room(), pytest.raises(NotReady):
        turns.take(name, lambda: None)


def test_without_redis_everybody_asks_and_nobody_waits_for_it_twice(name, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        assert turns.take(name, lambda: None) is None
        began = time.monotonic()
        for _ in range(20):
            assert turns.take(name, lambda: None) is None
            assert marks.there([name]) == set()
        assert time.monotonic() - began < 0.2
    finally:
        marks._outage.end()

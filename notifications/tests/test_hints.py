"""The word to the dispatchers that something is due: after the commit, and never in anybody's way."""

import time

import pytest
import redis
from django.db import transaction

from notifications import hints


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as if Redis had never been away."""
    monkeypatch.setattr(hints, "_rest_until", 0.0)


@pytest.mark.django_db(transaction=True)
def test_it_is_said_once_the_transaction_has_committed(settings):
    with redis.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as channel:
        channel.subscribe(hints.CHANNEL)
        said = [channel.get_message(timeout=5)]
        assert said[0] is not None and said[0]["type"] == "subscribe"
        with transaction.atomic():
            hints.hint_on_commit()
            assert channel.get_message(timeout=0.1) is None
        message = channel.get_message(timeout=5)
        assert message is not None and message["type"] == "message"


def test_without_redis_nobody_waits_for_it_twice(settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    began = time.monotonic()
    for _ in range(1000):
        hints.hint()
    assert time.monotonic() - began < 1

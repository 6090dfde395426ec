"""A word to the dispatchers that something is due, after the commit. Losing it costs them a few milliseconds."""

import time
from functools import lru_cache

import redis
from django.conf import settings
from django.db import transaction
from redis.exceptions import RedisError

CHANNEL = "maskline:pushes"
SECONDS = 0.2
# After Redis was away it is left alone for so long: no request waits for it twice.
REST_SECONDS = 5.0

_rest_until = 0.0


def hint_on_commit() -> None:
    """Wake the dispatchers once the current transaction has committed."""
    transaction.on_commit(hint)


def hint() -> None:
    """Wake the dispatchers. Never raises."""
    global _rest_until
    if time.monotonic() < _rest_until:
        return
    try:
        _client(settings.REDIS_URL).publish(CHANNEL, b"")
    except (RedisError, OSError):
        _rest_until = time.monotonic() + REST_SECONDS


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS, retry=None)

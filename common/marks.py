"""Marks in Redis that save work and decide nothing: who is just asking, what was asked. Without Redis there are none.

Nobody waits long for them: an answer is due in a quarter of a second, and after a failure Redis is left alone for a
moment, so that requests do not wait for it one after the other.
"""

import logging
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 0.25
SHUN_SECONDS = 2.0
PREFIX = "maskline:mark:"
T = TypeVar("T")


def claim(name: str, seconds: int) -> bool:
    """Set a mark that goes by itself, and return whether it was not set; True as well where Redis is away."""
    return _asked(lambda redis: bool(redis.set(PREFIX + name, 1, ex=seconds, nx=True)), True)


def put(name: str, seconds: int) -> None:
    """Set a mark that goes by itself."""
    _asked(lambda redis: redis.set(PREFIX + name, 1, ex=seconds), None)


def drop(name: str) -> None:
    """Take a mark away."""
    _asked(lambda redis: redis.delete(PREFIX + name), None)


def there(names: Iterable[str]) -> set[str]:
    """Return those of the marks that are set."""
    wanted = list(names)
    found = _asked(lambda redis: redis.mget([PREFIX + name for name in wanted]), None) if wanted else None
    return {name for name, value in zip(wanted, found, strict=True) if value} if found else set()


class _Outage:
    until = 0.0


def _asked(question: Callable[["Redis"], T], otherwise: T) -> T:
    if time.monotonic() < _Outage.until:
        return otherwise
    try:
        return question(_client(settings.REDIS_URL))
    except (RedisError, OSError) as error:
        _Outage.until = time.monotonic() + SHUN_SECONDS
        log.warning("marks are not kept: Redis is away (%s)", type(error).__name__)
        return otherwise


@lru_cache(maxsize=4)
def _client(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)

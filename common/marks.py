"""Marks in Redis that save work and decide nothing: who is just asking, what was asked. Without Redis there are none.

Nobody waits long for them: an answer is due in a quarter of a second, and after a failure Redis is left alone for a
moment, so that requests do not wait for it one after the other.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from common import quick_redis
from common.quick_redis import Outage

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


_outage = Outage("marks are not kept")


def _asked(question: Callable[[Redis], T], otherwise: T) -> T:
    if not _outage.over():
        return otherwise
    try:
        return question(quick_redis.client(settings.REDIS_URL))
    except (RedisError, OSError) as error:
        _outage.begin(error)
        return otherwise

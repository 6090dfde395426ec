"""One asks the customer: a switch that gave up waiting and asks again must not make his server be asked twice.

Redis is the doorbell. Without it both ask, which costs a question and harms nothing: the first answer kept stands.
"""

import time
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

PAUSE_SECONDS = 0.05
# What the customer's deadline does not cover: looking up, and writing the answer.
MARGIN_SECONDS = 1


def take(name: str, answer: Callable[[], bytes | None]) -> bytes | None:
    """Return None when it is this caller's turn to ask, else the answer of whoever asks just now.

    Waits for that as long as he may take; then it is this one's turn after all. Whoever had a turn gives it back.
    """
    patience = settings.MASKLINE["ask_call_seconds"] + MARGIN_SECONDS
    until = time.monotonic() + patience
    while not _free(name, patience):
        if time.monotonic() > until:
            return None
        time.sleep(PAUSE_SECONDS)
        told = answer()
        if told is not None:
            return told
    return None


def give_back(name: str) -> None:
    """Let the next one ask."""
    with suppress(RedisError, OSError):
        cache.delete(name)


def _free(name: str, seconds: int) -> bool:
    try:
        return bool(cache.add(name, 1, seconds))
    except (RedisError, OSError):
        return True

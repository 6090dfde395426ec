"""Redis where an answer is worth a quarter of a second and no more: what asks it can do without."""

import logging
import time
from functools import lru_cache

from redis import Redis

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 0.25
# How long Redis is not asked after it failed, so that requests do not wait for it one after the other.
SHUN_SECONDS = 2.0


@lru_cache(maxsize=8)
def client(url: str, *, text: bool = False) -> Redis:
    """Return this process's client; with `text` its answers are str, not bytes."""
    return Redis.from_url(
        url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, decode_responses=text
    )


class Outage:
    """Remembers for one user of Redis that it failed a moment ago; `meanwhile` tells the log what he does without."""

    def __init__(self, meanwhile: str) -> None:
        self._meanwhile = meanwhile
        self._until = 0.0

    def over(self) -> bool:
        """Return whether Redis may be asked."""
        return time.monotonic() >= self._until

    def begin(self, error: Exception) -> None:
        """Leave Redis alone for a moment."""
        self._until = time.monotonic() + SHUN_SECONDS
        log.warning("%s: Redis is away (%s)", self._meanwhile, type(error).__name__)

    def end(self) -> None:
        """Ask Redis again at once."""
        self._until = 0.0

"""Who may be asked just now: caps on how many wait, and a breaker for a server that does not answer. In memory.

Half of a web process's threads may be asking, at most two for one application. A server that answered the last time
may have any of these places; one that was never asked leaves one free, one that missed once leaves half, and those that
missed twice or more in a row share a single one: dead servers, however many, leave room for living ones.
After five misses in a row within a minute a server is left alone; every fifteen seconds one question tries it.
"""

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from common.errors import MasklineError

PER_APPLICATION = 2
MISSES = 5
WITHIN_SECONDS = 60.0
PROBE_SECONDS = 15.0
MOST_REMEMBERED = 10_000
TOO_MANY = gettext_noop("Not asked: as many questions as may wait at once were waiting for answers.")
TOO_MANY_OF_ONE = gettext_noop("Not asked: two questions of this application were waiting for answers.")
LEFT_ALONE = gettext_noop("Not asked: the server failed five times in a row; it is tried again every 15 seconds.")


class NoPlace(MasklineError):
    """The question is not asked now; the argument says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """The right to ask one question; `trusted`: the server answered the last time."""

    application_id: int
    server: Hashable
    trusted: bool


@dataclass(slots=True)
class _Server:
    """When a server missed since it last answered; whether it is left alone, and when it was tried then."""

    misses: deque[float] = field(default_factory=lambda: deque(maxlen=MISSES))
    left_alone: bool = False
    tried_at: float = 0.0

    def learn(self, now: float, *, missed: bool) -> None:
        """Take in what became of a question."""
        if not missed:
            self.misses.clear()
            self.left_alone = False
            return
        self.misses.append(now)
        self.tried_at = now
        if len(self.misses) == MISSES and now - self.misses[0] <= WITHIN_SECONDS:
            self.left_alone = True


class Turnstile:
    """Gives out the places of one process. Times are those of a monotonic clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers: OrderedDict[Hashable, _Server] = OrderedDict()
        self._waiting: Counter[int] = Counter()
        self._untrusted = 0

    def enter(self, application_id: int, server: Hashable, now: float, most: int) -> Place:
        """Return a place, one of at most `most`. Raises NoPlace. Each place is given back by `leave`."""
        with self._lock:
            known = self._servers.get(server)
            trusted = known is not None and not known.misses
            if known is not None and known.left_alone and now - known.tried_at < PROBE_SECONDS:
                raise NoPlace(LEFT_ALONE)
            if self._waiting[application_id] >= PER_APPLICATION:
                raise NoPlace(TOO_MANY_OF_ONE)
            if self._waiting.total() >= most or (not trusted and self._untrusted >= _share(known, most)):
                raise NoPlace(TOO_MANY)
            if known is not None:
                known.tried_at = now
            self._waiting[application_id] += 1
            self._untrusted += not trusted
            return Place(application_id, server, trusted)

    def leave(self, place: Place, now: float, *, missed: bool) -> None:
        """Give a place back, and remember whether the server missed."""
        with self._lock:
            self._waiting[place.application_id] -= 1
            if not self._waiting[place.application_id]:
                del self._waiting[place.application_id]
            self._untrusted -= not place.trusted
            known = self._servers.setdefault(place.server, _Server())
            self._servers.move_to_end(place.server)
            while len(self._servers) > MOST_REMEMBERED:
                self._servers.popitem(last=False)
            known.learn(now, missed=missed)

    def forget(self) -> None:
        """Forget what every server did."""
        with self._lock:
            self._servers.clear()


def _share(known: _Server | None, most: int) -> int:
    """Return how many of `most` places servers that are not trusted may hold when one more of them is to be asked."""
    if known is None:
        return max(1, most - 1)
    return max(1, most // 2) if len(known.misses) == 1 else 1

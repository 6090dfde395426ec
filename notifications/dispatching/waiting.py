"""Where reading begins: which endpoints have something due, and from which due time on each queue is worth reading.

What was deleted stays in an index until nobody could still see it: a back-up that runs for an hour keeps all of that
hour. So a queue is read from where its last reading found something, not from its beginning. What became due behind
that place (committed late, revived, let go of) is found by the next look, which begins anew everywhere.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

LOOK_SECONDS = 1.0
# A look costs at most this share of the time, as long as that puts it off by no more than LONGEST_SECONDS.
LOOK_SHARE = 0.05
LONGEST_SECONDS = 5.0
# Transactions that queue pushes commit within this, as a rule.
LATE = timedelta(seconds=3)
FRESH = timedelta(seconds=1)
BEGINNING = 0


class Waiting:
    """What the last look found and the readings since then."""

    def __init__(self) -> None:
        # {endpoint: due time in milliseconds below which nothing more is expected}
        self.floors: dict[int, int] = {}
        self._shards: frozenset[int] = frozenset()
        self._look_at = 0.0
        self._read_at: datetime | None = None

    def must_look(self, shards: Iterable[int], now: float) -> bool:
        """Return whether it is time to look everywhere: a while has passed, or other shares are ours."""
        return now >= self._look_at or self._shards != frozenset(shards)

    def looked(self, shards: Iterable[int], ids: Iterable[int], now: float) -> None:
        """Take in the endpoints that have something due, which are then read from their beginning."""
        self._shards = frozenset(shards)
        self.floors = dict.fromkeys(ids, BEGINNING)
        self._look_at = now + LOOK_SECONDS

    def took(self, seconds: float, now: float) -> None:
        """Put the next look off when the last one, with the reading after it, took long."""
        self._look_at = max(self._look_at, now + min(seconds / LOOK_SHARE, LONGEST_SECONDS))

    def since(self, now: datetime) -> datetime:
        """Return from when on pushes of endpoints without a floor are new."""
        return (self._read_at or now) - FRESH

    def turns(self, after: int) -> list[int]:
        """Return the endpoints in the order of their turns."""
        ids = sorted(self.floors)
        return [id for id in ids if id > after] + [id for id in ids if id <= after]

    def read(self, ids: Iterable[int], found: dict[int, datetime], now: datetime, *, last: int | None) -> None:
        """Learn from a reading of these endpoints begun `now`: the earliest due time found for each.

        `last`: the endpoint at which the reading was cut off, so that it says nothing of this one and those after it.
        """
        self._read_at = now
        expected = now - LATE
        for id, due_at in found.items():
            if id != last:
                self.floors[id] = _milliseconds(min(due_at, expected))
            else:
                self.floors.setdefault(id, BEGINNING)
        if last is None:
            floor = _milliseconds(expected)
            for id in ids:
                if id not in found:
                    self.floors[id] = floor


def _milliseconds(at: datetime) -> int:
    """Return a time rounded down."""
    return int(at.timestamp() * 1000) - 1

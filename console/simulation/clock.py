"""When people call: busy hours of a working day with two peaks, and quieter weekends. Pure."""

from bisect import bisect
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
# Share of the calls of a day by local hour: peaks at 10-11 and 17-19, a dent at lunch, almost nothing at night.
# fmt: off
WORKING_DAY = (
    0.6, 0.3, 0.2, 0.2, 0.2, 0.5, 1.2, 2.6, 4.8, 7.0, 8.2, 7.6,
    5.4, 5.2, 6.2, 6.8, 7.2, 8.0, 8.6, 7.0, 5.2, 3.6, 2.2, 1.2,
)
WEEKEND = (
    0.9, 0.5, 0.3, 0.2, 0.2, 0.3, 0.6, 1.2, 2.4, 3.8, 4.8, 4.6,
    4.0, 3.6, 3.8, 4.0, 4.4, 5.0, 5.4, 4.6, 3.6, 2.8, 1.9, 1.3,
)
# fmt: on
SATURDAY = 5


def weight(hour: datetime, zone: ZoneInfo) -> float:
    """Return how busy the hour that starts at `hour` is, seen in `zone`; only ratios mean something."""
    local = hour.astimezone(zone)
    return (WEEKEND if local.weekday() >= SATURDAY else WORKING_DAY)[local.hour]


def instants(rng: Random, *, count: int, start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return `count` instants of [start, end) in order, in whole seconds, as busy as their hours are.

    Empty when `end` is not after `start`.
    """
    pieces = list(_pieces(start, end))
    if not pieces:
        return []
    heights = list(accumulate(weight(opens, zone) * (closes - opens).total_seconds() for opens, closes in pieces))
    return sorted(_inside(rng, pieces, heights) for _ in range(count))


def _inside(rng: Random, pieces: Sequence[tuple[datetime, datetime]], heights: Sequence[float]) -> datetime:
    opens, closes = pieces[min(bisect(heights, rng.random() * heights[-1]), len(pieces) - 1)]
    return opens + timedelta(seconds=int(rng.random() * (closes - opens).total_seconds()))


def _pieces(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return [start, end) cut at the full hours."""
    pieces = []
    opens = start.replace(microsecond=0)
    while opens < end:
        closes = min(opens.replace(minute=0, second=0) + HOUR, end)
        pieces.append((opens, closes))
        opens = closes
    return pieces

"""How endpoints fare: what waits for them, how many requests succeed, how long they take. For pages, from samples.

An endpoint may get millions of requests a day; counts end at a limit and rates are those of the latest requests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from common import sql, timeid

COUNTED = 10_000
SAMPLED, SAMPLED_A_SPAN = 1000, 300
LATELY = timedelta(hours=1)
SPAN, SPANS = timedelta(minutes=30), 48


@dataclass(frozen=True, slots=True)
class Queue:
    """How many pushes of an endpoint wait, were given up and set aside, up to COUNTED each; when the oldest was due."""

    waiting: int = 0
    dead: int = 0
    parked: int = 0
    oldest_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fared:
    """How requests went: how many were looked at, how many arrived, the median and 95th percentile in microseconds."""

    requests: int = 0
    delivered: int = 0
    half_us: int | None = None
    most_us: int | None = None


def queues(endpoints: Sequence[int]) -> dict[int, Queue]:
    """Return what waits for each endpoint."""
    if not endpoints:
        return {}
    values = {"endpoints": list(endpoints), "most": COUNTED + 1}
    return {row[0]: Queue(*row[1:]) for row in _rows("endpoint_queues", values)}


def lately(endpoints: Sequence[int], now: datetime) -> dict[int, Fared]:
    """Return how the last hour went at each endpoint, of its latest SAMPLED requests."""
    first, last = timeid.id_range(now - LATELY, now + LATELY)
    count = len(endpoints)
    rows = _spans(list(endpoints), [first] * count, [last] * count, SAMPLED)
    return {row[0]: Fared(*row[2:]) for row in rows}


def day(endpoint: int, now: datetime) -> list[tuple[datetime, Fared]]:
    """Return how the last 24 hours went, by half-hours, the oldest first; of SAMPLED_A_SPAN requests each."""
    end = now.replace(minute=30 if now.minute >= 30 else 0, second=0, microsecond=0) + SPAN
    marks = [end - SPAN * back for back in range(SPANS, 0, -1)]
    firsts = [timeid.lower(mark) for mark in marks]
    rows = _spans([endpoint] * SPANS, firsts, [*firsts[1:], timeid.lower(end)], SAMPLED_A_SPAN)
    seen = {row[1]: Fared(*row[2:]) for row in rows}
    return [(mark, seen.get(first, Fared())) for mark, first in zip(marks, firsts, strict=True)]


def _spans(endpoints: list[int], firsts: list[Any], lasts: list[Any], most: int) -> list[tuple[Any, ...]]:
    if not endpoints:
        return []
    values = {"endpoints": endpoints, "firsts": firsts, "lasts": lasts, "most": most}
    return _rows("endpoint_spans", values | {"first": min(firsts), "last": max(lasts)})


def _rows(name: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.load("notifications", name), values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

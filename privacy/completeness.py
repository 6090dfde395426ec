"""How far each upstream's records have come: its last arrival, its lag, how many in which hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from common import sql


@dataclass(frozen=True, slots=True)
class Completeness:
    """One upstream. `complete_to`: the newest time of its records, None when none ever came.

    `lag`: how long that record took to arrive.
    """

    upstream_id: int
    code: str
    last_arrival: datetime | None
    complete_to: datetime | None
    lag: timedelta | None

    def silent(self, now: datetime, minutes: int) -> bool:
        """Return whether nothing came for so many minutes."""
        return self.last_arrival is None or now - self.last_arrival > timedelta(minutes=minutes)


@dataclass(frozen=True, slots=True)
class HourCount:
    """What arrived from one upstream in one UTC hour."""

    upstream_id: int
    hour: datetime
    received: int
    stored: int
    repeated: int
    quarantined: int


def completeness(upstream_id: int | None = None) -> list[Completeness]:
    """Return how far each upstream has come, or only one of them, in the order of their codes."""
    return [Completeness(*row) for row in _rows("completeness", {"upstream": upstream_id})]


def complete_to() -> datetime | None:
    """Return the instant up to which the records of every upstream that ever delivered have come."""
    return min((one.complete_to for one in completeness() if one.complete_to is not None), default=None)


def counts_by_hour(since: datetime, upstream_id: int | None = None) -> list[HourCount]:
    """Return what arrived in each hour since an instant, newest hour first."""
    return [HourCount(*row) for row in _rows("arrivals_by_hour", {"since": since, "upstream": upstream_id})]


def _rows(name: str, parameters: dict[str, datetime | int | None]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.load("privacy", name), parameters)
        return list(cursor.fetchall())

"""The queue of settlement: one narrow row per chargeable record, taken away by settlement or undone here."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.periods import hour_of
from privacy.models import Usage
from privacy.storing import bulk
from privacy.storing.candidates import Candidate

COLUMNS = (
    ("usage_id", "uuid"),
    ("account_id", "int8"),
    ("shard", "int2"),
    ("hour", "timestamptz"),
    ("item", "varchar"),
    ("application_id", "int8"),
    ("number_id", "int8"),
    ("number_kind", "varchar"),
    ("rated_at", "timestamptz"),
    ("ended_at", "timestamptz"),
    ("seconds", "int4"),
    ("units", "int4"),
    ("session_id", "varchar"),
    ("reverses", "uuid"),
    ("blocked_reason", "varchar"),
)
PARTS_UNKNOWN = "parts_unknown"


class Due(NamedTuple):
    """One row for the queue. `units` None means that nobody said how many: it waits with its reason."""

    candidate: Candidate
    usage_id: UUID
    item: str
    rated_at: datetime | None
    ended_at: datetime
    seconds: int
    units: int | None
    reverses: UUID | None = None


def queue(due: Iterable[Due]) -> None:
    """Write rows into the queue."""
    rows = [_row(entry) for entry in due]
    if rows:
        bulk.copy(Usage._meta.db_table, COLUMNS, rows)


def _row(due: Due) -> tuple[object, ...]:
    candidate, usage_id, item, rated_at, ended_at, seconds, units, reverses = due
    application, number_id, number_kind = candidate.owner
    return (
        usage_id,
        application.account_id,
        application.shard,
        hour_of(ended_at),
        item,
        application.id,
        number_id,
        number_kind,
        rated_at,
        ended_at,
        seconds,
        units,
        getattr(candidate.facts, "session_id", ""),
        reverses,
        PARTS_UNKNOWN if units is None else "",
    )


def take_back(usage_id: UUID) -> bool:
    """Take an unsettled row out of the queue; return whether it still stood there.

    Waits while a settlement holds the row; False then means that it was charged.
    """
    return bool(bulk.run("take_back_usage", {"usage_id": usage_id}))


def tell_units(usage_id: UUID, units: int) -> None:
    """Let a row that waits for its units be settled."""
    Usage.objects.filter(pk=usage_id, units=None).update(units=units, blocked_reason="")

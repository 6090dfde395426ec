"""The proof that nothing was lost on the way from a record to the ledger (contract: `reconcile`).

received = stored + repeated + quarantined; answered = rated or queued; rated = ledger = report; balances = entries;
used = drawn. Every check asks the rows themselves and returns only differences.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from billing.reports.statements import statement
from common import sql, timeid
from common.periods import HOUR, hour_of
from privacy.conservation import conservation

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# A call has its id from its first time; it may have rung and been talked for this long before it ended.
LONGEST_CALL = timedelta(days=31)

CHECKS = {
    "answered = rated": ("reconcile_answered_calls", "reconcile_charged_calls", "reconcile_messages"),
    "unanswered = counted": ("reconcile_unanswered",),
    "rated = ledger": ("reconcile_ledger", "reconcile_lines"),
    "balance = entries": ("reconcile_balances",),
    "used = drawn": ("reconcile_packages",),
}


@dataclass(frozen=True)
class Difference:
    """One place where two counts of the same thing differ."""

    about: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.about}: {self.expected}, but {self.found}"


@dataclass(frozen=True)
class Check:
    """One equation and where it does not hold."""

    name: str
    differences: tuple[Difference, ...]


def reconcile(start: datetime | None, end: datetime | None, *, now: datetime) -> Iterator[Check]:
    """Yield every check of start <= time < end, whole UTC hours; without a start, of everything there is.

    A period is judged by the arrival of sources, the end of calls, and the booked hour of money. What a period cannot
    prove (unanswered calls counted late, use of packages) is checked only over everything.
    """
    whole = start is None and end is None
    first, last = hour_of(start or BEGINNING), hour_of(end - timedelta(microseconds=1) if end else now) + HOUR
    parameters: dict[str, Any] = {
        "start": first,
        "end": last,
        "whole": whole,
        "first_id": timeid.lower(max(first - LONGEST_CALL, BEGINNING)),
        "last_id": timeid.lower(last),
    }
    received = [
        Difference(f"{lost.what} of source {lost.source_id or 'all'}", f"{lost.counted} counted", f"{lost.found} found")
        for lost in conservation(first, last)
    ]
    yield Check("received = stored + repeated + quarantined", tuple(received))
    for name, queries in CHECKS.items():
        yield Check(name, tuple(row for query in queries for row in _ask(sql.query("console", query), parameters)))
    yield Check("ledger = report", tuple(_report(parameters)))


def _report(parameters: dict[str, Any]) -> Iterator[Difference]:
    """Compare the report's own query with the ledger, from the first hour in which anything was booked."""
    ((booked,),) = _rows(sql.query("console", "reconcile_first_hour"), {})
    if booked is None:
        return
    query = sql.query("console", "reconcile_report").replace("{report}", statement("report_hourly"))
    bounds = {"start": max(booked, parameters["start"]), "account": None, "settled_only": False}
    yield from _ask(query, {**parameters, **bounds})


def _ask(query: str, parameters: dict[str, Any]) -> Iterator[Difference]:
    return (Difference(*map(str, row)) for row in _rows(query, parameters))


def _rows(query: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())

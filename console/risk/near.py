"""Near misses: calls and SMS of former parties within the cool-down, who were told that their binding has ended.

None of them may ever reach the new party: those that did are counted too, and should be 0 (users.md 4, row 12).
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.db.models import Count, Q, QuerySet

from accounts.scope import Scope
from billing.reports.cells import csv_safe
from common import timeid
from common.phone import mask
from privacy.models import RoutingDecision

WEEK = timedelta(days=7)
COLUMNS = ("time", "account", "app_key", "kind", "number", "caller", "ended_binding_id", "outcome", "code")
REACHED = Q(outcome__in=["connect", "forward"])


@dataclass(frozen=True)
class Week:
    """A week from Monday to Monday, in a zone."""

    first: date
    start: datetime
    end: datetime

    @property
    def last(self) -> date:
        """Return its Sunday."""
        return self.first + timedelta(days=6)


def week_of(day: date, zone: ZoneInfo | Any) -> Week:
    """Return the week of a day."""
    monday = day - timedelta(days=day.weekday())
    start = datetime.combine(monday, datetime.min.time(), zone)
    return Week(monday, start, datetime.combine(monday + WEEK, datetime.min.time(), zone))


def rows(scope: Scope, start: datetime, end: datetime) -> QuerySet[RoutingDecision]:
    """Return the near misses of start <= time < end, newest first."""
    first, last = timeid.id_range(start, end)
    found = scope.rows(RoutingDecision).filter(ended_binding_id__isnull=False, pk__gte=first, pk__lt=last)
    return found.select_related("account", "application", "number").order_by("-pk")


def by_number(found: QuerySet[RoutingDecision]) -> list[dict[str, Any]]:
    """Return how many there were of each application and X, the most first; `reached` should be 0."""
    grouped = (
        found.select_related(None)
        .order_by()
        .values("account__code", "application__app_key", "number__number", "number")
    )
    counted = grouped.annotate(
        calls=Count("pk", filter=Q(kind="call")),
        messages=Count("pk", filter=Q(kind="message")),
        callers=Count("caller_key", distinct=True),
        reached=Count("pk", filter=REACHED),
    )
    lines = [dict(row) for row in counted]
    return sorted(lines, key=lambda row: (-row["calls"] - row["messages"], str(row["number__number"])))


def caller_of(row: RoutingDecision) -> str:
    """Return who dialled or wrote, in full: mask it."""
    asked = orjson.loads(row.detail).get("asked", {})
    return str(asked.get("caller") or asked.get("sender") or "")


def as_csv(found: QuerySet[RoutingDecision], zone: ZoneInfo | Any) -> Iterator[str]:
    """Yield a CSV line by line: a row for each near miss, oldest first, who dialled masked."""
    yield _line(COLUMNS)
    for row in found.order_by("pk").iterator(chunk_size=1000):
        at = timeid.instant(row.pk).astimezone(zone).isoformat(timespec="seconds")
        account, application = row.account, row.application
        yield _line(
            [
                at,
                account.code if account else "",
                application.app_key if application else "",
                row.kind,
                row.number.number if row.number else "",
                mask(caller_of(row)),
                row.ended_binding_id,
                row.outcome,
                row.code,
            ]
        )


def _line(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([csv_safe(str(cell)) for cell in cells])
    return text.getvalue()

"""What an application does: its numbers, bindings per day, requests by result."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import Application
from accounts.scope import Scope
from common import timeid
from console.bindings.listing import holding
from privacy.models import ApiRequest, Binding, Holding

DAYS = 31
DAY = timedelta(days=1)
# Somebody unbound it. The rest ended by itself: expired, with its AX, or with its number.
MANUAL = (Binding.End.UNBOUND, Binding.End.CONSOLE, Binding.End.UPSTREAM)


@dataclass
class Ends:
    """How many were bound and ended in a time."""

    bound: int = 0
    manual: int = 0
    automatic: int = 0


@dataclass(frozen=True)
class Day:
    """One day of the viewer's zone."""

    day: date
    counts: Ends
    share: int


@dataclass(frozen=True)
class Activity:
    """What an application bound and ended: in the last 24 hours, in 31 days, and on each of them, the newest first."""

    day: Ends
    month: Ends
    days: Sequence[Day]


def numbers_held(scope: Scope, application: Application) -> QuerySet[Holding]:
    """Return the holdings of the numbers an application has now."""
    return scope.rows(Holding).filter(application=application, valid_to=None)


def bindings_now(scope: Scope, application: Application, now: datetime) -> dict[str, int]:
    """Return how many bindings hold now, by kind."""
    rows = _bindings(scope, application).filter(holding(now)).order_by()
    return dict(rows.values_list("kind").annotate(n=Count("pk")).order_by("kind"))


def activity(scope: Scope, application: Application, now: datetime) -> Activity:
    """Return what was bound, unbound by somebody and ended by itself: in 24 hours, and on each day that had any."""
    today = timezone.localdate(now)
    start = timezone.make_aware(datetime.combine(today - (DAYS - 1) * DAY, datetime.min.time()))
    rows, latest = _bindings(scope, application).order_by(), now - DAY
    day, found = Ends(), defaultdict[date, Ends](Ends)
    for row in _per_day(rows.filter(pk__gte=timeid.lower(start), valid_from__gte=start), "valid_from", latest):
        found[row["day"]].bound, day.bound = row["n"], day.bound + row["fresh"]
    # Not by account: the index of what ended has the application and all that is counted here.
    ended = scope.rows(Binding).filter(application=application, valid_to__gte=start).order_by()
    manual = Q(end_cause__in=MANUAL)
    for row in _per_day(ended, "valid_to", latest, manual=manual):
        counts = found[row["day"]]
        counts.manual, counts.automatic = row["some"], row["n"] - row["some"]
        day.manual, day.automatic = day.manual + row["fresh_some"], day.automatic + row["fresh"] - row["fresh_some"]
    most = max((counts.bound for counts in found.values()), default=0)
    lines = [Day(at, found[at], 100 * found[at].bound // most if most else 0) for at in sorted(found, reverse=True)]
    total = Ends(
        *(sum(getattr(counts, name) for counts in found.values()) for name in ("bound", "manual", "automatic"))
    )
    return Activity(day, total, lines)


def results(scope: Scope, application: Application, now: datetime) -> list[dict[str, Any]]:
    """Return the requests of the last 24 hours by result, the most frequent first."""
    rows = scope.rows(ApiRequest).filter(account_id=application.account_id, application=application)
    rows = rows.filter(pk__gte=timeid.lower(now - DAY)).order_by()
    counted = rows.values("code", "http_status").annotate(n=Count("pk")).order_by("-n", "code")
    return [dict(row) for row in counted]


def _bindings(scope: Scope, application: Application) -> QuerySet[Binding]:
    # The account leads the index.
    return scope.rows(Binding).filter(account_id=application.account_id, application=application)


def _per_day(
    rows: QuerySet[Binding], column: str, latest: datetime, manual: Q | None = None
) -> Sequence[dict[str, Any]]:
    """Return for each day how many there were, `fresh` since the latest instant; `some`: those of a condition."""
    fresh = Q(**{f"{column}__gte": latest})
    more = (
        {}
        if manual is None
        else {"some": Count("application", filter=manual), "fresh_some": Count("application", filter=manual & fresh)}
    )
    days: Any = rows.annotate(day=TruncDate(column)).values("day")
    return list(days.annotate(n=Count("application"), fresh=Count("application", filter=fresh), **more))

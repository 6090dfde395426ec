"""What an application does: its numbers, bindings per day, requests by result."""

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


def numbers_held(scope: Scope, application: Application) -> QuerySet[Holding]:
    """Return the holdings of the numbers an application has now."""
    return scope.rows(Holding).filter(application=application, valid_to=None)


def bindings_now(scope: Scope, application: Application, now: datetime) -> dict[str, int]:
    """Return how many bindings hold now, by kind."""
    rows = _bindings(scope, application).filter(holding(now)).order_by()
    return dict(rows.values_list("kind").annotate(n=Count("pk")).order_by("kind"))


def since(scope: Scope, application: Application, start: datetime) -> Ends:
    """Return how many were bound and ended since an instant."""
    rows = _bindings(scope, application)
    ended = Q(valid_to__gte=start)
    counted = rows.filter(Q(valid_from__gte=start) | ended).aggregate(
        bound=Count("pk", filter=Q(valid_from__gte=start)),
        manual=Count("pk", filter=ended & Q(end_cause__in=MANUAL)),
        automatic=Count("pk", filter=ended & ~Q(end_cause__in=MANUAL)),
    )
    return Ends(**counted)


def days(scope: Scope, application: Application, now: datetime) -> Sequence[Day]:
    """Return the last 31 days, the newest first: what was bound, unbound by somebody, ended by itself."""
    today = timezone.localdate(now)
    found = {today - n * DAY: Ends() for n in range(DAYS)}
    start = timezone.make_aware(datetime.combine(min(found), datetime.min.time()))
    rows = _bindings(scope, application).order_by()
    for day, n in _per_day(rows.filter(valid_from__gte=start), "valid_from"):
        if day in found:
            found[day].bound = n
    ended = rows.filter(valid_to__gte=start)
    for name, condition in (("manual", Q(end_cause__in=MANUAL)), ("automatic", ~Q(end_cause__in=MANUAL))):
        for day, n in _per_day(ended.filter(condition), "valid_to"):
            if day in found:
                setattr(found[day], name, n)
    most = max((counts.bound for counts in found.values()), default=0)
    return [Day(day, counts, 100 * counts.bound // most if most else 0) for day, counts in found.items()]


def results(scope: Scope, application: Application, now: datetime) -> list[dict[str, Any]]:
    """Return the requests of the last 24 hours by result, the most frequent first."""
    rows = scope.rows(ApiRequest).filter(account_id=application.account_id, application=application)
    rows = rows.filter(pk__gte=timeid.lower(now - DAY)).order_by()
    counted = rows.values("code", "http_status").annotate(n=Count("pk")).order_by("-n", "code")
    return [dict(row) for row in counted]


def _bindings(scope: Scope, application: Application) -> QuerySet[Binding]:
    # The account leads the index.
    return scope.rows(Binding).filter(account_id=application.account_id, application=application)


def _per_day(rows: QuerySet[Binding], column: str) -> list[tuple[date, int]]:
    return list(rows.annotate(day=TruncDate(column)).values_list("day").annotate(n=Count("pk")))

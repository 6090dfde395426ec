"""The weekly report of near misses, and its file."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import audit
from accounts.models import Account
from accounts.roles import require
from accounts.scope import for_user
from common import timeid
from console import pages
from console.risk import near
from console.risk.near import Week

SHOWN = 200
TREND = 8


@require("look")
@require_safe
def near_misses(request: HttpRequest) -> HttpResponse:
    """Return the near misses of a week, by application and X, and the latest of them."""
    scope, week = for_user(request.user), _week(request)
    found = near.rows(scope, week.start, week.end)
    groups = near.by_number(found)
    today = near.week_of(timezone.localdate(), timezone.get_current_timezone())
    frame = pages.context(
        request,
        title=_("Near misses"),
        week=week,
        earlier=week.first - near.WEEK,
        later=week.first + near.WEEK if week.first < today.first else None,
        groups=groups,
        total=sum(group["calls"] + group["messages"] for group in groups),
        reached=sum(group["reached"] for group in groups),
        latest=[(row, timeid.instant(row.pk), near.caller_of(row)) for row in found[:SHOWN]],
        shown=SHOWN,
        trend=_trend(scope, today),
    )
    return render(request, "console/risk/near_misses.html", frame)


@require("look")
@require_safe
def near_misses_file(request: HttpRequest) -> HttpResponseBase:
    """Return a week's near misses as CSV, who dialled masked."""
    scope, week = for_user(request.user), _week(request)
    content = "".join(near.as_csv(near.rows(scope, week.start, week.end), timezone.get_current_timezone()))
    account = scope.rows(Account).first() if scope.account_id is not None else None
    detail = {"from": week.start.isoformat(), "to": week.end.isoformat()}
    audit.record(user=request.user, action="export.near_misses", account=account, detail=detail, request=request)
    answer = HttpResponse("\ufeff" + content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="near-misses_{week.first:%Y%m%d}.csv"'
    return answer


def _week(request: HttpRequest) -> Week:
    """Return the week asked for, else this one."""
    try:
        day = parse_date(request.GET.get("week", ""))
    except ValueError:
        day = None
    if day is None or not 1971 <= day.year <= 9000:
        day = timezone.localdate()
    return near.week_of(day, timezone.get_current_timezone())


def _trend(scope: Any, this: Week) -> list[tuple[date, int, int]]:
    """Return how many there were in each of the last weeks: Monday, how many, and their share of the most in %."""
    weeks = [near.week_of(this.first - timedelta(weeks=back), timezone.get_current_timezone()) for back in range(TREND)]
    counts = [near.rows(scope, week.start, week.end).count() for week in weeks]
    most = max(counts) or 1
    return [(week.first, n, round(100 * n / most)) for week, n in zip(weeks, counts, strict=True)]

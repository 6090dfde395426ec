"""The dashboard."""

from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import roles
from accounts import scope as account_scope
from accounts.models import Account
from accounts.roles import require
from accounts.scope import Scope
from billing.models import Purchase
from common import periods
from console import pages
from console.dashboard import attention, charts, figures
from console.dashboard.figures import Figures
from privacy.completeness import completeness
from privacy.models import Call, Source

HOURS, DAYS = 48, 30


@require("look")
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Return how things stand for the person's accounts, in his zone."""
    scope, now, zone = account_scope.for_user(request.user), timezone.now(), timezone.get_current_timezone()
    today = timezone.localtime(now).date()
    money = roles.may(request.user, "money")
    hours = figures.per_hour(scope, _midnight(now, zone, DAYS - 1))
    days = figures.per_day(hours, zone)
    arrived = completeness() if scope.account_id is None else []
    frame = pages.context(
        request,
        title=_("Dashboard"),
        empty=not hours and not scope.rows(Source).exists() and not scope.rows(Call).exists(),
        today=days.get(today, Figures()),
        month=figures.together(
            of_day for day, of_day in days.items() if (day.year, day.month) == (today.year, today.month)
        ),
        package=_package(scope, now),
        balances=_balances(scope),
        may_money=money,
        arrivals=arrived,
        findings=attention.findings(scope, arrived, now),
        charts=_charts(hours, days, now, zone, money=money),
        now=now,
    )
    return render(request, "console/dashboard.html", frame)


def _charts(
    hours: dict[datetime, Figures], days: dict[Any, Figures], now: datetime, zone: tzinfo, *, money: bool
) -> list[dict[str, Any]]:
    last = periods.hour_of(now)
    marks = [last - timedelta(hours=back) for back in reversed(range(HOURS))]
    hourly = [hours.get(mark, Figures()) for mark in marks]
    clock = [mark.astimezone(zone).strftime("%m-%d %H:%M") for mark in marks]
    dates = [now.astimezone(zone).date() - timedelta(days=back) for back in reversed(range(DAYS))]
    daily = [days.get(day, Figures()) for day in dates]
    dated = [day.strftime("%m-%d") for day in dates]
    drawn = [
        ("calls-hour", _("Calls per hour, 48 hours"), charts.calls(clock, hourly)),
        ("calls-day", _("Calls per day, 30 days"), charts.calls(dated, daily)),
        ("minutes-hour", _("Billed minutes per hour"), charts.minutes(clock, hourly)),
        ("minutes-day", _("Billed minutes per day"), charts.minutes(dated, daily)),
    ]
    if money:
        drawn += [
            ("charges-hour", _("Charges per hour"), charts.charges(clock, hourly)),
            ("charges-day", _("Charges per day"), charts.charges(dated, daily)),
        ]
    return [{"id": f"chart-{key}", "title": title, "data": data} for key, title, data in drawn]


def _midnight(now: datetime, zone: tzinfo, days_back: int) -> datetime:
    """Return the start of a local day, rounded down to a UTC hour (zones of half an hour)."""
    day = now.astimezone(zone).date() - timedelta(days=days_back)
    return periods.hour_of(datetime(day.year, day.month, day.day, tzinfo=zone))


def _package(scope: Scope, now: datetime) -> dict[str, int]:
    """Return minutes left and bought in packages that are running."""
    running = scope.rows(Purchase).filter(starts_at__lte=now, ends_at__gt=now)
    total = running.aggregate(quota=Sum("minutes"), used=Sum("minutes_used"))
    quota, used = total["quota"] or 0, total["used"] or 0
    return {"quota": quota, "used": used, "left": quota - used}


def _balances(scope: Scope) -> list[tuple[str, Decimal]]:
    """Return the sum of balances per currency."""
    rows = scope.rows(Account).filter(balance__isnull=False).values_list("currency")
    return list(rows.annotate(total=Sum(F("balance__amount"))).order_by("currency"))

"""Looking at money: usage without a price, balances, packages, applications that fell silent."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, F, Min, Q, Sum
from django.utils.translation import gettext_noop

from accounts.models import Account, Application
from billing.models import Purchase, SettlementTotal, UnansweredCount
from common import periods
from notifications import alerts
from notifications.alerts import Trouble
from privacy import silence
from privacy.models import Usage

HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
ENDING = timedelta(days=7)
USED = 0.9
# Why usage waits (billing/sql/settlement.sql).
REASONS = {
    "no_price": gettext_noop("no price is valid for its time"),
    "parts_unknown": gettext_noop("the number of parts is unknown"),
    "original_not_charged": gettext_noop("what it takes back was never charged"),
}


def unpriced_usage(now: datetime) -> None:
    """Raise an alert for each reason for which usage waits uncharged (users.md 4, row 7)."""
    rows = Usage.objects.exclude(blocked_reason="").values("blocked_reason")
    troubles = [
        Trouble(
            f"usage:{row['blocked_reason']}",
            "critical",
            values={
                "n": row["n"],
                "reason": REASONS.get(row["blocked_reason"], row["blocked_reason"]),
                "oldest_since": row["oldest"],
            },
        )
        for row in rows.annotate(n=Count("pk"), oldest=Min("hour")).order_by("blocked_reason")
    ]
    alerts.follow("unpriced_usage", troubles, now=now)


def balances(now: datetime) -> None:
    """Raise an alert for each account that is low or in arrears: once per crossing (billing.md 7)."""
    accounts = Account.objects.exclude(state=Account.State.GOOD).annotate(amount=F("balance__amount")).order_by("pk")
    low = [_standing(one, "warning") for one in accounts if one.state == Account.State.LOW]
    behind = [_standing(one, "critical") for one in accounts if one.state == Account.State.ARREARS]
    alerts.follow("low_balance", low, now=now)
    alerts.follow("arrears", behind, now=now)


def packages(now: datetime) -> None:
    """Raise an alert for each running package of which nine tenths are used, or which ends within a week."""
    running = Purchase.objects.filter(starts_at__lte=now, ends_at__gt=now)
    minutes = Q(minutes__gt=0, minutes_used__gte=F("minutes") * USED)
    messages = Q(messages__gt=0, messages_used__gte=F("messages") * USED)
    found = running.filter(minutes | messages | Q(ends_at__lte=now + ENDING)).select_related("account", "package")
    alerts.follow("package_running_out", [_package(one) for one in found.order_by("pk")], now=now)


def silent_applications(now: datetime) -> None:
    """Raise an alert for each application that had next to nothing in the last full hour and usually has much.

    Compared with the same hour of the last four weeks (users.md 3, N12); settled usage and what waits count alike.
    """
    hour = periods.hour_of(now) - HOUR
    present = _counts(hour)
    past = [_counts(hour - week * WEEK) for week in range(1, silence.WEEKS + 1)]
    silent = [id for id in set().union(*past) if silence.is_silent(present[id], [counted[id] for counted in past])]
    applications = Application.objects.filter(pk__in=silent, state=Application.State.ACTIVE)
    troubles = [
        Trouble(
            f"application:{one.pk}",
            account=one.account,
            values={
                "application": one.app_key,
                "now": present[one.pk],
                "usual": silence.usual([counted[one.pk] for counted in past]),
                "hour_at": hour,
            },
        )
        for one in applications.select_related("account").order_by("pk")
    ]
    alerts.follow("silent_application", troubles, now=now)


def _standing(account: Account, severity: str) -> Trouble:
    amount: Decimal = getattr(account, "amount", None) or Decimal(0)
    values = {
        "account": account.code,
        "balance": amount.quantize(Decimal("0.01")),
        "currency": account.currency,
        "threshold": account.low_balance.quantize(Decimal("0.01")),
    }
    return Trouble(f"account:{account.pk}", severity, account, values=values)


def _package(one: Purchase) -> Trouble:
    shares = [100 * used // quota for used, quota in _quotas(one) if quota]
    values = {
        "package": one.package.code,
        "account": one.account.code,
        "percent": max(shares, default=0),
        "minutes": one.minutes - one.minutes_used,
        "messages": one.messages - one.messages_used,
        "ends_at": one.ends_at,
    }
    return Trouble(f"purchase:{one.pk}", account=one.account, values=values)


def _quotas(one: Purchase) -> Iterator[tuple[int, int]]:
    yield one.minutes_used, one.minutes
    yield one.messages_used, one.messages


def _counts(hour: datetime) -> Counter[int]:
    """Return how many calls and SMS each application had in an hour."""
    found: Counter[int] = Counter()
    settled = SettlementTotal.objects.filter(booked_hour=hour, item__in=["call", "sms"])
    found.update(dict(settled.values_list("application").annotate(n=Sum("lines"))))
    missed = UnansweredCount.objects.filter(booked_hour=hour)
    found.update(dict(missed.values_list("application").annotate(n=Sum("calls"))))
    waiting = Usage.objects.filter(hour=hour)
    found.update(dict(waiting.values_list("application").annotate(n=Count("pk"))))
    return found

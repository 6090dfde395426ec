"""Looking at money: usage without a price, balances, packages, applications that fell silent."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
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
# Of a package: used to nine tenths.
USED, OF = 9, 10
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
    """Raise an alert for each account that is low or in arrears: once per crossing (billing.md 7).

    Also of a crossing back and again between two looks: the account keeps since when it stands so.
    """
    accounts = Account.objects.exclude(state=Account.State.GOOD).annotate(amount=F("balance__amount")).order_by("pk")
    low = [_standing(one, "warning") for one in accounts if one.state == Account.State.LOW]
    behind = [_standing(one, "critical") for one in accounts if one.state == Account.State.ARREARS]
    alerts.follow("arrears", behind, now=now)
    alerts.follow("low_balance", low, now=now)


def packages(now: datetime) -> None:
    """Raise an alert for each running package of which nine tenths are used, or which ends within a week.

    Not while the account has another that has enough of what runs out: running now, or for the one that ends, by then.
    """
    # About so much; `_short` says it exactly.
    minutes = Q(minutes__gt=0, minutes_used__gte=F("minutes") * 0.899)
    messages = Q(messages__gt=0, messages_used__gte=F("messages") * 0.899)
    running = Purchase.objects.filter(starts_at__lte=now, ends_at__gt=now)
    found = running.filter(minutes | messages | Q(ends_at__lte=now + ENDING))
    others: dict[int, list[Purchase]] = defaultdict(list)
    for other in Purchase.objects.filter(account__in=found.values("account"), ends_at__gt=now + ENDING):
        others[other.account_id].append(other)
    troubles = [
        _package(one)
        for one in found.select_related("account", "package").order_by("pk")
        if _missing(one, others[one.account_id], now)
    ]
    alerts.follow("package_running_out", troubles, now=now)


def _spare(others: Iterable[Purchase], by: datetime) -> set[str]:
    """Return of what these have enough, counting those that have begun by then: earlier they are not drawn from."""
    begun = [other for other in others if other.starts_at <= by]
    return {item for other in begun for item, used, quota in _quotas(other) if quota and not _used_up(used, quota)}


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
        "balance": _exact(amount),
        "currency": account.currency,
        "threshold": _exact(account.low_balance),
    }
    return Trouble(f"account:{account.pk}", severity, account, values=values, since=account.state_since)


def _exact(amount: Decimal) -> Decimal:
    """Return an amount without noughts at its end, with two decimals at least: nothing is rounded (billing.md 4)."""
    digits = amount.normalize().as_tuple().exponent
    return amount.quantize(Decimal(1).scaleb(min(int(digits), -2)))


def _package(one: Purchase) -> Trouble:
    quotas = [(used, quota) for _item, used, quota in _quotas(one) if quota]
    values = {
        "package": one.package.code,
        "account": one.account.code,
        "percent": max((100 * used // quota for used, quota in quotas), default=0),
        "minutes": one.minutes - one.minutes_used,
        "messages": one.messages - one.messages_used,
        "ends_at": one.ends_at,
    }
    return Trouble(f"purchase:{one.pk}", account=one.account, values=values)


def _missing(one: Purchase, others: Iterable[Purchase], now: datetime) -> set[str]:
    """Return what a package runs out of and no other has: what is used up, and all it has when it ends soon."""
    used = {item for item, used, quota in _quotas(one) if quota and _used_up(used, quota)}
    ending = {item for item, _, quota in _quotas(one) if quota} if one.ends_at <= now + ENDING else set[str]()
    return (used - _spare(others, now)) | (ending - _spare(others, one.ends_at))


def _used_up(used: int, quota: int) -> bool:
    return used * OF >= quota * USED


def _quotas(one: Purchase) -> Iterator[tuple[str, int, int]]:
    yield "minutes", one.minutes_used, one.minutes
    yield "messages", one.messages_used, one.messages


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

"""Buying packages (billing.md 2): minutes and message parts that an account uses up before it pays for units."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import Account
from billing import ledger
from billing.locks import shard_lock
from billing.models import ClosedMonth, LedgerTransaction, Package, Purchase, SettledHour
from common.errors import BadInput, Conflict
from common.periods import add_months, hour_of, next_full_hour
from privacy.models import Number


class NotCovered(Conflict):
    """The balance and the credit limit do not cover the price. The operator may override."""


def buy(
    *,
    account: Account,
    package: Package,
    reference: str,
    purchased_at: datetime,
    now: datetime,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    minutes: int | None = None,
    messages: int | None = None,
    priority: int = 100,
    charge: bool = True,
    override: bool = False,
) -> Purchase:
    """Buy a package for an account under a reference of its own; return the purchase.

    It serves usage of [starts_at, ends_at): from the next full UTC hour after purchased_at for `package.months`
    calendar months in the account's zone, unless said otherwise. `charge=False` gives the quota without booking the
    price, which is booked at purchased_at, or now when that hour is settled. The same reference with the same content
    changes nothing. Raises BadInput, Conflict, NotCovered.
    """
    window = _window(account, package, purchased_at, starts_at, ends_at)
    wanted = {
        "package_id": package.pk,
        "purchased_at": purchased_at,
        "starts_at": window[0],
        "ends_at": window[1],
        "minutes": package.minutes if minutes is None else minutes,
        "messages": package.messages if messages is None else messages,
        "priority": priority,
        "charged": charge,
    }
    with transaction.atomic():
        shard_lock(account.shard)
        found = Purchase.objects.filter(account=account, reference=reference).first()
        if found is not None:
            return _same(found, wanted)
        _check(account, package, reference, wanted)
        if charge and package.price:
            booked_at = now if _settled(account, purchased_at) else purchased_at
            _pay(account, package.price, reference, booked_at, now, override)
        return Purchase.objects.create(account=account, reference=reference, price=package.price, **wanted)


def _window(
    account: Account, package: Package, purchased_at: datetime, starts_at: datetime | None, ends_at: datetime | None
) -> tuple[datetime, datetime]:
    start = starts_at or next_full_hour(purchased_at)
    return start, ends_at or add_months(start, package.months, account.time_zone)


def _same(found: Purchase, wanted: dict[str, Any]) -> Purchase:
    differs = [name for name, value in wanted.items() if getattr(found, name) != value]
    if differs:
        was, now = ([f"{name} {source(name)}" for name in differs] for source in (found.__getattribute__, wanted.get))
        raise Conflict(f"purchase {found.reference} exists with {', '.join(was)}; asked for now: {', '.join(now)}")
    return found


def _check(account: Account, package: Package, reference: str, wanted: dict[str, Any]) -> None:
    if not reference:
        raise BadInput("reference", "is missing", "a purchase is known by its reference")
    if package.currency != account.currency:
        raise BadInput("package", f"is sold in {package.currency}, the account pays in {account.currency}")
    if wanted["ends_at"] <= wanted["starts_at"]:
        raise BadInput("ends_at", "is not after starts_at")
    for name in ("minutes", "messages"):
        if wanted[name] < 0:
            raise BadInput(name, "is below 0")
    if not Number.objects.filter(holdings__application__account=account).exists():
        raise BadInput("account", f"{account.code} has no number", "a package needs at least one number")


def _settled(account: Account, at: datetime) -> bool:
    """Return whether the hour of `at` is settled or its month closed: it never gains a line (billing.md 4)."""
    hours = SettledHour.objects.filter(account=account, hour=hour_of(at))
    months = ClosedMonth.objects.filter(account=account, starts_at__lte=at, ends_at__gt=at)
    return hours.exists() or months.exists()


def _pay(account: Account, price: Decimal, reference: str, at: datetime, now: datetime, override: bool) -> None:
    limit = Account.objects.values_list("credit_limit", flat=True).get(pk=account.pk)
    if not override and ledger.balance(account) + limit < price:
        raise NotCovered(f"the balance of {account.code} does not cover {price} {account.currency}")
    ledger.post(
        key=f"package:{account.code}:{reference}",
        kind=LedgerTransaction.Kind.PACKAGE,
        account=account,
        booked_at=at,
        entries=[(ledger.customer(account), -price), (ledger.revenue("package", account.currency), price)],
        now=now,
    )

"""Prices: never edited, only cut by a newer one (billing.md 3)."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Account
from billing import locks
from billing.models import Charge, Tariff
from billing.models.tariffs import Item, NumberKind
from common import timeid
from common.errors import BadInput, Conflict
from common.money import MINOR_UNITS, exact

# A call's id carries its first time: it may ring and be talked for long before and after it is answered.
LONGEST_BEFORE_ANSWER = timedelta(days=31)


# A slip of the keyboard above this would not fit the column once it is multiplied, and hold up its shard.
HIGHEST_PRICE = 1_000_000


def set_price(
    *,
    item: str,
    number_kind: str,
    price: Decimal,
    currency: str,
    account: Account | None,
    valid_from: datetime,
    valid_to: datetime | None = None,
) -> Tariff:
    """Make a price valid during [valid_from, valid_to) for an account, or for all; return it.

    It cuts the older price of its rank at valid_from, and ends where a newer one begins. The same price again (the key
    is all but price and valid_to) changes nothing but, where asked, its end. Raises Conflict when usage was charged
    with a price from the instant at which it would now end (correct that by re-rating), or when the key has another
    price.
    """
    _check(item, number_kind, currency, account, valid_from, valid_to)
    amount = exact(price)
    if not 0 <= amount <= HIGHEST_PRICE:
        raise BadInput("price", f"is not from 0 to {HIGHEST_PRICE}")
    with transaction.atomic():
        _lock(account)
        rank = Tariff.objects.filter(item=item, number_kind=number_kind, currency=currency, account=account)
        end = _end(rank, valid_from, valid_to)
        same = rank.filter(valid_from=valid_from).first()
        if same is not None:
            return _again(same, amount, end)
        older = rank.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=valid_from), valid_from__lt=valid_from).first()
        if older is not None:
            _cut(older, valid_from)
        return Tariff.objects.create(
            item=item,
            number_kind=number_kind,
            price=amount,
            currency=currency,
            account=account,
            valid_from=valid_from,
            valid_to=end,
        )


def charged_from(tariff: Tariff, instant: datetime) -> bool:
    """Return whether usage answered or sent at `instant` or later has been charged with this price."""
    charges = Charge.objects.filter(
        tariff=tariff, rated_at__gte=instant, pk__gte=timeid.lower(instant - LONGEST_BEFORE_ANSWER)
    )
    if tariff.account_id is not None:
        charges = charges.filter(account=tariff.account_id)
    return charges.exists()


def _lock(account: Account | None) -> None:
    if account is None:
        locks.every_shard()
    else:
        locks.shard_lock(account.shard)


def _end(rank: QuerySet[Tariff], valid_from: datetime, valid_to: datetime | None) -> datetime | None:
    """Return the earlier of the end asked for and the start of the next price of the rank."""
    newer = rank.filter(valid_from__gt=valid_from).order_by("valid_from").values_list("valid_from", flat=True).first()
    return min((end for end in (valid_to, newer) if end is not None), default=None)


def _again(same: Tariff, amount: Decimal, end: datetime | None) -> Tariff:
    if same.price != amount:
        raise Conflict(
            f"{same.item} from {same.valid_from.isoformat()} costs {same.price} already; a price is never edited"
        )
    if same.valid_to == end:
        return same
    if end is not None and (same.valid_to is None or end < same.valid_to):
        return _cut(same, end)
    same.valid_to = end
    same.save(update_fields=["valid_to"])
    return same


def _cut(older: Tariff, at: datetime) -> Tariff:
    if charged_from(older, at):
        raise Conflict(
            f"usage from {at.isoformat()} on has been charged with the price {older.price} of {older.item}"
            f" that began {older.valid_from.isoformat()}; correct it by re-rating"
        )
    older.valid_to = at
    older.save(update_fields=["valid_to"])
    return older


def _check(
    item: str,
    number_kind: str,
    currency: str,
    account: Account | None,
    valid_from: datetime,
    valid_to: datetime | None,
) -> None:
    if item not in Item.values:
        raise BadInput("item", "unknown", "use one of " + ", ".join(Item.values))
    if number_kind not in NumberKind.values:
        raise BadInput("number_kind", "unknown", "use one of " + ", ".join(NumberKind.values))
    if currency not in MINOR_UNITS:
        raise BadInput("currency", "unknown", "use one of " + ", ".join(sorted(MINOR_UNITS)))
    if account is not None and account.currency != currency:
        raise BadInput("currency", f"is not the account's, {account.currency}")
    if valid_to is not None and valid_to <= valid_from:
        raise BadInput("valid_to", "is not after valid_from")

"""What usage costs: minutes, the choice of a price, and the amount (billing.md 1 and 3).

Pure. Settlement does the same in SQL (`billing/sql/settlement.sql`) and shares no code with this; tests compare them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

ANY = "any"
SECONDS_A_MINUTE = 60


@dataclass(frozen=True)
class Price:
    """A price valid during [valid_from, valid_to); account None is every account, number_kind "any" every kind."""

    id: int
    item: str
    number_kind: str
    currency: str
    account_id: int | None
    price: Decimal
    valid_from: datetime
    valid_to: datetime | None

    def covers(self, at: datetime) -> bool:
        """Return whether the price is valid at this instant."""
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)


def minutes(seconds: int) -> int:
    """Return the minutes of a call: every started minute counts whole, 0 seconds are 0 minutes (billing.md 1)."""
    return -(-seconds // SECONDS_A_MINUTE)


def choose(
    prices: Iterable[Price], *, item: str, number_kind: str, currency: str, account_id: int, at: datetime
) -> Price | None:
    """Return the price of usage rated at `at`, or None: then it is never charged 0 but waits (billing.md 3).

    Ranked: account and kind; account and any; kind; any. The database holds that a rank has one price at an instant.
    """
    fitting = [
        price
        for price in prices
        if price.item == item
        and price.currency == currency
        and price.number_kind in (number_kind, ANY)
        and price.account_id in (account_id, None)
        and price.covers(at)
    ]
    return min(fitting, key=lambda price: (price.account_id is None, price.number_kind == ANY), default=None)


def amount(overage_units: int, unit_price: Decimal) -> Decimal:
    """Return what the units outside packages cost, exactly: nothing is rounded (billing.md 4)."""
    return overage_units * unit_price

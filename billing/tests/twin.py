"""The oracle of settlement: its rules in plain Python, over `billing.rating` and `billing.allocation`, no SQL."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from accounts.models import Account
from billing import allocation, rating
from billing.allocation import Quota, Split
from billing.models import Purchase, Tariff
from billing.rating import Price
from common.periods import hour_of
from privacy.models import Usage

HOUR = timedelta(hours=1)
DELAY = timedelta(minutes=5)


@dataclass(frozen=True)
class Line:
    """What a charge says."""

    account_id: int
    item: str
    booked_hour: datetime
    usage_hour: datetime
    late: bool
    units: int
    package_units: int
    unit_price: Decimal
    amount: Decimal
    splits: tuple[tuple[int, int], ...]
    reverses: UUID | None = None


@dataclass
class Twin:
    """The queue and the books as the rules make them."""

    accounts: dict[int, Account]
    prices: list[Price]
    quotas: list[Quota]
    queue: list[Usage] = field(default_factory=list)
    lines: dict[UUID, Line] = field(default_factory=dict)
    unanswered: dict[tuple[int, datetime, bool], int] = field(default_factory=dict)
    settled: set[tuple[int, datetime]] = field(default_factory=set)
    waiting: dict[UUID, str] = field(default_factory=dict)
    closed: list[tuple[int, datetime, datetime]] = field(default_factory=list)
    owners: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, accounts: Iterable[Account], tariffs: Iterable[Tariff], purchases: Iterable[Purchase]) -> "Twin":
        """Return a twin that starts with these rows."""
        bought = list(purchases)
        return cls(
            accounts={account.pk: account for account in accounts},
            prices=[price_of(tariff) for tariff in tariffs],
            quotas=[quota for purchase in bought for quota in quotas_of(purchase)],
            owners={purchase.pk: purchase.account_id for purchase in bought},
        )

    def settle(self, until: datetime, now: datetime) -> None:
        """Settle the due hours that ended by `until`, oldest first, account by account."""
        due = {row.hour for row in self.queue if row.hour + HOUR <= until and row.hour + HOUR + DELAY <= now}
        for hour in sorted(due):
            for account_id in self.accounts:
                rows = [row for row in self.queue if row.hour == hour and row.account_id == account_id]
                self._settle(account_id, hour, rows, hour_of(now))

    def _settle(self, account_id: int, hour: datetime, rows: list[Usage], current: datetime) -> None:
        closed = any(who == account_id and first <= hour < last for who, first, last in self.closed)
        late = (account_id, hour) in self.settled or closed
        booked = current if late else hour
        reversals = [row for row in rows if row.item == "reversal"]
        self._reverse([row for row in reversals if row.reverses in self.lines], current)
        charged = self._charge(account_id, rows, booked, late)
        calls = [row for row in rows if row.item == "unanswered"]
        if calls:
            key = (account_id, booked, late)
            self.unanswered[key] = self.unanswered.get(key, 0) + len(calls)
        if (charged or calls) and not late:
            self.settled.add((account_id, hour))
        self._reverse([row for row in reversals if row.usage_id not in self.lines], current)
        gone = set(self.lines) | {row.usage_id for row in calls}
        self.queue = [row for row in self.queue if row.usage_id not in gone]

    def _charge(self, account_id: int, rows: list[Usage], booked: datetime, late: bool) -> bool:
        priced = {}
        for row in rows:
            if row.item not in ("call", "sms"):
                continue
            price = self._price(row)
            if row.item == "sms" and row.units is None:
                self.waiting[row.usage_id] = "parts_unknown"
            elif price is None:
                self.waiting[row.usage_id] = "no_price"
            else:
                self.waiting.pop(row.usage_id, None)
                priced[row.usage_id] = (row, price)
        usages = [_usage(row) for row, _ in priced.values()]
        own = [quota for quota in self.quotas if self.owners[quota.purchase_id] == account_id]
        drawn = allocation.allocate(usages, own)
        for usage in usages:
            row, price = priced[usage.id]
            self._write(row, price, usage.units, drawn[usage.id], booked, late)
        return bool(priced)

    def _write(self, row: Usage, price: Price, units: int, splits: list[Split], booked: datetime, late: bool) -> None:
        for split in splits:
            self._use(split.purchase_id, row.item, split.units)
        taken = sum(split.units for split in splits)
        self.lines[row.usage_id] = Line(
            account_id=row.account_id,
            item=row.item,
            booked_hour=booked,
            usage_hour=row.hour,
            late=late,
            units=units,
            package_units=taken,
            unit_price=price.price,
            amount=rating.amount(units - taken, price.price),
            splits=tuple((split.purchase_id, split.units) for split in splits),
        )

    def _reverse(self, rows: list[Usage], current: datetime) -> None:
        for row in rows:
            assert row.reverses is not None
            original = self.lines.get(row.reverses)
            if original is None:
                self.waiting[row.usage_id] = "original_not_charged"
                continue
            self.waiting.pop(row.usage_id, None)
            for purchase_id, units in original.splits:
                self._use(purchase_id, original.item, -units)
            self.lines[row.usage_id] = replace(
                original,
                booked_hour=current,
                late=False,
                units=-original.units,
                package_units=-original.package_units,
                amount=-original.amount,
                splits=tuple((purchase_id, -units) for purchase_id, units in original.splits),
                reverses=row.reverses,
            )

    def _price(self, row: Usage) -> Price | None:
        assert row.rated_at is not None
        return rating.choose(
            self.prices,
            item=row.item,
            number_kind=row.number_kind,
            currency=self.accounts[row.account_id].currency,
            account_id=row.account_id,
            at=row.rated_at,
        )

    def _use(self, purchase_id: int, item: str, units: int) -> None:
        self.quotas = [
            replace(quota, left=quota.left - units) if (quota.purchase_id, quota.item) == (purchase_id, item) else quota
            for quota in self.quotas
        ]

    def balance(self, account_id: int) -> Decimal:
        """Return what the charges made of a balance that was 0."""
        return -sum((line.amount for line in self.lines.values() if line.account_id == account_id), Decimal(0))


def price_of(tariff: Tariff) -> Price:
    """Return the price that a tariff row says."""
    return Price(
        id=tariff.pk,
        item=tariff.item,
        number_kind=tariff.number_kind,
        currency=tariff.currency,
        account_id=tariff.account_id,
        price=Decimal(tariff.price),
        valid_from=tariff.valid_from,
        valid_to=tariff.valid_to,
    )


def quotas_of(purchase: Purchase) -> list[Quota]:
    """Return the minutes and the message parts left in a purchase."""
    left = {"call": purchase.minutes - purchase.minutes_used, "sms": purchase.messages - purchase.messages_used}
    return [
        Quota(
            purchase_id=purchase.pk,
            item=item,
            starts_at=purchase.starts_at,
            ends_at=purchase.ends_at,
            purchased_at=purchase.purchased_at,
            reference=purchase.reference,
            left=units,
            priority=purchase.priority,
        )
        for item, units in left.items()
    ]


def _usage(row: Usage) -> allocation.Usage:
    units = rating.minutes(row.seconds) if row.item == "call" else row.units
    assert units is not None and row.rated_at is not None
    return allocation.Usage(row.usage_id, row.item, row.number_kind, row.rated_at, units)

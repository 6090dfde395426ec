"""Settlement in SQL against its twin, over whatever Hypothesis thinks of: 0 differences (billing.md 1-5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from accounts.tests import cast
from accounts.tests.fixtures import Company
from billing.models import ClosedMonth, Package, Purchase, Tariff
from billing.settlement import settle
from billing.tests import books, usage
from billing.tests.twin import Twin
from privacy.models import Usage

START = datetime(2026, 2, 28, 22, tzinfo=UTC)  # the hours of the test lie in two months, so in two partitions
HOURS = 3
LAST = START + timedelta(days=2)

instants = st.integers(0, HOURS * 4).map(lambda quarters: START + timedelta(minutes=15 * quarters))


@dataclass(frozen=True)
class Record:
    """One record that arrives: of whom, what, when, how much; and in which delivery, perhaps again in a later one."""

    company: int
    kind: str
    item: str
    at: datetime
    size: int
    delivery: int
    again: bool
    taken_back: bool


@st.composite
def windows(draw: st.DrawFn) -> tuple[datetime, datetime]:
    """Return a window that may begin and end inside an hour."""
    first, last = draw(st.tuples(instants, instants).filter(lambda pair: pair[0] != pair[1]))
    return min(first, last), max(first, last)


records = st.builds(
    Record,
    company=st.sampled_from([0, 0, 0, 1]),
    kind=st.sampled_from(["virtual", "carrier"]),
    item=st.sampled_from(["call", "call", "call", "sms", "unanswered"]),
    at=instants,
    size=st.sampled_from([0, 1, 59, 60, 61, 179, 600]),
    delivery=st.integers(0, 2),
    again=st.booleans(),
    taken_back=st.booleans(),
)
prices = st.tuples(
    st.sampled_from(["call", "call", "sms"]),
    st.sampled_from(["any", "virtual", "carrier"]),
    st.sampled_from(["0", "0.06", "0.000001", "1.234567"]),
    st.sampled_from(["CNY", "CNY", "CNY", "USD"]),
    st.sampled_from([None, None, 0, 1]),
    windows(),
)
purchases = st.tuples(
    st.integers(0, 1),
    st.sampled_from("aAbBzZ"),
    windows(),
    st.integers(0, 25),
    st.integers(0, 6),
    st.sampled_from([50, 100]),
    st.integers(0, 1),
)
# Without a base price most usage would only wait.
bases = st.sampled_from([("call", "sms"), ("call", "sms"), ("call",), ()])
settlements = st.lists(st.integers(0, HOURS + 1), min_size=3, max_size=3)


@pytest.mark.slow
@given(
    based=bases,
    given_prices=st.lists(prices, max_size=6),
    bought=st.lists(purchases, min_size=2, max_size=7),
    arrived=st.lists(records, min_size=10, max_size=30),
    untils=settlements,
    closed=st.booleans(),
)
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_sql_and_twin_never_differ(
    db: None,
    based: tuple[str, ...],
    given_prices: list[tuple[Any, ...]],
    bought: list[tuple[Any, ...]],
    arrived: list[Record],
    untils: list[int],
    closed: bool,
) -> None:
    with _nothing_stays():
        companies = [_company("acme", "+8617100000001"), _company("corp", "+8617100000002")]
        twin = Twin.of(
            [company.account for company in companies],
            _prices([*(_base(item) for item in based), *given_prices], companies),
            _purchases(bought, companies),
        )
        if closed:
            _close(twin, companies[0].account)
        seen: set[Any] = set()
        now = START + timedelta(hours=1)
        for delivery, until in enumerate(untils):
            _deliver(twin, [row for row in _rows(arrived, companies, delivery) if row.usage_id not in seen])
            seen |= {row.usage_id for row in twin.queue}
            now = max(now, START + timedelta(hours=until, minutes=6))
            _settle_both(twin, START + timedelta(hours=until), now)
        _settle_both(twin, LAST, LAST)
        settle(until=LAST, now=LAST)
        books.assert_same(twin)


def _settle_both(twin: Twin, until: datetime, now: datetime) -> None:
    settle(until=until, now=now)
    twin.settle(until, now)
    books.assert_same(twin)
    books.assert_sound()


@contextmanager
def _nothing_stays() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _company(code: str, number: str) -> Company:
    account = cast.make_account(code)
    application = cast.make_application(account)
    return Company(account, application, cast.make_number(application, number))


def _base(item: str) -> tuple[Any, ...]:
    return item, "any", "0.14", "CNY", None, (START - timedelta(days=1), LAST)


def _prices(given_prices: list[tuple[Any, ...]], companies: list[Company]) -> list[Tariff]:
    """Store the prices of which no two of a rank meet."""
    made: list[Tariff] = []
    for item, kind, price, currency, owner, (first, last) in given_prices:
        account = None if owner is None else companies[owner].account
        rank = (item, kind, currency, account)
        others = [row for row in made if (row.item, row.number_kind, row.currency, row.account) == rank]
        if all(last <= row.valid_from or row.valid_to <= first for row in others if row.valid_to):
            made.append(
                Tariff.objects.create(
                    item=item,
                    number_kind=kind,
                    price=Decimal(price),
                    currency=currency,
                    account=account,
                    valid_from=first,
                    valid_to=last,
                )
            )
    return made


def _purchases(bought: list[tuple[Any, ...]], companies: list[Company]) -> list[Purchase]:
    package = Package.objects.create(code="p", name="p", price=0)
    made: dict[tuple[int, str], Purchase] = {}
    for owner, reference, (first, last), minutes, messages, priority, day in bought:
        if (owner, reference) not in made:
            made[owner, reference] = Purchase.objects.create(
                account=companies[owner].account,
                package=package,
                reference=reference,
                purchased_at=START - timedelta(days=day),
                starts_at=first,
                ends_at=last,
                minutes=minutes,
                messages=messages,
                priority=priority,
                price=0,
            )
    return list(made.values())


def _close(twin: Twin, account: Account) -> None:
    """Close February of one account: what belongs to it is late from the first settlement on."""
    first, last = datetime(2026, 1, 31, 16, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    ClosedMonth.objects.create(account=account, starts_at=first, ends_at=last)
    twin.closed.append((account.pk, first, last))


def _rows(arrived: list[Record], companies: list[Company], delivery: int) -> list[Usage]:
    """Return the usage of the records that come in this delivery, repeats included."""
    rows = []
    for place, record in enumerate(arrived):
        if record.delivery == delivery or (record.again and record.delivery < delivery):
            row = _row(record, companies[record.company], f"record {place}")
            rows.append(row)
            if record.taken_back and record.item == "sms":
                rows.append(usage.reversal(companies[record.company], row, record.at + timedelta(minutes=7)))
    return rows


def _row(record: Record, company: Company, name: str) -> Usage:
    if record.item == "call":
        return usage.call(company, record.at, record.size, name, number_kind=record.kind)
    if record.item == "sms":
        parts = None if record.size == 59 else record.size % 7
        return usage.sms(company, record.at, parts, name, number_kind=record.kind)
    return usage.unanswered(company, record.at, name)


def _deliver(twin: Twin, rows: list[Usage]) -> None:
    usage.queue(rows)
    twin.queue += rows

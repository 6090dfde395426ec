"""How a line of scenarios.csv is read.

All of it is one day of one account, 2 March 2026 in UTC, settled once after the day. Parts are divided by `;`.
prices: `ITEM KIND PRICE [CURRENCY] [own] [from HH:MM:SS] [to HH:MM:SS]`. packages: `REFERENCE MINUTES/PARTS
[from ..] [to ..] [priority N]`. usage: `HH:MM:SS call SECONDS [carrier]` (answered then) or `HH:MM:SS sms PARTS
[carrier]`, parts `?` when unknown. lines, one for each usage: `UNITS=REFERENCE..UNITS+..+OVERAGE AMOUNT @BOOKED_HOUR`,
or `waits REASON`. left: `REFERENCE MINUTES/PARTS`. balance: of the account, which began at 0.
"""

import csv
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from accounts.tests.fixtures import Company
from billing.models import Package, Purchase, Tariff
from billing.tests import usage
from billing.tests.twin import Line
from privacy.models import Usage

DAY = datetime(2026, 3, 2, tzinfo=UTC)
FILE = Path(__file__).with_name("scenarios.csv")


@dataclass(frozen=True)
class Scenario:
    """One line of the file."""

    name: str
    prices: str
    packages: str
    usage: str
    lines: str
    left: str
    balance: str


def read() -> list[Scenario]:
    """Return all scenarios."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return [Scenario(**row) for row in csv.DictReader(file)]


def parts(text: str) -> list[str]:
    """Return the parts of a column."""
    return [part.strip() for part in text.split(";") if part.strip()]


def make_prices(scenario: Scenario, company: Company) -> list[Tariff]:
    """Store and return the prices of a scenario."""
    return [_price(part, company) for part in parts(scenario.prices)]


def make_purchases(scenario: Scenario, company: Company) -> list[Purchase]:
    """Store and return the purchases of a scenario."""
    package = Package.objects.create(code="p", name="p", price=0)
    return [_purchase(part, company, package) for part in parts(scenario.packages)]


def make_usage(scenario: Scenario, company: Company) -> list[Usage]:
    """Return the unsaved usage of a scenario."""
    return [_usage(part, company, place) for place, part in enumerate(parts(scenario.usage))]


def line_text(line: Line | None, reason: str, references: dict[int, str]) -> str:
    """Return a charge as the column `lines` says it."""
    if line is None:
        return f"waits {reason}"
    drawn = "".join(f"{references[purchase]}{units}+" for purchase, units in line.splits)
    return f"{line.units}={drawn}{line.units - line.package_units} {money(line.amount)} @{line.booked_hour:%H}"


def money(amount: Decimal) -> str:
    """Return an amount without the zeros that say nothing; two decimals at least, but `0`."""
    if amount == 0:
        return "0"
    text = f"{amount:.6f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def _at(text: str) -> datetime:
    hours, minutes, seconds = map(int, text.split(":"))
    return DAY + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _word(part: str, name: str) -> str | None:
    found = re.search(rf"\b{name} (\S+)", part)
    return found[1] if found else None


def _window(part: str) -> tuple[datetime | None, datetime | None]:
    first, last = _word(part, "from"), _word(part, "to")
    return (_at(first) if first else None), (_at(last) if last else None)


def _price(part: str, company: Company) -> Tariff:
    item, kind, price, *rest = part.split()
    first, last = _window(part)
    return Tariff.objects.create(
        item=item,
        number_kind=kind,
        price=Decimal(price),
        currency="USD" if "USD" in rest else "CNY",
        account=company.account if "own" in rest else None,
        valid_from=first or DAY - timedelta(days=60),
        valid_to=last,
    )


def _purchase(part: str, company: Company, package: Package) -> Purchase:
    reference, quota, *_ = part.split()
    minutes, messages = map(int, quota.split("/"))
    first, last = _window(part)
    return Purchase.objects.create(
        account=company.account,
        package=package,
        reference=reference,
        purchased_at=DAY - timedelta(days=2),
        starts_at=first or DAY - timedelta(days=1),
        ends_at=last or DAY + timedelta(days=364),
        minutes=minutes,
        messages=messages,
        priority=int(_word(part, "priority") or 100),
        price=0,
    )


def _usage(part: str, company: Company, place: int) -> Usage:
    at, item, units, *rest = part.split()
    fields: dict[str, Any] = {"name": f"usage {place}", "number_kind": rest[0] if rest else "virtual"}
    if item == "call":
        return usage.call(company, _at(at), int(units), **fields)
    return usage.sms(company, _at(at), None if units == "?" else int(units), **fields)

"""What the tests of reports share: prices, two settled hours, and the rows and totals of a report."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from billing import ledger
from billing.models import Package
from billing.purchases import buy
from billing.reports.charges import ChargeExtract
from billing.reports.period import Period
from billing.reports.request import ChargeRequest
from billing.reports.writers import stream
from billing.settlement import settle
from billing.tariffs import set_price
from billing.tests import usage
from common.periods import HOUR

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
ELEVEN = TEN + HOUR
LATER = datetime(2026, 3, 5, 12, 30, tzinfo=UTC)


@pytest.fixture
def prices(db: None) -> None:
    """Prices of calls (0.14) and messages (0.28)."""
    for item, price in (("call", "0.14"), ("sms", "0.28")):
        set_price(
            item=item,
            number_kind="any",
            price=Decimal(price),
            currency="CNY",
            account=None,
            valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        )


@pytest.fixture
def settled(prices: None, acme: Company, bolt: Company) -> Company:
    """Two hours of Acme, one of Bolt, with a package, unanswered calls and messages, all settled; returns Acme."""
    ledger.open_account(acme.account)
    package = Package.objects.create(code="p", name="p", minutes=5, messages=1, price=Decimal("38"), currency="CNY")
    buy(account=acme.account, package=package, reference="p-1", purchased_at=TEN - HOUR, now=TEN - HOUR, override=True)
    usage.queue(
        *(usage.call(acme, TEN + timedelta(minutes=n), 61 * n) for n in range(1, 6)),
        usage.call(acme, ELEVEN + timedelta(minutes=1), 30),
        usage.sms(acme, TEN + timedelta(minutes=2), 3),
        usage.unanswered(acme, TEN + timedelta(minutes=3)),
        usage.unanswered(acme, TEN + timedelta(minutes=4)),
        usage.call(bolt, TEN + timedelta(minutes=1), 600),
    )
    settle(until=LATER, now=LATER)
    return acme


def request(company: Company | None = None, **fields: Any) -> ChargeRequest:
    """Return a request for the day of the data."""
    scope = {"account_id": company.account.pk, "account_code": company.account.code} if company else {}
    period = Period(TEN - 10 * HOUR, TEN + 14 * HOUR)
    defaults = {"period": period, "zone": "Asia/Shanghai", "made_by": "finance", "made_at": LATER}
    return ChargeRequest(**{**defaults, **scope, **fields})


def read(extract: ChargeExtract) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """Return the rows of an extract, as any CSV reader sees them, and its facts."""
    sink = io.BytesIO()
    facts = stream(extract, sink)
    return list(csv.DictReader(io.StringIO(sink.getvalue().decode()))), facts


def amount(rows: list[dict[str, str]]) -> Decimal:
    return sum((Decimal(row["amount"]) for row in rows), Decimal(0))

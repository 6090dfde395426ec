"""Report = lines = ledger over random usage, packages, late and repeated settlements, postings and reversals."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.tests.fixtures import company
from billing import ledger
from billing.models import Charge, LedgerEntry, Package
from billing.purchases import buy
from billing.reports.detail import DetailReport
from billing.reports.hourly import HourlyReport
from billing.reports.period import Period
from billing.reports.request import ChargeRequest
from billing.settlement import settle
from billing.tariffs import set_price
from billing.tests import usage
from billing.tests.reporting import amount, read
from common.periods import HOUR

START = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = 4
END = START + (HOURS + 24) * HOUR

calls = st.lists(
    st.tuples(
        st.sampled_from(["acme", "bolt"]),
        st.sampled_from(["call", "sms", "unanswered"]),
        st.integers(0, HOURS * 3600 - 1),  # when, in seconds from START
        st.integers(0, 900),  # how long, or how many parts
        st.integers(0, 2),  # known to which settlement
    ),
    max_size=25,
)
postings = st.lists(
    st.tuples(
        st.sampled_from(["rental", "package", "adjust", "topup"]),
        st.integers(0, HOURS * 3600 - 1),
        st.decimals("0.000001", "500", places=6),
    ),
    max_size=5,
)


@pytest.mark.django_db(transaction=False)
@settings(max_examples=25, deadline=None)
@given(calls=calls, postings=postings, cut=st.integers(1, HOURS - 1))
def test_every_part_of_the_time_adds_up_to_the_ledger(calls, postings, cut):
    with transaction.atomic():
        check(calls, postings, cut)
        transaction.set_rollback(True)


def check(calls: Any, postings: Any, cut: int) -> None:
    companies = {code: company(code, f"+861710000000{n}") for n, code in enumerate(("acme", "bolt"), start=1)}
    for item in ("call", "sms"):
        for price, since in (("0.123457", START - 900 * HOUR), ("0.07", START + HOUR)):
            set_price(
                item=item, number_kind="any", price=Decimal(price), currency="CNY", account=None, valid_from=since
            )
    package = Package.objects.create(code="p", name="p", minutes=20, messages=3, price=Decimal("3.5"), currency="CNY")
    acme = companies["acme"].account
    ledger.open_account(acme)
    buy(account=acme, package=package, reference="p", purchased_at=START - HOUR, now=START, override=True)
    for number, (kind, second, cost) in enumerate(postings):
        other = {"topup": "cash:CNY", "adjust": "adjustment:CNY"}.get(kind, f"revenue:{kind}:CNY")
        entries = [("customer:acme", -cost), (other, cost)]
        at = START + timedelta(seconds=second)
        ledger.post(key=f"{kind}:{number}", kind=kind, account=acme, booked_at=at, entries=entries, now=at)
    for wave in range(3):
        for number, call in enumerate(calls):
            if call[4] == wave:
                usage.queue(_usage(companies, number, *call[:4]))
        settle(until=END, now=START + (HOURS + 2 + wave) * HOUR)

    middle = START + cut * HOUR
    whole = _reports(Period(START - HOUR, END))
    parts = [_reports(Period(START - HOUR, middle)), _reports(Period(middle, END))]
    booked = LedgerEntry.objects.exclude(ledger_account__code__startswith="cash:")
    charged = booked.filter(ledger_account__account=None).aggregate(all=Sum("amount"))["all"] or Decimal(0)
    assert whole == sum(parts) == charged
    lines = Charge.objects.aggregate(all=Sum("amount"))["all"] or Decimal(0)
    usage_entries = booked.filter(ledger_account__account=None, transaction__kind="usage")
    assert lines == (usage_entries.aggregate(all=Sum("amount"))["all"] or Decimal(0))
    per_account = [_reports(Period(START - HOUR, END), each.account.pk) for each in companies.values()]
    assert whole == sum(per_account)


def _reports(period: Period, account_id: int | None = None) -> Decimal:
    """Return the sum of both reports, which are equal to each other and to the ledger by their own word."""
    request = ChargeRequest(period=period, zone="UTC", made_by="t", made_at=END + 9 * HOUR, account_id=account_id)
    sums = set()
    for report in (HourlyReport, DetailReport):
        rows, facts = read(report(request))
        assert facts["equals_ledger"] and facts["complete"] == "yes" and facts["rows"] == len(rows)
        total = facts["control_totals"].get("CNY", {}).get("total", {"amount": "0", "units": 0})
        assert (amount(rows), sum(int(row["units"]) for row in rows)) == (Decimal(total["amount"]), total["units"])
        sums.add(amount(rows))
    assert len(sums) == 1
    return sums.pop()


def _usage(companies: Any, number: int, code: str, item: str, second: int, size: int) -> Any:
    at = START + timedelta(seconds=second)
    if item == "call":
        return usage.call(companies[code], at, size, name=f"c{number}")
    if item == "sms":
        return usage.sms(companies[code], at, size % 5 + 1, name=f"s{number}")
    return usage.unanswered(companies[code], at, name=f"u{number}")

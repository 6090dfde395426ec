"""Settlement against the rules of billing.md 3 and 4: what is due, what is late, what waits, what is taken back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from accounts.models import Account
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from billing import ledger
from billing.models import (
    Charge,
    ClosedMonth,
    LedgerTransaction,
    Package,
    Purchase,
    SettledHour,
    SettlementRun,
    SettlementTotal,
    Tariff,
    UnansweredCount,
)
from billing.settlement import SettledShardHour, last_due_hour, settle
from billing.tests import books, usage
from common import partitions
from common.errors import NotReady
from privacy.models import Usage

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
DUE = TEN + timedelta(minutes=65)


@pytest.fixture
def prices(db: None) -> None:
    """A call costs 0.06 a minute, a message 0.28 a part, since January."""
    for item, price in (("call", "0.06"), ("sms", "0.28")):
        Tariff.objects.create(
            item=item, number_kind="any", price=Decimal(price), valid_from=datetime(2026, 1, 1, tzinfo=UTC)
        )


def buy(company: Company, **fields: Any) -> Purchase:
    """Return a purchase of 10 minutes and 5 parts that is valid all year."""
    package, _ = Package.objects.get_or_create(code="p", defaults={"name": "p", "price": 0})
    defaults = {
        "reference": "p-1",
        "purchased_at": TEN - 48 * HOUR,
        "starts_at": TEN - 24 * HOUR,
        "ends_at": TEN + 8760 * HOUR,
        "minutes": 10,
        "messages": 5,
        "price": 0,
    }
    return Purchase.objects.create(account=company.account, package=package, **{**defaults, **fields})


def run(now: datetime, until: datetime | None = None) -> list[SettledShardHour]:
    """Settle up to now, and check the books."""
    settled = settle(until=until or now, now=now)
    books.assert_sound()
    return settled


@pytest.mark.parametrize(
    ("now", "until", "last"),
    [
        ("11:04:59", "12:00:00", 9),
        ("11:05:00", "12:00:00", 10),
        ("15:00:00", "11:00:00", 10),
        ("15:00:00", "10:59:59", 9),
        ("11:05:00", "23:00:00", 10),
    ],
)
def test_an_hour_is_due_five_minutes_after_its_end(now: str, until: str, last: int) -> None:
    at = [datetime.fromisoformat(f"2026-03-02T{text}+00:00") for text in (now, until)]
    assert last_due_hour(at[1], at[0]).hour == last


def test_settling_twice_changes_nothing(acme: Company, prices: None) -> None:
    usage.queue(usage.call(acme, TEN, 61), usage.unanswered(acme, TEN))
    assert len(run(DUE)) == 1
    before = books.lines(), list(LedgerTransaction.objects.values()), list(SettlementRun.objects.values())
    assert run(DUE) == []
    assert run(DUE + 5 * HOUR) == []
    assert (books.lines(), list(LedgerTransaction.objects.values()), list(SettlementRun.objects.values())) == before


def test_an_unsettled_hour_is_booked_as_itself_however_old(acme: Company, prices: None) -> None:
    usage.queue(usage.call(acme, TEN, 60))
    run(TEN + 200 * 24 * HOUR)
    charge = Charge.objects.get()
    assert (charge.booked_hour, charge.usage_hour, charge.late) == (TEN, TEN, False)


def test_one_cdr_more_for_a_settled_hour_is_late(acme: Company, prices: None) -> None:
    buy(acme, minutes=1, ends_at=TEN + HOUR)
    usage.queue(usage.call(acme, TEN, 60, "first"))
    run(DUE)
    usage.queue(usage.call(acme, TEN, 61, "second"))
    now = TEN + 50 * HOUR + timedelta(minutes=17)
    run(now)
    late = Charge.objects.get(late=True)
    assert (late.booked_hour, late.usage_hour) == (TEN + 50 * HOUR, TEN)
    posted = LedgerTransaction.objects.get(booked_at=TEN + 50 * HOUR)
    assert posted.key == f"usage:acme:2026-03-04T12Z:call:{late.run_id}"
    assert SettledHour.objects.count() == 1


def test_late_usage_draws_on_an_expired_package_of_its_own_time_with_what_is_left(acme: Company, prices: None) -> None:
    bought = buy(acme, minutes=3, ends_at=TEN + HOUR)
    usage.queue(usage.call(acme, TEN, 120, "first"))
    run(DUE)
    usage.queue(usage.call(acme, TEN, 120, "second"))
    run(DUE + 100 * HOUR)
    assert Charge.objects.get(late=True).splits == [[bought.pk, 1]]


def test_late_usage_costs_the_price_of_its_own_time(acme: Company, prices: None) -> None:
    usage.queue(usage.call(acme, TEN, 60, "first"))
    run(DUE)
    Tariff.objects.filter(item="call").update(valid_to=TEN + HOUR)
    Tariff.objects.create(item="call", price=9, valid_from=TEN + HOUR)
    usage.queue(usage.call(acme, TEN, 60, "second"))
    run(DUE + 100 * HOUR)
    assert Charge.objects.get(late=True).unit_price == Decimal("0.06")


def test_late_lines_do_not_settle_the_hour_they_are_booked_in(acme: Company, prices: None) -> None:
    usage.queue(usage.call(acme, TEN, 60, "first"))
    run(DUE)
    usage.queue(usage.call(acme, TEN, 60, "second"))
    run(TEN + 5 * HOUR + timedelta(minutes=20))
    usage.queue(usage.call(acme, TEN + 5 * HOUR, 60, "of that hour"))
    run(TEN + 6 * HOUR + timedelta(minutes=5))
    assert not Charge.objects.get(usage_hour=TEN + 5 * HOUR).late


def test_an_hour_is_settled_for_each_account_alone(acme: Company, bolt: Company, prices: None) -> None:
    usage.queue(usage.call(acme, TEN, 60))
    run(DUE)
    usage.queue(usage.call(bolt, TEN, 60))
    run(DUE + 30 * HOUR)
    assert not Charge.objects.filter(late=True).exists()


def test_counted_unanswered_calls_settle_an_hour(acme: Company, prices: None) -> None:
    usage.queue(usage.unanswered(acme, TEN, "first"), usage.unanswered(acme, TEN, "second"))
    run(DUE)
    assert UnansweredCount.objects.get().calls == 2
    assert SettlementTotal.objects.get(item="unanswered").lines == 2
    usage.queue(usage.call(acme, TEN, 60), usage.unanswered(acme, TEN, "third"))
    run(DUE + 3 * HOUR)
    assert Charge.objects.get().late
    later = UnansweredCount.objects.get(booked_hour=TEN + 4 * HOUR)
    assert (later.calls, later.late_calls) == (1, 1)


def test_usage_of_a_closed_month_is_late(acme: Company, prices: None) -> None:
    first = datetime(2026, 2, 28, 16, tzinfo=UTC)
    ClosedMonth.objects.create(account=acme.account, starts_at=first, ends_at=first + 31 * 24 * HOUR)
    usage.queue(usage.call(acme, TEN, 60))
    run(TEN + 60 * 24 * HOUR)
    charge = Charge.objects.get()
    assert (charge.late, charge.booked_hour) == (True, TEN + 60 * 24 * HOUR)


def test_usage_without_a_price_waits_and_is_settled_once_there_is_one(acme: Company) -> None:
    bought = buy(acme, minutes=1)
    usage.queue(usage.call(acme, TEN, 120))
    (done,) = run(DUE)
    assert (done.run_id, done.waiting) == (None, 1)
    assert Usage.objects.get().blocked_reason == "no_price"
    bought.refresh_from_db()
    assert bought.minutes_used == 0
    Tariff.objects.create(item="call", price=Decimal("0.10"), valid_from=TEN)
    run(DUE + 90 * HOUR)
    charge = Charge.objects.get()
    assert (charge.amount, charge.late, charge.booked_hour) == (Decimal("0.10"), False, TEN)


def test_what_waited_is_late_only_if_its_hour_was_settled_meanwhile(acme: Company) -> None:
    Tariff.objects.create(item="sms", price=1, valid_from=TEN)
    usage.queue(usage.call(acme, TEN, 60), usage.sms(acme, TEN, 1))
    run(DUE)
    Tariff.objects.create(item="call", price=1, valid_from=TEN)
    run(DUE + 5 * HOUR)
    assert Charge.objects.get(item="call").late


def test_a_reversal_takes_back_units_package_and_money_in_the_current_hour(acme: Company, prices: None) -> None:
    bought = buy(acme, messages=2)
    message = usage.sms(acme, TEN, 3)
    usage.queue(message)
    run(DUE)
    usage.queue(usage.reversal(acme, message, TEN))
    run(DUE + 30 * HOUR)
    back = Charge.objects.get(reverses=message.usage_id)
    assert (back.units, back.package_units, back.amount) == (-3, -2, Decimal("-0.28"))
    assert (back.splits, back.booked_hour) == ([[bought.pk, -2]], TEN + 31 * HOUR)
    bought.refresh_from_db()
    assert bought.messages_used == 0
    assert ledger.balance(acme.account) == 0


def test_what_is_charged_anew_finds_the_package_units_of_what_is_taken_back(acme: Company, prices: None) -> None:
    bought = buy(acme, messages=2)
    partly = usage.sms(acme, TEN, 1, "partly sent")
    usage.queue(partly)
    run(DUE)
    usage.queue(usage.reversal(acme, partly, TEN), usage.sms(acme, TEN, 2, "all sent"))
    run(DUE + HOUR)
    anew = Charge.objects.get(units=2)
    assert (anew.package_units, anew.amount, anew.splits) == (2, Decimal(0), [[bought.pk, 2]])
    bought.refresh_from_db()
    assert bought.messages_used == 2
    assert ledger.balance(acme.account) == 0


def test_a_reversal_waits_while_the_original_waits(acme: Company) -> None:
    message = usage.sms(acme, TEN, 3)
    usage.queue(message, usage.reversal(acme, message, TEN))
    run(DUE)
    assert set(Usage.objects.values_list("blocked_reason", flat=True)) == {"no_price", "original_not_charged"}
    Tariff.objects.create(item="sms", price=1, valid_from=TEN)
    run(DUE + HOUR)
    assert not Usage.objects.exists()
    assert sum(Charge.objects.values_list("amount", flat=True)) == 0
    assert LedgerTransaction.objects.count() == 2


def test_nothing_is_posted_when_the_amount_is_0(acme: Company, prices: None) -> None:
    buy(acme)
    usage.queue(usage.call(acme, TEN, 60))
    run(DUE)
    assert Charge.objects.count() == 1
    assert not LedgerTransaction.objects.exists()


def test_the_run_and_the_totals_say_what_was_booked(acme: Company, prices: None) -> None:
    buy(acme, minutes=3, messages=1)
    usage.queue(
        usage.call(acme, TEN, 240), usage.sms(acme, TEN, 2), usage.unanswered(acme, TEN), usage.sms(acme, TEN, None)
    )
    run(DUE)
    made = SettlementRun.objects.get()
    assert (made.usage_lines, made.late_lines, made.unanswered, made.blocked) == (2, 0, 1, 1)
    assert (made.minutes, made.message_parts, made.package_units, made.overage_units) == (4, 2, 4, 2)
    assert made.amount == Decimal("0.34")
    totals = SettlementTotal.objects.order_by("item").values_list("item", "lines", "units", "package_units", "amount")
    assert list(totals) == [
        ("call", 1, 4, 3, Decimal("0.06")),
        ("sms", 1, 2, 1, Decimal("0.28")),
        ("unanswered", 1, 0, 0, 0),
    ]


def test_the_state_of_the_account_follows_its_balance(acme: Company, prices: None) -> None:
    Account.objects.update(credit_limit=1, low_balance=2)
    ledger.topup(account=acme.account, amount=Decimal(4), reference="t-1", now=TEN)
    states = []
    for place, minutes in enumerate((20, 20, 43, 1)):
        usage.queue(usage.call(acme, TEN + place * HOUR, minutes * 60))
        run(DUE + (place + 1) * HOUR)
        states.append((ledger.balance(acme.account), Account.objects.get().state))
    assert states == [
        (Decimal("2.80"), "good"),
        (Decimal("1.60"), "low"),
        (Decimal("-0.98"), "low"),
        (Decimal("-1.04"), "arrears"),
    ]
    ledger.topup(account=acme.account, amount=Decimal(100), reference="t-2", now=TEN)
    assert Account.objects.get().state == "good"


def test_a_clock_that_steps_back_never_adds_a_line_to_a_settled_hour(acme: Company, prices: None) -> None:
    usage.queue(usage.call(acme, TEN, 60, "first"), usage.call(acme, TEN + 3 * HOUR, 60, "three hours on"))
    run(TEN + 5 * HOUR)
    usage.queue(usage.call(acme, TEN, 60, "late"))
    with pytest.raises(NotReady):
        settle(until=TEN + 3 * HOUR, now=TEN + 3 * HOUR + timedelta(minutes=30))
    assert Usage.objects.count() == 1


def test_last_years_usage_makes_the_partitions_it_needs(acme: Company) -> None:
    year_ago = datetime(2024, 12, 31, 23, 30, tzinfo=UTC)
    Tariff.objects.create(item="call", price=1, valid_from=year_ago - 24 * HOUR)
    usage.queue(usage.call(acme, year_ago, 60), usage.call(acme, year_ago, 3600))
    run(DUE)
    assert sorted(Charge.objects.values_list("booked_hour", flat=True)) == [
        datetime(2024, 12, 31, 23, tzinfo=UTC),
        datetime(2025, 1, 1, tzinfo=UTC),
    ]


def test_one_shard_that_fails_does_not_stop_the_others(acme: Company, bolt: Company, prices: None) -> None:
    first, other = sorted([acme, bolt], key=lambda company: company.account.shard)
    usage.queue(usage.call(first, TEN, 60), usage.call(other, TEN, 60))
    charged = Usage.objects.get(account=first.account)
    run(DUE, TEN)  # nothing is due
    _charge_by_hand(charged)
    with pytest.raises(DatabaseError), transaction.atomic():
        settle(until=DUE, now=DUE, shards=[first.account.shard])
    assert len(settle(until=DUE, now=DUE, shards=[other.account.shard])) == 1


def test_the_command_prints_what_was_booked_before_it_failed(
    acme: Company, bolt: Company, prices: None, capsys: pytest.CaptureFixture[str]
) -> None:
    first, last = sorted([acme, bolt], key=lambda company: company.account.shard)
    usage.queue(usage.call(first, TEN, 60), usage.call(last, TEN, 60))
    _charge_by_hand(Usage.objects.get(account=last.account))
    with pytest.raises(CommandError, match="IntegrityError"):
        call_command("settle", until="2026-03-02T19:00:00+08:00", parallel=1)
    assert "usage lines 1, minutes 1" in capsys.readouterr().out


@pytest.mark.parametrize("table", ["billing_charge", "billing_ledgertransaction", "billing_ledgerentry"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_change_what_is_booked(table: str, statement: str, acme: Company, prices: None) -> None:
    usage.queue(usage.call(acme, TEN, 60))
    run(DUE)
    with connection.cursor() as cursor:
        # The tests' database has the guard against TRUNCATE switched off, so that it can be emptied.
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only_truncate")
        with pytest.raises(DatabaseError, match="only added"):
            cursor.execute(statement.format(table))


def test_the_command_prints_a_line_for_each_hour(
    acme: Company, prices: None, capsys: pytest.CaptureFixture[str]
) -> None:
    buy(acme, minutes=3)
    usage.queue(usage.call(acme, TEN, 240), usage.sms(acme, TEN, 7), usage.unanswered(acme, TEN))
    call_command("settle", until="2026-03-02T19:00:00+08:00", parallel=1)
    assert capsys.readouterr().out == (
        "2026-03-02T10:00Z  usage lines 2, minutes 4, package minutes 3, overage 1,"
        " message parts 7 (package 5), amount 0.620000 CNY, unanswered 1\n"
    )
    call_command("settle", parallel=1)
    assert capsys.readouterr().out == "nothing is due\n"


def _charge_by_hand(row: Usage) -> None:
    """Store a charge with the id of usage that is still in the queue: what must never happen."""
    tariff = Tariff.objects.get(item="call")
    partitions.ensure(Charge, Charge.partition_interval, [TEN])
    Charge.objects.create(
        id=row.usage_id,
        account_id=row.account_id,
        application_id=row.application_id,
        number_id=row.number_id,
        item="call",
        booked_hour=TEN,
        usage_hour=TEN,
        rated_at=TEN,
        ended_at=TEN,
        seconds=0,
        units=0,
        package_units=0,
        overage_units=0,
        unit_price=0,
        amount=0,
        currency="CNY",
        tariff=tariff,
        run_id=0,
    )

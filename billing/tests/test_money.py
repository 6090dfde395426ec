"""Ledger, purchases and prices against billing.md 2, 3, 5 and 7."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts.models import Account
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from billing import arrears, ledger, purchases, tariffs
from billing.models import LedgerAccount, LedgerEntry, LedgerTransaction, Package, Purchase, Tariff
from billing.settlement import settle
from billing.tests import usage
from common.errors import BadInput, Conflict

NOW = datetime(2026, 3, 2, 2, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def package(db: None) -> Package:
    """500 minutes and 50 parts for 38.00."""
    return Package.objects.create(code="call500", name="500 minutes", minutes=500, messages=50, price=Decimal(38))


def topup(company: Company, amount: str, reference: str = "t-1", now: datetime = NOW) -> LedgerTransaction:
    """Top an account up."""
    return ledger.topup(account=company.account, amount=Decimal(amount), reference=reference, now=now)


def buy(company: Company, package: Package, **fields: Any) -> Purchase:
    """Buy a package under p-1 without paying, unless told otherwise."""
    defaults = {"reference": "p-1", "purchased_at": NOW, "now": NOW, "charge": False}
    return purchases.buy(account=company.account, package=package, **{**defaults, **fields})


def set_price(price: str, valid_from: datetime, **fields: Any) -> Tariff:
    """Set the general price of a call."""
    defaults = {"item": "call", "number_kind": "any", "currency": "CNY", "account": None}
    return tariffs.set_price(price=Decimal(price), valid_from=valid_from, **{**defaults, **fields})


def test_a_topup_is_what_we_owe_the_customer(acme: Company) -> None:
    posted = topup(acme, "100.5")
    entries = dict(posted.entries.values_list("ledger_account__code", "amount"))
    assert entries == {"customer:acme": Decimal("100.5"), "cash:CNY": Decimal("-100.5")}
    assert (posted.key, ledger.balance(acme.account)) == ("topup:acme:t-1", Decimal("100.5"))


def test_the_same_topup_again_changes_nothing(acme: Company) -> None:
    assert topup(acme, "100").pk == topup(acme, "100", now=NOW + 5 * HOUR).pk
    assert ledger.balance(acme.account) == 100


def test_the_same_key_with_other_content_names_both(acme: Company) -> None:
    topup(acme, "100")
    with pytest.raises(ledger.LedgerConflict, match=r"acme 100\.000000.*asked for now.*acme 99\.000000"):
        topup(acme, "99")


@pytest.mark.parametrize("amount", ["0", "-1", "0.0000001"])
def test_a_topup_is_above_0_and_exact(acme: Company, amount: str) -> None:
    with pytest.raises(BadInput):
        topup(acme, amount)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [("customer:acme", Decimal(1))],
        [("customer:acme", Decimal(1)), ("cash:CNY", Decimal(-2))],
        [("customer:acme", Decimal(0)), ("cash:CNY", Decimal(0))],
        [("customer:acme", Decimal(1)), ("customer:corp", Decimal(-1))],
        [("customer:acme", Decimal(1)), ("cash:USD", Decimal(-1))],
    ],
)
def test_what_does_not_balance_is_refused(acme: Company, corp: Company, entries: list[tuple[str, Decimal]]) -> None:
    LedgerAccount.objects.create(code="cash:USD", currency="USD")
    with pytest.raises(BadInput):
        ledger.post(key="k", kind="adjust", account=acme.account, booked_at=NOW, entries=entries, now=NOW)
    assert not LedgerTransaction.objects.exists()


def test_the_database_refuses_a_transaction_that_does_not_add_up(acme: Company) -> None:
    posted = topup(acme, "1")
    with pytest.raises(IntegrityError, match="does not add up"), transaction.atomic(), connection.cursor() as cursor:
        LedgerEntry.objects.create(
            transaction=posted, ledger_account=ledger.open_account(acme.account), amount=Decimal(1)
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("balance", "limit", "low", "state"),
    [
        ("0", "0", "0", "good"),
        ("-0.000001", "0", "0", "arrears"),
        ("-10", "10", "0", "low"),
        ("-10.000001", "10", "0", "arrears"),
        ("99.999999", "0", "100", "low"),
        ("100", "0", "100", "good"),
    ],
)
def test_the_state_follows_from_balance_limit_and_threshold(balance: str, limit: str, low: str, state: str) -> None:
    assert arrears.state_of(Decimal(balance), credit_limit=Decimal(limit), low_balance=Decimal(low)) == state


def test_a_topup_that_ends_the_arrears_changes_the_state_with_it(bolt: Company) -> None:
    topup(bolt, "5")
    assert Account.objects.get(code="bolt").state == "good"


def test_the_topup_command_says_the_balance(acme: Company, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("topup", "acme", "12.50", reference="t-9")
    assert capsys.readouterr().out == "acme: balance 12.500000 CNY\n"
    for account, amount in (("nobody", "1"), ("acme", "1.x"), ("acme", "13")):
        with pytest.raises(CommandError):
            call_command("topup", account, amount, reference="t-9")


@pytest.mark.parametrize(
    ("purchased_at", "starts_at", "ends_at"),
    [
        ("2026-03-02T10:03:00+08:00", "2026-03-02T11:00:00+08:00", "2027-03-02T11:00:00+08:00"),
        ("2026-03-02T10:00:00+08:00", "2026-03-02T11:00:00+08:00", "2027-03-02T11:00:00+08:00"),
        ("2028-02-29T10:03:00+08:00", "2028-02-29T11:00:00+08:00", "2029-02-28T11:00:00+08:00"),
        ("2028-02-29T23:30:00+08:00", "2028-03-01T00:00:00+08:00", "2029-03-01T00:00:00+08:00"),
    ],
)
def test_a_package_is_valid_from_the_next_full_hour_for_twelve_months(
    acme: Company, package: Package, purchased_at: str, starts_at: str, ends_at: str
) -> None:
    bought = buy(acme, package, purchased_at=datetime.fromisoformat(purchased_at))
    assert (bought.starts_at, bought.ends_at) == (datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at))
    assert (bought.minutes, bought.messages) == (500, 50)


def test_a_purchase_is_paid_at_its_instant(acme: Company, package: Package) -> None:
    topup(acme, "40")
    buy(acme, package, charge=True, purchased_at=NOW - 9 * HOUR)
    posted = LedgerTransaction.objects.get(key="package:acme:p-1")
    entries = dict(posted.entries.values_list("ledger_account__code", "amount"))
    assert entries == {"customer:acme": Decimal(-38), "revenue:package:CNY": Decimal(38)}
    assert (posted.booked_at, ledger.balance(acme.account)) == (NOW - 9 * HOUR, Decimal(2))


def test_the_same_purchase_again_changes_nothing_and_other_content_is_refused(acme: Company, package: Package) -> None:
    topup(acme, "40")
    assert buy(acme, package, charge=True).pk == buy(acme, package, charge=True).pk
    with pytest.raises(Conflict, match=r"priority 100.*asked for now: priority 1$"):
        buy(acme, package, charge=True, priority=1)
    assert ledger.balance(acme.account) == 2


def test_a_purchase_the_balance_does_not_cover_is_refused_unless_overridden(acme: Company, package: Package) -> None:
    topup(acme, "37.999999")
    with pytest.raises(purchases.NotCovered):
        buy(acme, package, charge=True)
    buy(acme, package, charge=True, override=True)
    assert Account.objects.get().state == "arrears"


def test_a_purchase_needs_a_number_and_the_accounts_currency(package: Package) -> None:
    account = cast.make_account("acme")
    with pytest.raises(BadInput, match="no number"):
        purchases.buy(account=account, package=package, reference="p-1", purchased_at=NOW, now=NOW, charge=False)
    Package.objects.update(currency="USD")
    with pytest.raises(BadInput, match="USD"):
        purchases.buy(
            account=account, package=Package.objects.get(), reference="p-1", purchased_at=NOW, now=NOW, charge=False
        )


def test_a_newer_price_cuts_the_older_one(db: None) -> None:
    old = set_price("0.06", NOW)
    new = set_price("0.07", NOW + HOUR)
    old.refresh_from_db()
    assert (old.valid_to, new.valid_to) == (NOW + HOUR, None)


def test_prices_set_in_any_order_and_twice_are_the_same(db: None) -> None:
    for _ in range(2):
        for price, place in (("0.08", 2), ("0.06", 0), ("0.07", 1)):
            set_price(price, NOW + place * HOUR)
    found = Tariff.objects.order_by("valid_from").values_list("price", "valid_from", "valid_to")
    assert list(found) == [
        (Decimal("0.06"), NOW, NOW + HOUR),
        (Decimal("0.07"), NOW + HOUR, NOW + 2 * HOUR),
        (Decimal("0.08"), NOW + 2 * HOUR, None),
    ]


def test_a_price_is_never_edited(db: None) -> None:
    set_price("0.06", NOW)
    with pytest.raises(Conflict, match="never edited"):
        set_price("0.07", NOW)


def test_a_price_that_was_charged_is_not_cut_before_the_last_usage(acme: Company) -> None:
    old = set_price("0.06", NOW - 24 * HOUR)
    usage.queue(usage.call(acme, NOW, 60))
    settle(until=NOW + 5 * HOUR, now=NOW + 5 * HOUR)
    with pytest.raises(Conflict, match="re-rating"):
        set_price("0.07", NOW)
    with pytest.raises(Conflict, match="re-rating"):
        set_price("0.06", old.valid_from, valid_to=NOW)
    assert set_price("0.07", NOW + timedelta(seconds=1)).price == Decimal("0.07")


def test_prices_of_other_ranks_stand_beside_each_other(acme: Company) -> None:
    for fields in ({}, {"number_kind": "virtual"}, {"account": acme.account}, {"item": "sms"}, {"currency": "USD"}):
        set_price("1", NOW, **fields)
    assert not Tariff.objects.filter(valid_to__isnull=False).exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"item": "fax"},
        {"number_kind": "gold"},
        {"currency": "XXX"},
        {"price": Decimal(-1)},
        {"price": Decimal("0.0000001")},
        {"valid_to": NOW},
    ],
)
def test_a_price_that_makes_no_sense_is_refused(db: None, fields: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        tariffs.set_price(
            **{
                "item": "call",
                "number_kind": "any",
                "price": Decimal(1),
                "currency": "CNY",
                "account": None,
                "valid_from": NOW,
                **fields,
            }
        )


def test_the_database_holds_one_price_of_a_rank_at_an_instant(db: None) -> None:
    set_price("0.06", NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Tariff.objects.create(item="call", number_kind="any", price=1, valid_from=NOW + HOUR)

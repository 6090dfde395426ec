"""The largest values the doors let in, and lines that must not appear in hours that are settled."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from billing import ledger, tariffs
from billing.models import Charge, LedgerTransaction, Package, Purchase, Tariff
from billing.purchases import buy
from billing.settlement import settle
from billing.tests import usage
from common.errors import BadInput

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOST = 2_147_483_647


@pytest.fixture
def price(db: None) -> Tariff:
    """A call costs 0.06 a minute."""
    return Tariff.objects.create(item="call", price=Decimal("0.06"), valid_from=TEN - 1000 * HOUR)


@pytest.fixture
def package(db: None) -> Package:
    """A package without end, as people write it."""
    return Package.objects.create(code="all", name="All", minutes=MOST, messages=MOST, price=Decimal("5"))


def test_a_package_without_end_does_not_stop_its_shard(acme: Company, price: Tariff, package: Package) -> None:
    buy(account=acme.account, package=package, reference="p-1", purchased_at=TEN - 5 * HOUR, now=TEN, charge=False)
    usage.queue(usage.call(acme, TEN, 61), usage.call(acme, TEN + HOUR / 2, 1))
    settle(until=TEN + 2 * HOUR, now=TEN + 2 * HOUR)
    assert list(Charge.objects.order_by("id").values_list("package_units", "overage_units")) == [(2, 0), (1, 0)]
    assert Purchase.objects.get().minutes_used == 3


def test_a_price_with_too_many_zeros_is_refused(db: None) -> None:
    with pytest.raises(BadInput, match="price"):
        tariffs.set_price(
            item="call", number_kind="any", price=Decimal(1_000_001), currency="CNY", account=None, valid_from=TEN
        )


def test_a_package_bought_in_an_hour_settled_since_is_booked_now(
    acme: Company, price: Tariff, package: Package
) -> None:
    now = TEN + 30 * HOUR
    usage.queue(usage.call(acme, TEN, 61))
    settle(until=now, now=now)
    ledger.topup(account=acme.account, amount=Decimal(100), reference="t", now=now)
    buy(account=acme.account, package=package, reference="late", purchased_at=TEN + HOUR / 2, now=now)
    buy(account=acme.account, package=package, reference="free", purchased_at=TEN + 2 * HOUR, now=now)
    booked = dict(LedgerTransaction.objects.filter(kind="package").values_list("key", "booked_at"))
    assert booked == {"package:acme:late": now, "package:acme:free": TEN + 2 * HOUR}


def test_a_new_credit_limit_moves_the_state_of_the_account_at_once(client: Client, bolt: Company) -> None:
    ledger.open_account(bolt.account)
    before = ledger.balance(bolt.account)
    entries = [(ledger.customer(bolt.account), Decimal(-50)), ("adjustment:CNY", Decimal(50))]
    ledger.post(key="adjust:1", kind="adjust", account=bolt.account, booked_at=TEN, entries=entries, now=TEN)
    assert Account.objects.get(code="bolt").state == "arrears"
    client.force_login(cast.staff("operator"))
    asked = {"name": "Bolt", "credit_limit": str(1000 - before), "low_balance": "-2000", "contacts": "[]"}
    answer = client.post(reverse("admin:accounts_account_change", args=[bolt.account.pk]), asked)
    assert answer.status_code == 302, ValidationError(str(answer.context["errors"]))
    assert Account.objects.get(code="bolt").state == "good"

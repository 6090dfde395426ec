"""`reconcile` finds nothing where all is well, and names what is not."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Upstream
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from billing import ledger
from billing.models import Balance, Package, Purchase, Tariff
from billing.settlement import settle
from billing.tests import usage
from common import partitions
from console.reconciliation import reconcile
from privacy.models import Call, Message, Usage
from privacy.models import Source as Arrival

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = TEN + 4 * HOUR


@pytest.fixture
def settled(acme: Company, switch1: Upstream) -> list[Usage]:
    """Two calls, one of them split, an unanswered one and a message: stored, settled, and some of it waiting."""
    for item, price in (("call", "0.06"), ("sms", "0.28")):
        Tariff.objects.create(item=item, price=Decimal(price), valid_from=TEN - 24 * HOUR, number_kind="virtual")
    Purchase.objects.create(
        account=acme.account,
        package=Package.objects.create(code="p", name="p", price=0),
        reference="p-1",
        purchased_at=TEN,
        starts_at=TEN,
        ends_at=TEN + HOUR,
        minutes=3,
        messages=0,
        price=0,
    )
    ledger.topup(account=acme.account, amount=Decimal(10), reference="t-1", now=TEN)
    rows = [
        usage.call(acme, TEN, 120),
        usage.call(acme, TEN + timedelta(minutes=5), 121),
        usage.call(acme, TEN, 60, "waits", number_kind="carrier"),
        usage.unanswered(acme, TEN),
        usage.sms(acme, TEN, 2),
    ]
    partitions.ensure(Call, Call.partition_interval, [TEN])
    partitions.ensure(Message, Message.partition_interval, [TEN])
    arrival = Arrival.objects.create(door="request", upstream=switch1, received_at=TEN - 24 * HOUR)
    for row in rows:
        _store(row, switch1, arrival)
    usage.queue(rows)
    settle(until=NOW, now=NOW)
    return rows


def _store(row: Usage, upstream: Upstream, arrival: Arrival) -> None:
    known = {
        "id": row.usage_id,
        "account_id": row.account_id,
        "application_id": row.application_id,
        "number_id": row.number_id,
        "upstream": upstream,
        "source": arrival,
        "source_line": 1,
    }
    if row.item == "sms":
        Message.objects.create(**known, occurred_at=row.ended_at, sent_at=row.rated_at)
    else:
        Call.objects.create(**known, answered_at=row.rated_at, ended_at=row.ended_at)


def differences(start: datetime | None = None, end: datetime | None = None) -> dict[str, list[str]]:
    """Return the texts of all differences by check."""
    return {
        check.name: [str(difference) for difference in check.differences]
        for check in reconcile(start, end, now=NOW)
        if check.differences
    }


def test_nothing_differs_where_all_is_well(settled: list[Usage]) -> None:
    assert differences() == {}
    assert differences(TEN, TEN + HOUR) == {}


def test_an_empty_installation_reconciles(db: None) -> None:
    assert differences() == {}


def test_a_call_that_was_neither_charged_nor_queued_is_named(settled: list[Usage]) -> None:
    Usage.objects.filter(item="call").delete()
    assert differences() == {"answered = rated": [f"call {settled[2].usage_id}: charged or queued once, but neither"]}
    assert differences(TEN + HOUR, TEN + 2 * HOUR) == {}


def test_a_charge_without_its_call_and_a_message_that_was_not_charged_are_named(settled: list[Usage]) -> None:
    Call.objects.filter(pk=settled[1].usage_id).update(answered_at=None)
    Message.objects.update(sent_at=None)
    found = differences()
    assert found["answered = rated"] == [
        f"charge {settled[1].usage_id}: a stored, answered call, but 3 minutes",
        "messages of acme in 2026-03-02T10Z: 0 sent, but 1 charged or queued",
    ]
    assert found["unanswered = counted"] == ["unanswered calls of acme: 2 stored, but 1 counted or queued"]


def test_a_balance_and_a_package_that_were_tampered_with_are_named(settled: list[Usage]) -> None:
    Balance.objects.update(amount=9)
    Purchase.objects.update(minutes_used=1)
    assert differences() == {
        "balance = entries": ["balance of acme: 9.320000, but 9.000000"],
        "used = drawn": ["purchase p-1 of acme: 3 minutes, 0 parts drawn, but 1 minutes, 0 parts used"],
    }


def test_a_ledger_that_lost_an_entry_is_named(settled: list[Usage]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come is not altered
        cursor.execute("ALTER TABLE billing_ledgerentry DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM billing_ledgerentry WHERE amount IN (0.56, -0.56)")
        cursor.execute("ALTER TABLE billing_ledgerentry ENABLE TRIGGER USER")
    assert set(differences()) == {"rated = ledger", "balance = entries", "ledger = report"}


def test_the_command_lists_the_differences_and_fails(settled: list[Usage], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("reconcile")
    assert capsys.readouterr().out.count("no differences") == 7
    Balance.objects.update(amount=9)
    with pytest.raises(CommandError, match="1 differences") as refused:
        call_command("reconcile", start="2026-03-02T18:00:00+08:00", end="2026-03-02T19:00:00+08:00")
    assert refused.value.returncode == 1
    assert "  balance of acme: 9.320000, but 9.000000\n" in capsys.readouterr().out

"""What settlement left in the database, in the twin's words, and the sums that must hold at every moment."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import F, Sum

from billing.models import Balance, Charge, LedgerEntry, Purchase, SettledHour, SettlementTotal, UnansweredCount
from billing.tests.twin import Line, Twin
from privacy.models import Usage


def lines() -> dict[UUID, Line]:
    """Return every charge line."""
    return {
        charge.pk: Line(
            account_id=charge.account_id,
            item=charge.item,
            booked_hour=charge.booked_hour,
            usage_hour=charge.usage_hour,
            late=charge.late,
            units=charge.units,
            package_units=charge.package_units,
            unit_price=charge.unit_price,
            amount=charge.amount,
            splits=tuple((purchase, units) for purchase, units in charge.splits or []),
            reverses=charge.reverses,
        )
        for charge in Charge.objects.all()
    }


def unanswered() -> dict[tuple[int, datetime, bool], int]:
    """Return the counts of unanswered calls by account, booked hour and lateness."""
    found: dict[tuple[int, datetime, bool], int] = {}
    for row in UnansweredCount.objects.all():
        for late, calls in ((True, row.late_calls), (False, row.calls - row.late_calls)):
            if calls:
                key = (row.account_id, row.booked_hour, late)
                found[key] = found.get(key, 0) + calls
    return found


def left() -> dict[tuple[int, str], int]:
    """Return what is left of every purchase, by purchase and item."""
    found = {}
    for row in Purchase.objects.all():
        found[row.pk, "call"] = row.minutes - row.minutes_used
        found[row.pk, "sms"] = row.messages - row.messages_used
    return found


def assert_same(twin: Twin) -> None:
    """Compare the database with the twin: lines, what is left, what waits, what is settled."""
    assert lines() == twin.lines
    assert left() == {(quota.purchase_id, quota.item): quota.left for quota in twin.quotas}
    assert unanswered() == twin.unanswered
    assert set(SettledHour.objects.values_list("account_id", "hour")) == twin.settled
    assert set(Usage.objects.values_list("usage_id", flat=True)) == {row.usage_id for row in twin.queue}
    waiting = dict(Usage.objects.exclude(blocked_reason="").values_list("usage_id", "blocked_reason"))
    assert waiting == twin.waiting
    balances = {account: amount for account, amount in Balance.objects.values_list("account_id", "amount") if amount}
    assert balances == {pk: amount for pk in twin.accounts if (amount := twin.balance(pk))}


def assert_sound() -> None:
    """Check what no run may break: entries add up to 0, units add up, quotas hold, lines = ledger = totals, no gain."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    entries = LedgerEntry.objects.values("ledger_account__currency").annotate(total=Sum("amount"))
    assert all(row["total"] == 0 for row in entries)
    assert not Charge.objects.exclude(units=F("package_units") + F("overage_units")).exists()
    assert not Purchase.objects.filter(minutes_used__gt=F("minutes")).exists()
    by_lines = _sums(Charge.objects.values_list("account_id", "booked_hour", "item").annotate(Sum("amount")))
    by_totals = _sums(SettlementTotal.objects.values_list("account_id", "booked_hour", "item").annotate(Sum("amount")))
    usage = LedgerEntry.objects.filter(transaction__kind="usage", ledger_account__code__startswith="revenue:")
    by_ledger: dict[tuple[int, datetime, str], Decimal] = {}
    fields = "transaction__account_id", "transaction__booked_at", "ledger_account__code", "amount"
    for account, booked_at, code, amount in usage.values_list(*fields):
        key = (account, booked_at, code.split(":")[1])
        by_ledger[key] = by_ledger.get(key, Decimal(0)) + amount
    assert by_lines == by_totals == {key: amount for key, amount in by_ledger.items() if amount}
    for account, balance in Balance.objects.values_list("account_id", "amount"):
        own = LedgerEntry.objects.filter(ledger_account__account_id=account).aggregate(total=Sum("amount"))["total"]
        assert (own or 0) == balance


def _sums(rows: object) -> dict[tuple[int, datetime, str], Decimal]:
    return {(account, hour, item): amount for account, hour, item, amount in rows if amount}  # type: ignore[attr-defined]

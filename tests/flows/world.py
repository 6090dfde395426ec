"""What the flows share: a provision file, files of CDRs, and the ledger as it can be compared between runs."""

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

from django.core.management import call_command
from django.db.models import Sum

from billing.models import Charge, LedgerEntry, Purchase, SettledHour, UnansweredCount
from console.simulation import calls
from console.simulation.people import Line, pair
from privacy.models import Call, CallEvent, Message, Record

SECRET = "correct-horse-battery-staple-000"
ISSUED = "2025-01-01T00:00:00+08:00"
LINES = [
    Line("+8617100000001", "acme", "acmeRides", "AXB", recording=True),
    Line("+8617100000002", "acme", "acmeHomes", "AXE"),
    Line("+8613500000001", "acme", "acmeRides", "AXB"),
    Line("+8617100000003", "bolt", "boltRides", "AX"),
]
FILE: dict[str, Any] = {
    "accounts": [
        {"code": "acme", "name": "Acme", "topup": {"amount": "500.00", "reference": "t-1"}},
        {"code": "bolt", "name": "Bolt"},
    ],
    "upstreams": [{"code": "switch1", "key": "switch1", "secret": SECRET}],
    "applications": [
        {"account": "acme", "app_key": "acmeRides", "app_secret": SECRET, "name": "rides", "mode": "AXB"},
        {"account": "acme", "app_key": "acmeHomes", "app_secret": SECRET, "name": "homes", "mode": "AXE"},
        {"account": "bolt", "app_key": "boltRides", "app_secret": SECRET, "name": "rides", "mode": "AX"},
    ],
    "numbers": [
        {
            "number": line.number,
            "application": line.app_key,
            "kind": "carrier" if line.number.startswith("+86135") else "virtual",
            "issued_at": ISSUED,
        }
        for line in LINES
    ],
    "tariffs": [
        {"item": "call", "number_kind": "any", "price": "0.06", "valid_from": ISSUED},
        {"item": "sms", "number_kind": "any", "price": "0.28", "valid_from": ISSUED},
    ],
    "packages": [
        {"code": "call500", "name": "500 minutes", "minutes": 500, "messages": 50, "price": "38.00", "months": 12}
    ],
    "purchases": [
        {
            "account": "acme",
            "package": "call500",
            "reference": "p-1",
            "purchased_at": ISSUED,
            "minutes": 60,
            "messages": 5,
        }
        | {"starts_at": ISSUED, "ends_at": "2027-12-31T00:00:00+08:00"}
    ],
}


def provision(folder: Path) -> None:
    """Provision the flows' world."""
    file = folder / "provision.json"
    file.write_text(json.dumps(FILE), encoding="utf-8")
    call_command("provision", str(file), stdout=StringIO(), stderr=StringIO())


def cdrs(seed: str, start: datetime, end: datetime, count: int) -> list[dict[str, Any]]:
    """Return so many CDRs between two instants, evenly spread over the numbers; the same for the same seed."""
    rng = Random(seed)
    step = (end - start) / count
    made = []
    for index in range(count):
        at = (start + index * step).replace(microsecond=0)
        line = LINES[index % len(LINES)]
        people = pair(seed, line, at.date(), index % 5)
        call = calls.place(rng, seed=seed, index=index, line=line, pair=people, at=at, cut=end)
        made.append(calls.cdr(call))
    return made


def one_more(infos: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a CDR like the first answered one, with an id of its own."""
    answered = next(info for info in infos if info.get("fwdAnswerTime"))
    return answered | {"icid": "one-more", "sessionId": "one-more"}


def write_jsonl(path: Path, infos: Iterable[dict[str, Any]]) -> Path:
    """Write a file of CDRs as JSON Lines."""
    path.write_text("".join(json.dumps(info) + "\n" for info in infos), encoding="utf-8")
    return path


def write_csv(path: Path, infos: list[dict[str, Any]]) -> Path:
    """Write a file of CDRs as CSV."""
    names = list(dict.fromkeys(name for info in infos for name in info))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(infos)
    return path


def command(*arguments: str) -> str:
    """Run a command and return what it printed."""
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def ledger() -> set[tuple[Any, ...]]:
    """Return every ledger entry that usage made, by what it says and not by its number."""
    rows = LedgerEntry.objects.filter(transaction__kind="usage").values_list(
        "ledger_account__code", "transaction__account__code", "transaction__booked_at", "amount"
    )
    return {tuple(row) for row in rows}


def charges() -> set[tuple[Any, ...]]:
    """Return every charge line by its id, with what was charged and where it was booked."""
    units = ("units", "package_units", "overage_units", "unit_price", "amount")
    return set(Charge.objects.values_list("id", "account__code", "booked_hour", "late", *units))


def everything() -> dict[str, Any]:
    """Return what must be the same after the same again."""
    counted = UnansweredCount.objects.aggregate(calls=Sum("calls"), late=Sum("late_calls"))
    return {
        "calls": Call.objects.count(),
        "events": CallEvent.objects.count(),
        "messages": Message.objects.count(),
        "records": Record.objects.count(),
        "charges": charges(),
        "ledger": ledger(),
        "entries": LedgerEntry.objects.count(),
        "unanswered": counted,
        "settled": set(SettledHour.objects.values_list("account__code", "hour")),
        "drawn": list(Purchase.objects.values_list("reference", "minutes_used", "messages_used")),
    }


def charged_by_ledger(account: str) -> Decimal:
    """Return what the ledger took from a customer for usage."""
    entries = LedgerEntry.objects.filter(ledger_account__code=f"customer:{account}", transaction__kind="usage")
    return -(entries.aggregate(total=Sum("amount"))["total"] or Decimal(0))


def charged_by_report(path: Path, account: str) -> Decimal:
    """Return the sum of the amounts of an hourly report."""
    with path.open(encoding="utf-8", newline="") as file:
        return sum((Decimal(row["amount"]) for row in csv.DictReader(file) if row["account"] == account), Decimal(0))


def utc(year: int, month: int, day: int, hour: int = 0) -> datetime:
    """Return an instant."""
    return datetime(year, month, day, hour, tzinfo=UTC)

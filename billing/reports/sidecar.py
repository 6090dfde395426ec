"""What proves a charge report: control totals, the ledger's own, and how complete it is (billing.md 9)."""

from decimal import Decimal
from typing import Any

from django.db import connection

from billing.reports.request import ChargeRequest
from billing.reports.statements import statement

UNITS = ("lines", "units", "package_units", "overage_units")
Totals = dict[str, dict[str, dict[str, Any]]]


def charge_facts(request: ChargeRequest) -> dict[str, Any]:
    """Return the facts of a charge report. Call it inside the snapshot its rows come from."""
    totals, open_lines = _control_totals(request)
    ledger = _ledger_totals(request)
    waiting = _waiting(request)
    equal = _amounts(totals) == ledger
    holds_unsettled = waiting.pop("holds_unsettled_hour") or open_lines
    missing = any(waiting.values()) or request.open_hours() > 0 or not equal
    return {
        "from": request.period.start.isoformat(),
        "to": request.period.end.isoformat(),
        "time_zone": request.zone,
        "scope": request.account_code or "all accounts",
        "settled_only": request.settled_only,
        "masking": "holds no phone number but X",
        "made_by": request.made_by,
        "made_at": request.made_at.isoformat(),
        "control_totals": _with_sums(totals),
        "ledger": {
            currency: {item: str(amount) for item, amount in items.items()} for currency, items in ledger.items()
        },
        "equals_ledger": equal,
        "complete": "no" if missing else "yes",
        **waiting,
        "open_hours": request.open_hours(),
        # Rows of settled hours only never change again, whatever else is missing.
        "provisional": bool(holds_unsettled) and not request.settled_only,
    }


def lines_of(facts: dict[str, Any]) -> int:
    """Return how many lines the control totals counted."""
    return sum(items["total"]["lines"] for items in facts["control_totals"].values())


def _control_totals(request: ChargeRequest) -> tuple[Totals, bool]:
    totals: Totals = {}
    open_lines = False
    with connection.cursor() as cursor:
        cursor.execute(statement("report_totals"), request.parameters())
        for currency, item, *units, amount, still_open in cursor.fetchall():
            counts = dict(zip(UNITS, map(int, units), strict=True))
            totals.setdefault(currency, {})[item] = {**counts, "amount": amount}
            open_lines = open_lines or still_open > 0
        cursor.execute(statement("report_unanswered_open"), request.parameters())
        (unanswered_open,) = cursor.fetchone()
    return totals, open_lines or unanswered_open


def _ledger_totals(request: ChargeRequest) -> dict[str, dict[str, Decimal]]:
    ledger: dict[str, dict[str, Decimal]] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement("report_ledger_totals"), request.parameters())
        for currency, item, amount in cursor.fetchall():
            if amount:
                ledger.setdefault(currency, {})[item] = amount
    return ledger


def _waiting(request: ChargeRequest) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement("report_waiting"), request.parameters())
        unsettled, unpriced, holds_unsettled_hour, quarantined = cursor.fetchone()
    return {
        "unsettled": unsettled,
        "unpriced": unpriced,
        "quarantined": quarantined,
        "holds_unsettled_hour": holds_unsettled_hour,
    }


def _amounts(totals: Totals) -> dict[str, dict[str, Decimal]]:
    """Return only the amounts that are not 0: the ledger has no entry of 0."""
    amounts = {
        currency: {item: line["amount"] for item, line in items.items() if line["amount"]}
        for currency, items in totals.items()
    }
    return {currency: items for currency, items in amounts.items() if items}


def _with_sums(totals: Totals) -> Totals:
    """Return the totals with a `total` per currency, amounts as exact text."""
    shown: Totals = {}
    for currency, items in totals.items():
        whole: dict[str, Any] = {name: sum(line[name] for line in items.values()) for name in UNITS}
        whole["amount"] = sum((line["amount"] for line in items.values()), Decimal("0.000000"))
        shown[currency] = {item: {**line, "amount": str(line["amount"])} for item, line in items.items()}
        shown[currency]["total"] = {**whole, "amount": str(whole["amount"])}
    return shown

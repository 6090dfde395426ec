"""What belongs to a charge: its package splits with their purchases, and the ledger transaction that booked it."""

from dataclasses import dataclass
from datetime import UTC

from accounts.scope import Scope
from billing.models import Charge, LedgerTransaction, Purchase


@dataclass(frozen=True)
class Split:
    """Units drawn from one purchase (None: no longer there)."""

    purchase: Purchase | None
    units: int


def splits(scope: Scope, charge: Charge) -> list[Split]:
    """Return what a charge drew from packages, in the order drawn."""
    drawn = charge.splits or []
    purchases = scope.rows(Purchase).select_related("package").in_bulk([purchase for purchase, _units in drawn])
    return [Split(purchases.get(purchase), units) for purchase, units in drawn]


def transaction_of(scope: Scope, charge: Charge) -> LedgerTransaction | None:
    """Return the ledger transaction that booked a charge (one per account, booked hour, item and run); None for 0."""
    hour = charge.booked_hour.astimezone(UTC)
    key = f"usage:{charge.account.code}:{hour:%Y-%m-%dT%HZ}:{charge.item}:{charge.run_id}"
    return scope.rows(LedgerTransaction).filter(key=key).first() if charge.amount else None

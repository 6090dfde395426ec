"""What it costs: prices and packages, charges and settlement, the ledger."""

from billing.models.charges import Charge, ClosedMonth, SettledHour, SettlementRun, SettlementTotal, UnansweredCount
from billing.models.ledger import Balance, LedgerAccount, LedgerEntry, LedgerTransaction
from billing.models.tariffs import Package, Purchase, Tariff

__all__ = [
    "Balance",
    "Charge",
    "ClosedMonth",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "Package",
    "Purchase",
    "SettledHour",
    "SettlementRun",
    "SettlementTotal",
    "Tariff",
    "UnansweredCount",
]

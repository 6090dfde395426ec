"""The SQL of the reports, put together from the named blocks of billing/sql/reports.sql."""

from common import sql

LINES = {
    "report_hours": "report_hours",
    "charge_lines": "report_charge_lines",
    "unanswered_lines": "report_unanswered_lines",
    "ledger_lines": "report_ledger_lines",
}
USES = {
    "report_hourly": ("report_hours", "charge_lines", "unanswered_lines", "ledger_lines"),
    "report_detail": ("report_hours", "charge_lines"),
    "report_detail_ledger": ("report_hours", "ledger_lines"),
    "report_totals": ("charge_lines", "ledger_lines"),
    "report_ledger_totals": ("ledger_lines",),
    "report_waiting": (),
    "report_unanswered_open": ("unanswered_lines",),
    "report_estimate": (),
}


def statement(name: str) -> str:
    """Return a query of USES with the WITH queries it reads from."""
    parts = [f"{alias} AS ({sql.load('billing', LINES[alias])})" for alias in USES[name]]
    prefix = "WITH " + ",\n".join(parts) + "\n" if parts else ""
    return prefix + sql.load("billing", name)

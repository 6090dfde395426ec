"""The detail report: one row per charge line; rental, packages and adjustments follow, so that it adds up alike."""

from typing import Any

from billing.reports.charges import ChargeExtract
from billing.reports.columns import DETAIL
from billing.reports.extract import RowsDiffer
from billing.reports.sidecar import lines_of


class DetailReport(ChargeExtract):
    """Every line that was charged in the period, in the order (booked hour, account, id)."""

    name = "charges-detail"
    columns = DETAIL
    queries = ("report_detail", "report_detail_ledger")

    def facts(self) -> dict[str, Any]:
        """Return the facts. Raises RowsDiffer when a line that was counted has no row."""
        facts = super().facts()
        if lines_of(facts) != self.rows:
            raise RowsDiffer(f"{self.rows} rows were written, {lines_of(facts)} lines counted")
        return facts

    def __str__(self) -> str:
        return "detail charge report"

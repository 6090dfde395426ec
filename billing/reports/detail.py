"""The detail report: one row per charge line; rental, packages and adjustments follow, so that it adds up alike."""

from billing.reports.charges import ChargeExtract
from billing.reports.columns import DETAIL


class DetailReport(ChargeExtract):
    """Every line that was charged in the period, in the order (booked hour, account, id)."""

    name = "charges-detail"
    columns = DETAIL
    queries = ("report_detail", "report_detail_ledger")

    def __str__(self) -> str:
        return "detail charge report"

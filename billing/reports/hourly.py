"""The hourly charge report: a row per account, application, number, item, unit price and booked hour (billing.md 9)."""

from billing.reports.charges import ChargeExtract
from billing.reports.columns import HOURLY


class HourlyReport(ChargeExtract):
    """sum(amount) equals the ledger's charges booked in the period, per account and currency, exactly."""

    name = "charges-hourly"
    columns = HOURLY
    queries = ("report_hourly",)

    def __str__(self) -> str:
        return "hourly charge report"

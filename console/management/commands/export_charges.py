"""export_charges: the hourly or detail charge report (billing.md 9)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from console.exports.orders import CHARGES, Order
from console.management.exporting import add_common_arguments, run, zone_for


class Command(BaseCommand):
    """Writes the charges booked in [from, to) as CSV, XLSX or Parquet, with control totals."""

    help = "Export the hourly charge report, or with --detail every charge line."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of contract.md."""
        add_common_arguments(parser)
        parser.add_argument("--detail", action="store_true", help="one row per charge line")
        parser.add_argument("--settled-only", action="store_true", help="only hours settled for their account")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the report. Raises CommandError naming the field."""
        order = Order(
            kind=CHARGES,
            start=options["start"],
            end=options["end"],
            zone=zone_for(options["timezone"], options["account"]),
            format=options["format"],
            spreadsheet=options["spreadsheet"],
            account=options["account"],
            detail=options["detail"],
            settled_only=options["settled_only"],
        )
        run(self, order, output=options["output"])

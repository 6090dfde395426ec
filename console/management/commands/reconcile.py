"""`reconcile [--from T --to T]`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.errors import MasklineError
from common.periods import parse_instant
from console.reconciliation import reconcile


class Command(BaseCommand):
    """Prove that what was received was stored, rated, posted and reported."""

    help = "Compare records, charges, ledger and report; list every difference; exit status 1 if there is any."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a period; without one, everything is compared."""
        parser.add_argument("--from", dest="start", metavar="T", help="with an offset")
        parser.add_argument("--to", dest="end", metavar="T", help="with an offset")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each check, and one for each difference."""
        try:
            start, end = (parse_instant(text) if text else None for text in (options["start"], options["end"]))
        except MasklineError as error:
            raise CommandError(str(error)) from error
        found = 0
        for check in reconcile(start, end, now=timezone.now()):
            found += len(check.differences)
            self.stdout.write(f"{check.name}: {len(check.differences) or 'no'} differences")
            for difference in check.differences:
                self.stdout.write(f"  {difference}")
        if found:
            raise CommandError(f"{found} differences", returncode=1)

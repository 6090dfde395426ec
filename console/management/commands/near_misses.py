"""near_misses: calls and SMS of former parties within the cool-down, as CSV."""

from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.scope import Scope
from common.errors import BadInput
from common.periods import parse_instant
from console.management.exporting import zone_for
from console.risk import near


class Command(BaseCommand):
    """Writes the near misses of [from, to) to standard output, and their sum to standard error."""

    help = "Write calls and SMS of former parties within the cool-down as CSV, who dialled masked."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the period and the zone."""
        parser.add_argument("--from", dest="start", required=True, metavar="T", help="start, with an offset")
        parser.add_argument("--to", dest="end", required=True, metavar="T", help="end (not included), with an offset")
        parser.add_argument("--timezone", default="", metavar="Z", help="zone of local times")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the rows. Raises CommandError naming the field."""
        try:
            start, end = (parse_instant(options[name]) for name in ("start", "end"))
            zone = ZoneInfo(zone_for(options["timezone"], ""))
        except (BadInput, KeyError, ValueError) as problem:
            raise CommandError(str(problem)) from problem
        if start >= end:
            raise CommandError("to: must be later than from")
        found = near.rows(Scope(None), start, end)
        for line in near.as_csv(found, zone):
            self.stdout.write(line, ending="")
        groups = near.by_number(found)
        total, reached = (sum(group[name] for group in groups) for name in ("callers", "reached"))
        rows = sum(group["calls"] + group["messages"] for group in groups)
        self.stderr.write(f"{rows} near misses of {total} callers, {reached} put through to a new party")

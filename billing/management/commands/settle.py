"""`settle [--until TIME]`: by hand what beat does at 5, 20, 35 and 50 past."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from billing.settlement import SettledShardHour, settle
from billing.tasks import SHARDS_AT_A_TIME
from common.errors import MasklineError
from common.periods import parse_instant


class Command(BaseCommand):
    """Settle due hours."""

    help = "Settle every due hour that ended by TIME (default: now). Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the end of the last hour to settle, and how many shards to settle at a time."""
        parser.add_argument("--until", metavar="TIME", help="with an offset, such as 2026-03-01T10:00:00+08:00")
        parser.add_argument("--parallel", type=int, default=SHARDS_AT_A_TIME, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        """Settle, and print a line per hour."""
        now = timezone.now()
        try:
            until = parse_instant(options["until"]) if options["until"] else now
            settle(until=until, now=now, parallel=max(options["parallel"], 1), watch=self.say)
        except MasklineError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(
                f"a shard stopped ({type(error).__name__}); what is printed above is booked, the log says more"
            ) from error

    def say(self, settled: Sequence[SettledShardHour]) -> None:
        """Print a line per hour."""
        for line in lines(settled):
            self.stdout.write(line)


def lines(settled: Iterable[SettledShardHour]) -> Iterator[str]:
    """Return a line for each settled hour, over all shards, and one that says so if there was none."""
    nothing = True
    for hour, parts in groupby(settled, key=lambda done: done.hour):
        nothing = False
        yield _line(hour, list(parts))
    if nothing:
        yield "nothing is due"


def _line(hour: datetime, parts: list[SettledShardHour]) -> str:
    counts: Counter[str] = Counter()
    amounts: dict[str, Decimal] = {}
    for booked in (booked for part in parts for booked in part.booked):
        counts[f"{booked.item} lines"] += booked.lines
        counts[f"{booked.item} units"] += booked.units
        counts[f"{booked.item} package"] += booked.package_units
        counts[f"{booked.item} overage"] += booked.overage_units
        counts["late"] += booked.late
        amounts[booked.currency] = amounts.get(booked.currency, Decimal(0)) + booked.amount
    texts = [
        f"usage lines {counts['call lines'] + counts['sms lines']}",
        f"minutes {counts['call units']}",
        f"package minutes {counts['call package']}",
        f"overage {counts['call overage']}",
        "amount " + (" + ".join(f"{amount:.6f} {currency}" for currency, amount in sorted(amounts.items())) or "0"),
    ]
    if counts["sms lines"]:
        texts.insert(-1, f"message parts {counts['sms units']} (package {counts['sms package']})")
    more = {
        "unanswered": counts["unanswered lines"],
        "late": counts["late"],
        "waiting": sum(part.waiting for part in parts),
    }
    return f"{hour:%Y-%m-%dT%H:%MZ}  " + ", ".join(texts + [f"{name} {count}" for name, count in more.items() if count])

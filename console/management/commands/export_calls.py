"""export_calls: call or SMS detail, both parties masked unless a permitted person gives a reason."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.errors import BadInput
from console.exports.orders import CALLS, Order
from console.management.exporting import add_common_arguments, person, run, zone_for


class Command(BaseCommand):
    """Writes the calls or messages whose first time is in [from, to)."""

    help = "Export call detail, or with --sms SMS detail."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of contract.md."""
        add_common_arguments(parser)
        parser.add_argument("--sms", action="store_true", help="SMS instead of calls")
        parser.add_argument("--unmasked", action="store_true", help="real numbers; needs --reason and --user")
        parser.add_argument("--reason", default="", metavar="TEXT", help="why real numbers are needed; kept")
        parser.add_argument("--user", default="", metavar="NAME", help="who exports, seeing only his own scope")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the detail. Raises CommandError naming the field."""
        if options["unmasked"] and not (options["reason"].strip() and options["user"]):
            raise CommandError("unmasked: needs a reason and a person; give --reason TEXT and --user NAME")
        try:
            user = person(options["user"]) if options["user"] else None
        except BadInput as problem:
            raise CommandError(str(problem)) from problem
        order = Order(
            kind=CALLS,
            start=options["start"],
            end=options["end"],
            zone=zone_for(options["timezone"], options["account"]),
            format=options["format"],
            spreadsheet=options["spreadsheet"],
            account=options["account"],
            sms=options["sms"],
            unmasked=options["unmasked"],
            reason=options["reason"].strip(),
        )
        run(self, order, output=options["output"], user=user)

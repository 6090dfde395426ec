"""order_numbers: so many numbers of a city for an application."""

from argparse import ArgumentParser
from typing import Any

from privacy.management.steps import StepCommand
from privacy.models import Number
from privacy.numbers.cells import Choice
from privacy.numbers.sheets import Line

CELLS = ("area_code", "quantity", "reference", "kind", "note")


class Command(StepCommand):
    """Order numbers, or all orders of a file. The same reference again is the same order."""

    help = "Order numbers for an application. All orders of a file, or none."
    step = "order"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take one order or a file of orders."""
        parser.add_argument("--application", default="", help="app_key; for lines that name none")
        parser.add_argument("--area-code", default="", help="such as 0755")
        parser.add_argument("--quantity", default="", help="how many")
        parser.add_argument("--reference", default="", help="the order's own name in its account")
        parser.add_argument("--kind", default="", choices=Number.Kind.values, help="default virtual")
        parser.add_argument("--no-sms", action="store_true", help="they take no part in SMS")
        parser.add_argument("--note", default="", help="for the people")
        self.add_file(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep the orders and print how many are new."""
        cells = {name: options[name] for name in CELLS if options[name]}
        if options["no_sms"]:
            cells["sms"] = "no"
        lines = self.lines(options, [Line(0, cells)] if cells else [])
        self.carry_out(lines, Choice(options["application"]), options)

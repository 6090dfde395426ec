"""release_number: numbers go back for good (contract.md)."""

from argparse import ArgumentParser
from typing import Any

from privacy.management.steps import StepCommand
from privacy.numbers.cells import Choice
from privacy.numbers.sheets import Line


class Command(StepCommand):
    """Unsubscribe numbers, one or many: their bindings end, and they are dead at once."""

    help = "Unsubscribe numbers for good. All of them, or none."
    step = "unsubscribe"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take numbers or a file."""
        parser.add_argument("numbers", nargs="*", help="numbers with + and country code")
        self.add_file(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Unsubscribe the numbers and print how many were."""
        lines = self.lines(options, [Line(0, {"number": number}) for number in options["numbers"]])
        self.carry_out(lines, Choice(), options)

"""transfer_numbers: numbers move to another application; every binding on them ends."""

from argparse import ArgumentParser
from typing import Any

from privacy.management.steps import StepCommand
from privacy.numbers.cells import Choice
from privacy.numbers.sheets import Line


class Command(StepCommand):
    """Transfer numbers inside their account. Between accounts finance and operator agree in the console."""

    help = "Transfer numbers to another application of their account. All of them, or none."
    step = "transfer"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take numbers or a file, and where they go."""
        parser.add_argument("numbers", nargs="*", help="numbers with + and country code")
        parser.add_argument("--application", default="", help="app_key they move to; for lines that name none")
        self.add_file(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Transfer the numbers and print how many moved and how many bindings ended."""
        lines = self.lines(options, [Line(0, {"number": number}) for number in options["numbers"]])
        self.carry_out(lines, Choice(options["application"]), options)

"""issue_numbers: new numbers for an application, or against an order (contract.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from privacy.management.steps import StepCommand
from privacy.models import Number, NumberOrder
from privacy.numbers.cells import Choice
from privacy.numbers.sheets import Line


class Command(StepCommand):
    """Issue numbers, one or many. What is issued already stays as it is."""

    help = "Issue numbers to an application. All of them, or none."
    step = "issue"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take numbers or a file, and what they are."""
        parser.add_argument("numbers", nargs="*", help="numbers with + and country code, up to 15 digits")
        parser.add_argument("--application", default="", help="app_key; for lines that name none")
        parser.add_argument("--area-code", default="", help="such as 0755; left out: the order's, or the number's own")
        parser.add_argument("--kind", default="", choices=Number.Kind.values, help="left out: the order's, or virtual")
        parser.add_argument("--no-sms", action="store_true", help="they take no part in SMS")
        parser.add_argument("--upstream", default="", help="code of the upstream they come from")
        parser.add_argument("--order", metavar="ACCOUNT/REFERENCE", help="the order they are issued for")
        self.add_file(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Issue the numbers and print how many were."""
        shared = {"area_code": options["area_code"], "kind": options["kind"], "upstream": options["upstream"]}
        if options["no_sms"]:
            shared["sms"] = "no"
        lines = self.lines(options, [Line(0, {"number": number}) for number in options["numbers"]])
        # Each line's own cells win.
        lines = [Line(one.line, {**shared, **{k: v for k, v in one.cells.items() if v}}) for one in lines]
        order = _order(options["order"])
        self.carry_out(lines, Choice(options["application"], order=order.pk if order else None), options)


def _order(text: str | None) -> NumberOrder | None:
    if not text:
        return None
    account, _slash, reference = text.partition("/")
    found = NumberOrder.objects.filter(account__code=account, reference=reference).first()
    if found is None:
        raise CommandError(_("--order: there is no such order; write it as ACCOUNT/REFERENCE."))
    return found

"""Whom a call would reach, at any instant: the binding matched, or the first rule that stops it. Numbers are masked."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common import periods
from common.errors import BadInput
from common.phone import mask
from privacy import causes
from privacy.deciding.reach import Reach, reach
from privacy.routing.facts import CallAsked


class Command(BaseCommand):
    """`who_would_it_reach X CALLER [--digits D] [--at TIME]`."""

    help = "Say whom a call at X from CALLER would reach, now or at any instant, and the rule that decides it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take X, the caller, digits and the instant."""
        parser.add_argument("x", help="the number dialled")
        parser.add_argument("caller", help='who calls; "" for a withheld number')
        parser.add_argument("--digits", help="the extension entered (AXE)")
        parser.add_argument("--at", help="an instant with its offset, past or to come (default: now)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line a fact."""
        asked = CallAsked("?", options["x"], options["caller"], options["digits"])
        try:
            at = periods.parse_instant(options["at"]) if options["at"] else timezone.now()
            found = reach(asked, at)
        except BadInput as problem:
            raise CommandError(str(problem)) from problem
        for name, value in _lines(found):
            self.stdout.write(f"{name + ':':14}{value}")


def _lines(found: Reach) -> list[tuple[str, str]]:
    decision, application = found.decision, found.facts.application
    cause = causes.state(decision.code) if decision.code else None
    lines = [
        ("at", found.facts.at.isoformat()),
        ("decision", decision.outcome.value),
        ("rule", decision.rule),
        ("state code", f"{decision.code} {cause.sentence('en') if cause else ''}".strip() if decision.code else ""),
        ("application", f"{application.app_key} ({application.mode})" if application else ""),
        ("binding", decision.subscription_id or str(decision.ended_binding_id or "")),
        ("callee", mask(decision.callee) if decision.callee else ""),
        ("display", "a Y that is bound then" if decision.allocates_y else mask(decision.display)),
        ("voice", decision.voice),
        ("digits", str(decision.digits or "")),
    ]
    return [(name, value) for name, value in lines if value]

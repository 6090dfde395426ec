"""What the commands for numbers share: numbers named one by one or in a file, --dry-run, every bad line told."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit import COMMAND
from common.errors import MasklineError
from privacy.bindings.orders import Actor
from privacy.numbers.bulk import STEPS, Outcome, Run, carry_out
from privacy.numbers.cells import Choice
from privacy.numbers.rows import BadRows
from privacy.numbers.sheets import Line, read

SAID_EVERY_SECONDS = 5


class StepCommand(BaseCommand):
    """One step in the life of numbers. All of them, or none."""

    step = ""

    def add_file(self, parser: argparse.ArgumentParser) -> None:
        """Take a file instead of what is named, why it is done, and whether it is only tried."""
        columns = ", ".join(STEPS[self.step].columns)
        parser.add_argument("--file", help=f"CSV (UTF-8, GB18030) or XLSX with the columns {columns}")
        parser.add_argument("--reason", required=True, help="why; kept with each number and in the audit trail")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and every line at fault")

    def lines(self, options: dict[str, Any], typed: Sequence[Line]) -> list[Line]:
        """Return the lines of --file, else those typed. Raises CommandError."""
        if bool(options["file"]) == bool(typed):
            raise CommandError(_("Name either what it is done with, or a file with --file."))
        if not options["file"]:
            return list(typed)
        try:
            return read(Path(options["file"]).read_bytes(), STEPS[self.step].columns)
        except OSError as problem:
            raise CommandError(f"{options['file']}: {problem.strerror}") from None
        except MasklineError as problem:
            raise CommandError(f"{options['file']}: {problem}") from None

    def carry_out(self, lines: Sequence[Line], choice: Choice, options: dict[str, Any]) -> Outcome:
        """Do the step, print what it did, and each bad line when nothing was done."""
        run = Run(
            Actor(name=COMMAND, reason=options["reason"]), timezone.now(), options["dry_run"], _Progress(self.stderr)
        )
        try:
            outcome = carry_out(self.step, lines, choice, run)
        except BadRows as bad:
            for problem in bad.problems:
                self.stderr.write(str(problem))
            n = len(bad.problems)
            told = ngettext("%(n)s line cannot be done; nothing was.", "%(n)s lines cannot be done; nothing was.", n)
            raise CommandError(told % {"n": n}) from None
        except MasklineError as problem:
            raise CommandError(str(problem)) from None
        ended = f", bindings ended {outcome.bindings_ended}" if STEPS[self.step].ends_bindings else ""
        told = f"changed {outcome.changed}, unchanged {outcome.unchanged}{ended}"
        self.stdout.write(f"dry run: {told}" if options["dry_run"] else told)
        return outcome


class _Progress:
    """Says on standard error every few seconds how many numbers are done."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._said = time.monotonic()

    def __call__(self, count: int) -> None:
        now = time.monotonic()
        if now - self._said >= SAID_EVERY_SECONDS:
            self._said = now
            self._stream.write(f"{count} numbers")

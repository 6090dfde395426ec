"""`provision FILE`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.errors import MasklineError
from console.provisioning import provision


class Command(BaseCommand):
    """Create or update accounts, applications, upstreams, numbers, prices, packages and purchases from a file."""

    help = "Create or update what FILE names. Repeatable; all or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        """Apply the file; print the secrets that were made, and what was created, updated and unchanged."""
        path = Path(options["file"])
        try:
            tally = provision(path, timezone.now())
        except MasklineError as error:
            raise CommandError(f"{path}: {error}") from error
        for text in tally.secrets:
            self.stdout.write(text)
        for name, counts in tally.counts.items():
            parts = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("created", "updated", "unchanged"))
            self.stdout.write(f"{name}: {parts}")
        if tally.released:
            self.stdout.write(f"quarantine: {tally.released} records left it")
        if not tally.changed:
            self.stdout.write("nothing changed")
        for notice in tally.notices:
            self.stderr.write(notice)

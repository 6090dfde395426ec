"""manage.py backup DIR."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.installation import installation
from config.services import ServiceError, backup


class Command(BaseCommand):
    """Write the database, recordings and voice files into a new folder. The keys are not in it."""

    help = "Back up the database, recordings and voice files into a new folder; never the keys."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder."""
        parser.add_argument("folder", metavar="DIR", type=Path)

    def handle(self, *args: Any, folder: Path, verbosity: int, **options: Any) -> None:
        """Take the backup, and say what it needs to be read again."""
        try:
            made = backup.take(installation(), folder.absolute(), datetime.now(UTC))
        except ServiceError as problem:
            raise CommandError(str(problem)) from problem
        if verbosity:
            self.stdout.write(f"backed up into {folder}: {made.size} bytes, {made.files} files beside the database")
            self.stdout.write(f"keep the data keys with these ids elsewhere: {', '.join(made.key_ids)}")

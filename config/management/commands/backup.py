"""manage.py backup DIR."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from config.doctor.database import BACKUP
from config.installation import installation
from config.services import ServiceError, backup
from console.models import Heartbeat


class Command(BaseCommand):
    """Write the database, recordings and voice files into a new folder. The keys are not in it."""

    help = "Back up the database, recordings and voice files into a new folder; never the keys."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder, and what to leave out."""
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--without-recordings", action="store_true", help="leave the recordings of calls out")

    def handle(self, *args: Any, folder: Path, without_recordings: bool, verbosity: int, **options: Any) -> None:
        """Take the backup, and say what it needs to be read again."""
        try:
            made = backup.take(installation(), folder.absolute(), datetime.now(UTC), recordings=not without_recordings)
        except ServiceError as problem:
            raise CommandError(str(problem)) from problem
        self._note()
        if verbosity:
            self.stdout.write(f"backed up into {folder}: {made.size} bytes, {made.files} files beside the database")
            self.stdout.write(f"keep the data keys with these ids elsewhere: {', '.join(made.key_ids)}")

    def _note(self) -> None:
        """Write down that a backup was taken, for `doctor`; it is whole without that."""
        try:
            Heartbeat.objects.update_or_create(name=BACKUP, defaults={"at": datetime.now(UTC)})
        except DatabaseError as problem:
            self.stderr.write(f"the backup is whole, but its time could not be noted: {problem}")

"""manage.py restore DIR [--force]."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config.installation import installation
from config.services import ServiceError, backup
from notifications import listing


class Command(BaseCommand):
    """Bring a backup back into an empty database, or with --force into one whose content is given up."""

    help = "Restore what backup wrote; refuses a database that holds anything unless --force."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder and --force."""
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--force", action="store_true", help="replace everything that is in the database")

    def handle(self, *args: Any, folder: Path, force: bool, **options: Any) -> None:
        """Restore, and say what it was."""
        try:
            done = backup.restore(installation(), folder.absolute(), force=force)
        except ServiceError as problem:
            raise CommandError(str(problem)) from problem
        # What held connections to the tables that were there before.
        connection.close()
        listing.outlive_restore()
        self.stdout.write(f"restored from {folder}: {done.size} bytes, {done.files} files beside the database")
        self.stdout.write(
            f"data keys in use: {', '.join(done.key_ids)}; bin/run migrates it if it is from an older version"
        )

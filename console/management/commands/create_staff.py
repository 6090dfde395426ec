"""`create_staff [--demo]`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import people
from accounts.models import Account


class Command(BaseCommand):
    """Make the staff users that are missing, with random passwords in DATA_DIR/users.json."""

    help = "Make the staff users that are missing; their passwords are added to DATA_DIR/users.json (mode 0600)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --demo."""
        parser.add_argument("--demo", action="store_true", help="also the user acme, bound to the account acme")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them and print their names, never a password."""
        customer = Account.objects.filter(code=people.DEMO_USER).first() if options["demo"] else None
        if options["demo"] and customer is None:
            raise CommandError(f"there is no account {people.DEMO_USER}; provision it first")
        path = Path(settings.DATA_DIR) / "users.json"
        try:
            made = people.create_missing(path, customer)
        except (OSError, ValueError) as error:
            raise CommandError(f"{path} cannot be kept: {error}") from error
        if made and int(options["verbosity"]) > 0:
            self.stdout.write(f"made {', '.join(made)}; passwords in {path}")

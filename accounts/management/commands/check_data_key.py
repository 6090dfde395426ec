"""`check_data_key`: what every start asks before it serves or writes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.datakeys import verify_data_keys
from common.errors import MasklineError


class Command(BaseCommand):
    """Refuse to start with a data key this database was not written with."""

    help = "Check that MASKLINE_DATA_KEY holds the keys this database was written with; note the writing key."

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, and print the ids of the keys."""
        try:
            kids = verify_data_keys()
        except MasklineError as error:
            raise CommandError(str(error)) from error
        if int(options["verbosity"]) > 0:
            self.stdout.write("data keys: " + (", ".join(kids) or "none yet"))

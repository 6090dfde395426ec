"""`rotate_keys`: seal everything under the first key of MASKLINE_DATA_KEY."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit
from accounts.datakeys import verify_data_keys
from accounts.rotation import rotate
from common.errors import MasklineError


class Command(BaseCommand):
    """Seal every number, body and secret again under the first data key. May be killed and run again."""

    help = "Seal every value again under the first key of MASKLINE_DATA_KEY; safe to kill and run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, with progress on standard error, and print which keys need not be kept."""
        try:
            verify_data_keys()
            done = rotate(self.stderr.write)
        except MasklineError as error:
            raise CommandError(str(error)) from error
        rows = sum(done.rows.values())
        self.stdout.write(f"{rows} rows sealed again")
        if rows or done.dropped:
            audit.record(user=None, action="rotate_keys", detail={"rows": done.rows, "dropped": done.dropped})
        if done.refused:
            raise CommandError("older keys are still needed for " + ", ".join(done.refused))
        for kid in done.dropped:
            self.stdout.write(f"nothing is sealed under {kid} any more: it may be taken out of MASKLINE_DATA_KEY")

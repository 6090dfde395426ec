"""manage.py doctor."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from config import doctor


class Command(BaseCommand):
    """Look at everything this installation rests on; one line each with the cure."""

    help = "Look at disk, clocks, partitions, backup, keys, migrations, heartbeats and queues; exit 1 if any is bad."
    # It says itself what they would stop it for.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each finding; exit 1 if any is bad."""
        bad = 0
        for finding in doctor.examine(datetime.now(UTC)):
            self.stdout.write(str(finding))
            bad += finding.level == doctor.BAD
        if bad:
            raise SystemExit(1)

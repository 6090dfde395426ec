"""`manage.py recordings`: how many recordings there are in which state, and the bytes of those that are stored."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count, Sum

from privacy.models import RecordingFile


class Command(BaseCommand):
    """Print what the store of recordings holds."""

    help = "Print how many recordings are stored, awaited, failed and deleted, and the bytes stored, by account."

    def handle(self, **options: Any) -> None:
        """Print a line for each state, and one for each account that has files."""
        state = RecordingFile.State
        counted = RecordingFile.objects.values_list("state").annotate(n=Count("pk"), bytes=Sum("size")).order_by()
        counts = {kind: (n, size or 0) for kind, n, size in counted}
        for kind in state.values:
            n, size = counts.get(kind, (0, 0))
            self.stdout.write(f"{kind} {n}, {size} bytes" if kind == state.STORED else f"{kind} {n}")
        held = RecordingFile.objects.filter(state=state.STORED).values_list("account__code")
        for code, n, size in held.annotate(n=Count("pk"), bytes=Sum("size")).order_by("account__code"):
            self.stdout.write(f"  {code}: {n}, {size or 0} bytes")

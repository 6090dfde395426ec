"""Celery's door to ingest. Rows are the queue: a task that runs twice, or not at all, loses nothing."""

from celery import shared_task
from django.utils import timezone

from privacy import quarantine


@shared_task(name="privacy.tasks.retry_quarantine")  # type: ignore[untyped-decorator, unused-ignore]
def retry_quarantine() -> int:
    """Try again what may be storable by now; return how many records left quarantine."""
    return quarantine.retry_all(timezone.now())

"""Celery's door to ingest. Rows are the queue: a task that runs twice, or not at all, loses nothing."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from privacy import quarantine

EVERY_MINUTES = 5
YOUNG = timedelta(hours=1)


@shared_task(name="privacy.tasks.retry_quarantine")  # type: ignore[untyped-decorator, unused-ignore]
def retry_quarantine() -> int:
    """Try again what may be storable by now; return how many records left quarantine.

    Beat asks every five minutes: what came within the hour is tried each time, what waits longer once an hour.
    """
    now = timezone.now()
    since = None if now.minute < EVERY_MINUTES else now - YOUNG
    return quarantine.retry_all(now, since=since)

"""Celery's door to ingest and to bindings. Rows are the queue: a task that runs twice, or not at all, loses nothing."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from privacy import bindings, quarantine

EVERY_MINUTES = 5
YOUNG = timedelta(hours=1)
EXPIRED_AT_A_TIME = 1000


@shared_task(name="privacy.tasks.retry_quarantine")  # type: ignore[untyped-decorator, unused-ignore]
def retry_quarantine() -> int:
    """Try again what may be storable by now; return how many records left quarantine.

    Beat asks every five minutes: what came within the hour is tried each time, what waits longer once an hour.
    """
    now = timezone.now()
    since = None if now.minute < EVERY_MINUTES else now - YOUNG
    return quarantine.retry_all(now, since=since)


@shared_task(name="privacy.tasks.end_expired")  # type: ignore[untyped-decorator, unused-ignore]
def end_expired() -> int:
    """End bindings that have expired; return how many. Calls are refused on time without it."""
    total = ended = bindings.end_expired(EXPIRED_AT_A_TIME)
    while ended:
        ended = bindings.end_expired(EXPIRED_AT_A_TIME)
        total += ended
    return total


@shared_task(name="privacy.tasks.forget_released")  # type: ignore[untyped-decorator, unused-ignore]
def forget_released() -> int:
    """Delete cool-downs and answers that nobody will ask for again; return how many."""
    return bindings.forget_released()

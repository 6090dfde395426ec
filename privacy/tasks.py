"""Celery's door to ingest and to bindings. Rows are the queue: a task that runs twice, or not at all, loses nothing."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from privacy import alert_checks, bindings, quarantine, stop_callbacks, stranded
from privacy.recordings import fetching
from privacy.recordings import retention as recording_terms

EVERY_MINUTES = 5
YOUNG = timedelta(hours=1)
EXPIRED_AT_A_TIME = 1000
# A recording takes three minutes at most, a task of ours nine.
FETCHING = timedelta(minutes=4)


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


@shared_task(name=stop_callbacks.TASK)  # type: ignore[untyped-decorator, unused-ignore]
def post_stop_orders(upstream_id: int | None = None, attempt: int = 0) -> int:
    """Post the orders to end calls that are open to one switch, or (each minute) to all; return how many were taken."""
    now = timezone.now()
    if upstream_id is None:
        return stop_callbacks.post_all(now)
    return stop_callbacks.post(upstream_id, attempt, now)


@shared_task(name="privacy.tasks.fetch_recordings")  # type: ignore[untyped-decorator, unused-ignore]
def fetch_recordings() -> int:
    """Fetch recordings that lie at upstreams, for a few minutes, if nobody else does; return how many came."""
    came = 0
    until = timezone.now() + FETCHING
    with fetching.alone() as alone:
        while alone and (now := timezone.now()) < until and (row := fetching.claim(now)) is not None:
            came += fetching.fetch(row, timezone.now)
    return came


@shared_task(name="privacy.tasks.sweep_recordings")  # type: ignore[untyped-decorator, unused-ignore]
def sweep_recordings() -> int:
    """Join recordings with CDRs that came later, delete those whose term is over; return how many were deleted."""
    now = timezone.now()
    recording_terms.join(now)
    return recording_terms.delete_due(now)


@shared_task(name="privacy.tasks.forget_leftovers")  # type: ignore[untyped-decorator, unused-ignore]
def forget_leftovers() -> int:
    """Delete files that no recording names any more, and rows as old as calls may be; return how many files."""
    now = timezone.now()
    recording_terms.forget_rows(now)
    return recording_terms.forget_leftovers(now)


@shared_task(name="privacy.tasks.check_arrivals")  # type: ignore[untyped-decorator, unused-ignore]
def check_arrivals() -> None:
    """Raise and close the alerts of silent upstreams and of a quarantine that grows."""
    now = timezone.now()
    alert_checks.silent_upstreams(now)
    alert_checks.growing_quarantine(now)


@shared_task(name="privacy.tasks.sweep_outbox")  # type: ignore[untyped-decorator, unused-ignore]
def sweep_outbox() -> int:
    """Hand pushes whose URL is gone to the new one, or give them up; return how many."""
    swept = stranded.sweep(timezone.now())
    return swept.moved + swept.given_up

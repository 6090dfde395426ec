"""Celery's door to billing. Rows are the queue: a task that runs twice, or not at all, loses nothing."""

import logging

from celery import shared_task
from django.utils import timezone

from billing.settlement import settle

log = logging.getLogger(__name__)

SHARDS_AT_A_TIME = 2


@shared_task(name="billing.tasks.settle_due_hours")  # type: ignore[untyped-decorator, unused-ignore]
def settle_due_hours() -> None:
    """Settle every due hour (billing.md 4). Two at once wait for each other's shards and then find nothing to do."""
    now = timezone.now()
    settled = settle(until=now, now=now, parallel=SHARDS_AT_A_TIME)
    waiting = sum(done.waiting for done in settled)
    if waiting:
        log.warning("%s usage rows wait: no price, or parts unknown", waiting)

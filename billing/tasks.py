"""Celery's door to billing. Rows are the queue: a task that runs twice, or not at all, loses nothing."""

import logging

from celery import shared_task
from django.utils import timezone

from billing import alert_checks
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


@shared_task(name="billing.tasks.check_money")  # type: ignore[untyped-decorator, unused-ignore]
def check_money() -> None:
    """Raise and close the alerts of usage without a price, of balances and of packages."""
    now = timezone.now()
    alert_checks.unpriced_usage(now)
    alert_checks.balances(now)
    alert_checks.packages(now)


@shared_task(name="billing.tasks.check_applications")  # type: ignore[untyped-decorator, unused-ignore]
def check_applications() -> None:
    """Raise and close the alerts of applications that fell silent: once the last hour is settled."""
    alert_checks.silent_applications(timezone.now())

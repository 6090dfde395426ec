"""Celery's door to the console. Rows are the queue: a task that runs twice, or not at all, loses nothing."""

import logging

from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from common import partitions
from console import job_files, jobs
from console.alerts import checks
from console.job_kinds import carry_out
from console.models import Heartbeat
from privacy import retention

log = logging.getLogger(__name__)

JOB_SECONDS = 3600


@shared_task(  # type: ignore[untyped-decorator, unused-ignore]
    name="console.tasks.run_job", soft_time_limit=JOB_SECONDS, time_limit=JOB_SECONDS + 60
)
def run_job(job_id: str) -> None:
    """Do a job if nobody else does it."""
    jobs.run(job_id, carry_out)


@shared_task(name="console.tasks.sweep_jobs")  # type: ignore[untyped-decorator, unused-ignore]
def sweep_jobs() -> None:
    """Make lost jobs again, announce forgotten ones, delete files past their term."""
    now = timezone.now()
    jobs.sweep(now)
    job_files.remove_expired(now)


@shared_task(name="console.tasks.beat_heartbeat")  # type: ignore[untyped-decorator, unused-ignore]
def beat_heartbeat() -> None:
    """Write the worker's sign of life; it came from beat, so both are alive (/readyz)."""
    Heartbeat.objects.update_or_create(name="worker", defaults={"at": timezone.now()})


@shared_task(name="console.tasks.jobs_heartbeat")  # type: ignore[untyped-decorator, unused-ignore]
def jobs_heartbeat() -> None:
    """Write the sign of life of the worker of long jobs, from inside it; while a job runs, that one gives its own."""
    Heartbeat.objects.update_or_create(name="jobs", defaults={"at": timezone.now()})


@shared_task(name="console.tasks.keep_partitions")  # type: ignore[untyped-decorator, unused-ignore]
def keep_partitions() -> None:
    """Make the partitions of this and the next two intervals."""
    partitions.ensure_ahead(timezone.now())


@shared_task(name="console.tasks.drop_expired")  # type: ignore[untyped-decorator, unused-ignore]
def drop_expired() -> None:
    """Drop the calls, messages, events and sessions that are past their term."""
    gone = retention.drop_expired(timezone.now())
    if gone:
        log.info("dropped %s", ", ".join(gone))


@shared_task(name="console.tasks.check_instance")  # type: ignore[untyped-decorator, unused-ignore]
def check_instance() -> None:
    """Raise and close the alerts of jobs that failed, old backups, and partitions that could not be made."""
    now = timezone.now()
    checks.failed_jobs(now)
    checks.old_backup(now)
    try:
        partitions.ensure_ahead(now)
    except DatabaseError:
        log.exception("partitions could not be made")
    checks.missing_partitions(now)

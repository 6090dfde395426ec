"""Looking at the instance itself: jobs that failed, partitions that are missing, backups that are too old."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_noop

from accounts.scope import Scope
from common import partitions
from console.models import Heartbeat, Job
from notifications import alerts
from notifications.alerts import Trouble

FAILED_FOR = timedelta(days=7)
AHEAD = timedelta(days=7)
BACKUP = "backup"  # the sign of life that `manage.py backup` leaves
# What people call the kinds (console.job_kinds).
NAMES = {
    "charges": gettext_noop("export of charges"),
    "calls": gettext_noop("export of calls or SMS"),
    "end_bindings": gettext_noop("ending of bindings"),
    "numbers": gettext_noop("change of numbers"),
    "number_transfer": gettext_noop("transfer of numbers"),
    "blacklist": gettext_noop("loading of a blacklist"),
}
ENDED = (Job.State.DONE, Job.State.FAILED)


def failed_jobs(now: datetime) -> None:
    """Raise an alert for each kind of job whose last one of an account failed this week; the next good one ends it.

    An alert of the instance: whoever asked for a job sees on the page of jobs that it failed.
    """
    ended = Scope(None).rows(Job).filter(state__in=ENDED, finished_at__gt=now - FAILED_FOR).select_related("account")
    last = ended.order_by("kind", "account_id", "-finished_at").distinct("kind", "account_id")
    troubles = [
        Trouble(
            f"job:{job.kind}:{job.account_id or '-'}",
            values={
                "job": NAMES.get(job.kind, job.kind),
                "account": job.account.code if job.account else "-",
                "reason": job.error,
                "job_id": str(job.pk),
            },
        )
        for job in last
        if job.state == Job.State.FAILED
    ]
    alerts.follow("job_failed", troubles, now=now)


def missing_partitions(now: datetime) -> None:
    """Raise an alert for each table that has no partition for now or for a week ahead."""
    troubles = []
    for entry in partitions.partitioned_tables():
        there = partitions.existing(entry.table)
        for at in (now, now + AHEAD):
            if not any(one.lower <= at < one.upper for one in there):
                values = {"table": entry.table, "missing_at": at}
                troubles.append(Trouble(f"table:{entry.table}", "critical", values=values))
                break
    alerts.follow("partition_missing", troubles, now=now)


def old_backup(now: datetime) -> None:
    """Raise an alert when the last backup is older than the setting says; without any there is nothing to compare."""
    hours = settings.MASKLINE["backup_hours"]
    last = Scope(None).rows(Heartbeat).filter(name=BACKUP).values_list("at", flat=True).first()
    old = bool(hours) and last is not None and now - last > timedelta(hours=hours)
    alerts.follow("backup_old", [Trouble("backup", values={"backup_at": last})] if old else [], now=now)

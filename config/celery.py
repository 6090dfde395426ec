"""The Celery application and its timetable: crontab only, so that a restart of beat neither skips nor doubles a run."""

import importlib
import os
from datetime import UTC, datetime
from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import Celery, bootsteps
from celery.schedules import crontab
from celery.signals import beat_init, task_failure, task_success, worker_init
from django.conf import settings

from common.errors import WrongKey
from config.services import pulse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
JOBS_HEARTBEAT = "console.tasks.jobs_heartbeat"
app = Celery("maskline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "heartbeat": {"task": "console.tasks.beat_heartbeat", "schedule": crontab()},
    "heartbeat of jobs": {
        "task": JOBS_HEARTBEAT,
        "schedule": crontab(),
        "options": {"queue": "jobs", "expires": 60},
    },
    "settle due hours": {"task": "billing.tasks.settle_due_hours", "schedule": crontab(minute="5,20,35,50")},
    "make partitions ahead": {"task": "console.tasks.keep_partitions", "schedule": crontab(minute="17", hour="*/6")},
    "drop what is past its term": {"task": "console.tasks.drop_expired", "schedule": crontab(minute="43", hour="3")},
    "try quarantine again": {"task": "privacy.tasks.retry_quarantine", "schedule": crontab(minute="*/5")},
    "forget old headers": {"task": "accounts.tasks.forget_old_headers", "schedule": crontab(minute="29")},
    "forget past secrets": {"task": "accounts.tasks.forget_past_secrets", "schedule": crontab(minute="*/10")},
    "end expired bindings": {"task": "privacy.tasks.end_expired", "schedule": crontab()},
    "post stop orders": {"task": "privacy.tasks.post_stop_orders", "schedule": crontab()},
    "forget released numbers": {"task": "privacy.tasks.forget_released", "schedule": crontab(minute="11", hour="4")},
    "fetch recordings": {"task": "privacy.tasks.fetch_recordings", "schedule": crontab()},
    "end recordings": {"task": "privacy.tasks.sweep_recordings", "schedule": crontab(minute="*/5")},
    "forget leftovers": {"task": "privacy.tasks.forget_leftovers", "schedule": crontab(minute="37", hour="4")},
    "queue replays": {"task": "notifications.tasks.queue_replays", "schedule": crontab()},
    "send alerts": {"task": "notifications.tasks.send_alerts", "schedule": crontab()},
    "forget alerts": {"task": "notifications.tasks.forget_alerts", "schedule": crontab(minute="51", hour="4")},
    "check endpoints": {"task": "notifications.tasks.check_endpoints", "schedule": crontab()},
    "check money": {"task": "billing.tasks.check_money", "schedule": crontab(minute="*/5")},
    "check arrivals": {"task": "privacy.tasks.check_arrivals", "schedule": crontab(minute="*/5")},
    "check applications": {"task": "billing.tasks.check_applications", "schedule": crontab(minute="25")},
    "check the instance": {"task": "console.tasks.check_instance", "schedule": crontab(minute="*/5")},
    "find stranded pushes": {"task": "privacy.tasks.sweep_outbox", "schedule": crontab()},
    "find stranded jobs": {"task": "console.tasks.sweep_jobs", "schedule": crontab()},
}


# While no worker runs, what is asked for each minute must not pile up before what matters.
for _asked in app.conf.beat_schedule.values():
    if _asked["schedule"] == crontab():
        _asked.setdefault("options", {}).setdefault("expires", 300)


class Pulse(bootsteps.StartStopStep):  # type: ignore[misc, unused-ignore]
    """Beats from the main process of a worker, each time its consumer starts anew: a lost connection clears timers."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        """Beat now and every few seconds."""
        path = pulse.file(settings.DATA_DIR, parent.hostname.partition("@")[0])
        pulse.beat(path)
        parent.timer.call_repeatedly(pulse.SECONDS, pulse.beat, (path,))


app.steps["consumer"].add(Pulse)


@worker_init.connect
def verify_keys(**_: Any) -> None:
    """Stop a worker that does not hold the keys its database was written with: it would seal under another."""
    datakeys = importlib.import_module("accounts.datakeys")  # models, which this module must not load on import
    try:
        datakeys.verify_at_start()
    except WrongKey as error:
        raise SystemExit(f"worker: {error}") from error


@beat_init.connect
def beat_at_once(**_: Any) -> None:
    """Send what must not wait for its time when beat starts: heartbeats, for readiness, and the partitions."""
    app.send_task("console.tasks.beat_heartbeat", expires=60)
    app.send_task(JOBS_HEARTBEAT, queue="jobs", expires=60)
    app.send_task("console.tasks.keep_partitions", expires=60)


@task_failure.connect
def tell_failure(sender: Any = None, exception: BaseException | None = None, **_: Any) -> None:
    """Raise an alert of a task that failed; not in the worker's main process, which has no connection to fork."""
    if exception is not None and not isinstance(exception, WorkerLostError | TimeLimitExceeded):
        importlib.import_module("notifications.task_alerts").failed(sender.name, exception, datetime.now(UTC))


@task_success.connect
def tell_success(sender: Any = None, **_: Any) -> None:
    """Close the alert of a task that works again."""
    importlib.import_module("notifications.task_alerts").worked(sender.name, datetime.now(UTC))

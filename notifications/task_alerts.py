"""Work of the timetable that fails is an alert until it works again (config/celery.py calls this after each task).

A database that was away for a moment is only noted; the second time in a row it is a warning like any other failure.
"""

import logging
from datetime import datetime

from django.db import InterfaceError, OperationalError

from notifications import alerts
from notifications.models import Alert

log = logging.getLogger(__name__)
KIND = "task_failed"


def failed(task: str, error: BaseException, now: datetime) -> None:
    """Raise the alert of a task. Never raises: the task failed, and that is what the worker says."""
    subject = f"task:{task}"
    try:
        again = Alert.objects.filter(kind=KIND, subject=subject, closed_at=None).exists()
        passing = isinstance(error, OperationalError | InterfaceError) and not again
        # What an error says may hold anything; the worker's log has it.
        values = {"task": task, "error": type(error).__name__}
        alerts.raise_alert(KIND, subject=subject, severity="info" if passing else "warning", values=values, now=now)
    except Exception:
        log.warning("no alert of %s", task, exc_info=True)


def worked(task: str, now: datetime) -> None:
    """Close the alert of a task, if there is one. Never raises."""
    try:
        alerts.close_alert(KIND, f"task:{task}", now=now)
    except Exception:
        log.warning("the alert of %s stays open", task, exc_info=True)

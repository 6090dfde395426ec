"""Periodic work of notifications (config/celery.py holds the timetable)."""

from celery import shared_task
from django.utils import timezone

from notifications import alert_checks, alert_messages, alerts, forgetting, replay, replaying

REPLAY_SECONDS = 20.0


@shared_task(name=replay.TASK)  # type: ignore[untyped-decorator, unused-ignore]
def queue_replays() -> bool:
    """Queue pushes of open replays for a while; return whether more is left, for which it asks to be called again."""
    more = replaying.run(REPLAY_SECONDS)
    if more:
        replay.tell()
    return more


@shared_task(name=alerts.TASK)  # type: ignore[untyped-decorator, unused-ignore]
def send_alerts() -> int:
    """Send the alert messages that are due; return how many arrived. Two at once take different rows."""
    return alert_messages.send_due()


@shared_task(name="notifications.tasks.check_endpoints")  # type: ignore[untyped-decorator, unused-ignore]
def check_endpoints() -> None:
    """Raise and close the alerts of customers' servers that fail; close those of contacts that are there now."""
    now = timezone.now()
    alert_checks.endpoints(now)
    alert_checks.contacts(now)


@shared_task(name="notifications.tasks.forget_alerts")  # type: ignore[untyped-decorator, unused-ignore]
def forget_alerts() -> int:
    """Delete alerts and replays that were over long ago; return how many."""
    now = timezone.now()
    return forgetting.forget_alerts(now) + forgetting.forget_replays(now)

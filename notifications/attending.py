"""What people do about alerts: take one on, silence it, close it. Each is in the audit trail."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest

from accounts.audit import record
from accounts.roles import User
from notifications import alerts
from notifications.models import Alert


def acknowledge(alert: Alert, *, user: User, request: HttpRequest | None, now: datetime) -> bool:
    """Say that a person looks after it: nobody else is told of it. False when it is closed, or somebody does."""
    with transaction.atomic():
        rows = Alert.objects.filter(pk=alert.pk, closed_at__isnull=True, acknowledged_at__isnull=True)
        done = bool(rows.update(acknowledged_at=now, acknowledged_by=user.get_username()[:150]))
        if done:
            _record(alert, "alert.acknowledge", user, request)
    return done


def silence(alert: Alert, until: datetime | None, *, user: User, request: HttpRequest | None) -> bool:
    """Tell nobody of it until then, also when it is over and comes again; None ends that. False when it is closed."""
    with transaction.atomic():
        done = bool(Alert.objects.filter(pk=alert.pk, closed_at__isnull=True).update(silenced_until=until))
        if done:
            _record(alert, "alert.silence", user, request, until=until.isoformat() if until else None)
    return done


def close_by_hand(alert: Alert, *, user: User, request: HttpRequest | None, now: datetime) -> bool:
    """Close it; what is still wrong at the next look opens it anew. False when it was closed."""
    with transaction.atomic():
        done = alerts.close(Alert.objects.filter(pk=alert.pk), now=now, by=user.get_username()) > 0
        if done:
            _record(alert, "alert.close", user, request)
    return done


def _record(alert: Alert, action: str, user: User, request: HttpRequest | None, **detail: str | None) -> None:
    record(
        user=user,
        action=action,
        subject_kind="alert",
        subject=str(alert.pk),
        account=alert.account,
        detail={"kind": alert.kind, **detail},
        request=request,
    )

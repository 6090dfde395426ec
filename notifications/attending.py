"""What people do about alerts: take one on, silence it, close it. Each is in the audit trail."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.audit import record
from accounts.roles import User
from notifications import alerts
from notifications.models import Alert, AlertMessage


def acknowledge(alert: Alert, *, user: User, request: HttpRequest | None, now: datetime, instead_of: str = "") -> bool:
    """Say that a person looks after it: nobody else is told of it. `instead_of`: taken over from whom.

    False when it is closed, somebody (else) looks after it, or he does so already.
    """
    name = user.get_username()[:150]
    with transaction.atomic():
        rows = Alert.objects.filter(pk=alert.pk, closed_at__isnull=True, acknowledged_by=instead_of)
        done = bool(rows.exclude(acknowledged_by=name).update(acknowledged_at=now, acknowledged_by=name))
        if done:
            _untold(alert).delete()
            _record(alert, "alert.acknowledge", user, request, instead_of=instead_of or None)
    return done


def silence(alert: Alert, until: datetime | None, *, user: User, request: HttpRequest | None) -> bool:
    """Tell nobody of it until then, also when it is over and comes again; None ends that, also after its end.

    False when it is closed (for a silence), or came again since and has a silence of its own.
    """
    with transaction.atomic():
        rows = Alert.objects.filter(pk=alert.pk)
        if until is not None:
            rows = rows.filter(closed_at__isnull=True)
        later = Alert.objects.filter(kind=alert.kind, subject=alert.subject, pk__gt=alert.pk)
        done = not later.exists() and bool(rows.update(silenced_until=until))
        if done and until is not None:
            _untold(alert).delete()
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


def _untold(alert: Alert) -> QuerySet[AlertMessage]:
    """Return the messages of its opening that wait: once a silence is over, the next look makes them anew."""
    return AlertMessage.objects.filter(alert=alert, crossing="opened", state=AlertMessage.State.WAITING)


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

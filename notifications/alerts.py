"""Alerts: a trouble is opened once, counted while it lasts, and closed when it is over (users.md 3, N12).

Each crossing is told once by each route that wants it: the message rows are written with the alert, in the caller's
transaction, and sent later (notifications.alert_messages). An alert, and so what is told, holds no phone number.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from ipaddress import ip_address
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.db.models import QuerySet
from kombu.exceptions import OperationalError
from psycopg.types.json import Jsonb

from accounts.models import Account
from common import sql
from common.phone import mask_in_text
from notifications.models import Alert

log = logging.getLogger(__name__)

# From the least to the worst.
SEVERITIES = ["info", "warning", "critical"]
ROUTE_FAILING, NO_CONTACT = "route_failing", "no_contact"
TASK = "notifications.tasks.send_alerts"
LONGEST_TITLE, LONGEST_VALUE = 200, 300
# Values that name one of ours: never a phone number, and not to be told from others once their digits are masked.
CODES = frozenset({"account", "application", "package", "code", "table", "task", "job_id"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong at present, for `follow`. `values` fill the sentence of its kind (alert_words).

    `since`, where it is known, tells a trouble that ended and came again between two looks from one that went on.
    """

    subject: str
    severity: str = "warning"
    account: Account | None = None
    title: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    since: datetime | None = None


def raise_alert(
    kind: str,
    *,
    subject: str,
    severity: str,
    account: Account | None = None,
    title: str = "",
    values: Mapping[str, Any] | None = None,
    now: datetime,
) -> Alert:
    """Open an alert, or count it while it is open; return it. Each matching route is told once.

    Nobody is told while it is silenced or once it is acknowledged. Runs of digits that could be phone numbers are
    masked in the title and in texts among `values`. Raises ValueError for a severity there is not.
    """
    if severity not in SEVERITIES:
        raise ValueError(severity)
    parameters: dict[str, Any] = {
        "kind": kind,
        "severity": severity,
        "account": account.pk if account else None,
        "subject": subject,
        "title": mask_in_text(title)[:LONGEST_TITLE],
        "values": Jsonb({name: _clean(name, value) for name, value in (values or {}).items()}),
        "now": now,
        "ranks": SEVERITIES,
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql.load("notifications", "raise_alert"), parameters)
            [[id]] = cursor.fetchall()
        alert = Alert.objects.select_related("account").get(pk=id)
        if alert.acknowledged_at is None and not is_silenced(alert, now):
            _tell(alert, now)
    return alert


def close_alert(kind: str, subject: str, *, now: datetime, by: str = "") -> bool:
    """Close the open alert of a subject and tell the routes that told it; return whether there was one."""
    return close(Alert.objects.filter(kind=kind, subject=subject), now=now, by=by) > 0


def close(alerts: QuerySet[Alert], *, now: datetime, by: str = "") -> int:
    """Close those of the alerts that are open; return how many. `by` is the person who did it by hand."""
    with transaction.atomic():
        ids = list(alerts.filter(closed_at__isnull=True).order_by("pk").values_list("pk", flat=True))
        if not ids:
            return 0
        closed = Alert.objects.filter(pk__in=ids, closed_at__isnull=True).update(closed_at=now, closed_by=by[:150])
        if closed:
            with connection.cursor() as cursor:
                cursor.execute(
                    sql.load("notifications", "tell_closed"), {"alerts": ids, "now": now, "ranks": SEVERITIES}
                )
                if cursor.rowcount:
                    announce()
    return closed


def follow(kind: str, troubles: Iterable[Trouble], *, now: datetime) -> int:
    """Make the open alerts of a kind those of the troubles there are now: raise them, close all others.

    Return how many troubles there are. What a check that looks at everything calls each time. A worse kind of the same
    subjects is followed first, so that nobody hears "over" of what only became worse.
    """
    there, ours = list(troubles), Alert.objects.filter(kind=kind)
    for one in there:
        if one.since is not None:
            close(ours.filter(subject=one.subject, last_seen_at__lt=one.since), now=now)
        raise_alert(
            kind,
            subject=one.subject,
            severity=one.severity,
            account=one.account,
            title=one.title,
            values=one.values,
            now=now,
        )
    # What somebody noticed since this look began is not for it to close.
    close(ours.filter(last_seen_at__lte=now).exclude(subject__in=[one.subject for one in there]), now=now)
    return len(there)


def is_silenced(alert: Alert, now: datetime) -> bool:
    """Return whether nobody is to be told of it now."""
    return alert.silenced_until is not None and alert.silenced_until > now


def announce() -> None:
    """Have the messages sent at once after the commit; without Redis they go with the next minute's run."""
    transaction.on_commit(_hint, robust=True)


def _hint() -> None:
    try:
        current_app.send_task(TASK, retry=False, expires=60)
    except OperationalError:
        log.info("alerts wait for the next run: Redis is away")


def _tell(alert: Alert, now: datetime) -> None:
    # A route that fails is not asked to tell that.
    but = int(alert.subject.removeprefix("route:")) if alert.kind == ROUTE_FAILING else None
    parameters = {
        "alert": alert.pk,
        "account": alert.account_id,
        "kind": alert.kind,
        "severity": alert.severity,
        "ranks": SEVERITIES,
        "but": but,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.load("notifications", "tell_routes"), parameters)
        if cursor.rowcount:
            announce()


def _clean(name: str, value: Any) -> Any:
    """Return a value as JSON keeps it, its digits masked where it is free text; a datetime as ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):  # money: no phone number, however many digits
        return f"{value:f}"
    if value is None or isinstance(value, bool | int | float):
        return value
    if name in CODES:
        return str(value)[:LONGEST_VALUE]
    return str(value) if _is_address(str(value)) else mask_in_text(str(value))[:LONGEST_VALUE]


def _is_address(text: str) -> bool:
    """Return whether it is an IP address, which is no phone number, however many digits it has."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

"""Telling alerts: each waiting message is claimed, sent by its route, tried again, and noted. The row is the queue.

A route that failed three times in a row is an alert of its own, and an account with nobody to write to; what tells of
those never is.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from notifications import alerts
from notifications.alert_channels import tell
from notifications.alert_mail import NoReader, NotTold
from notifications.models import AlertMessage, AlertRoute

log = logging.getLogger(__name__)

# Minutes until the next try; after the last one that failed nobody tries again.
RETRIES = (1, 5, 15, 60)
TRIES = len(RETRIES) + 1
FAILING_AFTER = 3
RUN_FOR = timedelta(seconds=50)
# Longer than one message takes at most: nobody else claims it meanwhile.
LEASE = timedelta(minutes=3)
OPENED, CLOSED, TEST = "opened", "closed", "test"
SWITCHED_OFF = gettext_noop("The route is switched off.")
UNEXPECTED = gettext_noop("It failed in a way nobody thought of; the worker's log has the details.")
NEVER_ANSWERED = gettext_noop("Each try ended with the worker that made it.")
Waiting = AlertMessage.State.WAITING


def send_due() -> int:
    """Send what is due for up to 50 seconds; return how many messages arrived.

    A route that fails is left alone for the rest of the run, so that one dead server does not hold up the others.
    """
    _give_up_on_killers(timezone.now())
    arrived, failed = 0, set[int]()
    until = timezone.now() + RUN_FOR
    while (now := timezone.now()) < until and (message := claim(now, but=failed)) is not None:
        if send(message, now):
            arrived += 1
        else:
            failed.add(message.route_id)
    return arrived


def claim(now: datetime, *, but: Collection[int] = ()) -> AlertMessage | None:
    """Return a message that is due, counted as tried and due again in 3 minutes should we die; None when there is none.

    That an alert is over is not told before its opening.
    """
    opening = AlertMessage.objects.filter(
        alert=OuterRef("alert"), route=OuterRef("route"), crossing=OPENED, state=Waiting
    )
    with transaction.atomic():
        due = AlertMessage.objects.select_for_update(skip_locked=True, of=("self",))
        due = due.filter(state=Waiting, due_at__lte=now).exclude(route_id__in=but).exclude(crossing=TEST)
        due = due.filter(~Q(crossing=CLOSED) | ~Exists(opening))
        message = due.select_related("route__account", "alert__account").order_by("due_at", "pk").first()
        if message is None:
            return None
        message.attempts += 1
        message.due_at = now + LEASE
        message.save(update_fields=["attempts", "due_at"])
    return message


def send(message: AlertMessage, now: datetime) -> bool:
    """Send a claimed message; return whether it arrived."""
    try:
        if not message.route.enabled and message.crossing != TEST:
            message.attempts = TRIES
            raise NotTold(SWITCHED_OFF)
        tell(message, now)
    except NoReader as nobody:
        _nobody(message, str(nobody), now)
        return False
    except NotTold as problem:
        _failed(message, str(problem), now)
        return False
    except Exception:
        # One message that cannot be told does not stop those behind it, nor is it tried for ever.
        log.exception("alert message %s", message.pk)
        _failed(message, UNEXPECTED, now)
        return False
    with transaction.atomic():
        _note(message, AlertMessage.State.SENT, "", now)
        alerts.close_alert(alerts.ROUTE_FAILING, f"route:{message.route_id}", now=now)
    return True


def send_test(route: AlertRoute, now: datetime) -> AlertMessage:
    """Send a test by a route at once, also one that is switched off; return the message with what became of it."""
    message = AlertMessage.objects.create(
        alert=None, route=route, crossing=TEST, attempts=TRIES, due_at=now, created_at=now
    )
    send(message, now)
    message.refresh_from_db()
    return message


def _give_up_on_killers(now: datetime) -> None:
    """Give up messages whose last try ended with the worker that made it."""
    due = AlertMessage.objects.filter(state=Waiting, due_at__lte=now, attempts__gte=TRIES).exclude(crossing=TEST)
    due.update(state=AlertMessage.State.FAILED, reason=NEVER_ANSWERED)


def _failed(message: AlertMessage, reason: str, now: datetime) -> None:
    over = message.attempts >= TRIES
    with transaction.atomic():
        _note(message, AlertMessage.State.FAILED if over else Waiting, reason, now)
        if message.crossing == TEST or not message.route.enabled or _tells_of_routes(message):
            return
        if message.attempts < FAILING_AFTER and not _fails_in_a_row(message.route_id):
            return
        alerts.raise_alert(
            alerts.ROUTE_FAILING,
            subject=f"route:{message.route_id}",
            severity="warning",
            values={"route": message.route.name, "reason": reason},
            now=now,
        )


def _nobody(message: AlertMessage, reason: str, now: datetime) -> None:
    """Give up at once what has no reader, and say whose contacts are missing: the route is well."""
    with transaction.atomic():
        _note(message, AlertMessage.State.FAILED, reason, now)
        whose = message.route.account or (message.alert.account if message.alert else None)
        if message.crossing != TEST and whose is not None and not _tells_of_routes(message):
            values = {"account": whose.code, "route": message.route.name}
            alerts.raise_alert(
                alerts.NO_CONTACT, subject=f"contacts:{whose.pk}", severity="warning", values=values, now=now
            )


def _tells_of_routes(message: AlertMessage) -> bool:
    return message.alert is not None and message.alert.kind in {alerts.ROUTE_FAILING, alerts.NO_CONTACT}


def _fails_in_a_row(route_id: int) -> bool:
    """Return whether so many messages were tried since the last one arrived, and none did."""
    tried = AlertMessage.objects.filter(route=route_id, attempts__gt=0)
    arrived = tried.filter(state=AlertMessage.State.SENT).aggregate(last=Max("sent_at"))["last"]
    failed = tried.exclude(state=AlertMessage.State.SENT).exclude(reason="").exclude(crossing=TEST).order_by("-pk")
    times = [_failed_at(due, attempts) for due, attempts in failed.values_list("due_at", "attempts")[:50]]
    return len([at for at in times if arrived is None or at > arrived]) >= FAILING_AFTER


def _failed_at(due: datetime, attempts: int) -> datetime:
    return due - timedelta(minutes=RETRIES[min(attempts, len(RETRIES)) - 1])


def _note(message: AlertMessage, state: str, reason: str, now: datetime) -> None:
    """Write what became of it, unless another run, which took it for dead, was sooner."""
    sent = now if state == AlertMessage.State.SENT else None
    again = now + timedelta(minutes=RETRIES[min(message.attempts, len(RETRIES)) - 1])
    rows = AlertMessage.objects.filter(pk=message.pk, state=Waiting)
    rows.update(state=state, reason=reason[:300], sent_at=sent, due_at=again)

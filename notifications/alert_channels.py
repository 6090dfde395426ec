"""The two ways an alert is told: mail, in each reader's language, and a signed POST through the address guard."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications import alert_bodies, alert_mail, alert_words, sending, signing
from notifications.alert_mail import NotTold
from notifications.models import Alert, AlertMessage, AlertRoute

SECONDS = 10.0
NO_URL = gettext_noop("The route has no URL.")


def tell(message: AlertMessage, now: datetime) -> None:
    """Tell an alert, its end, or a test, by the message's route. Raises NotTold."""
    if message.route.channel == AlertRoute.Channel.MAIL:
        alert_mail.mail(message, lambda: _words(message))
    else:
        _post(message, now)


def _post(message: AlertMessage, now: datetime) -> None:
    route = message.route
    if not route.url:
        raise NotTold(NO_URL)
    secret = route.secret or ""
    with translation.override(route.language):
        subject, text = _words(message)
        body = alert_bodies.body(route.template, f"{subject}\n{text}", _facts(message), secret=secret, at=now)
    headers = {"webhook-id": f"msg_alert{message.pk}"}
    if secret:
        headers = signing.webhook_headers(f"msg_alert{message.pk}", now, body, [signing.webhook_key(secret)])
    url = alert_bodies.address(route.template, route.url, secret=secret, at=now)
    sent = sending.send_and_wait(url, headers, body, total=SECONDS)
    if sent.problem:
        raise NotTold(sent.reason)
    if not 200 <= (sent.status or 0) < 300:
        raise NotTold(f"HTTP {sent.status}")
    code = alert_bodies.refusal(route.template, sent.answer)
    if code is not None:
        raise NotTold(f"HTTP {sent.status}, errcode {code}")


def _words(message: AlertMessage) -> tuple[str, str]:
    """Return the subject and the text, in the active language."""
    alert = message.alert
    if alert is None:
        text = _("This is a test of the alert route %(route)s. Nothing is wrong.") % {"route": message.route.name}
        return _("[Maskline] test"), text
    zone = ZoneInfo(alert.account.time_zone if alert.account else settings.MASKLINE_DISPLAY_ZONE)
    lines = [alert_words.sentence(alert, zone), ""]
    seen = alert.first_seen_at.astimezone(zone)
    lines.append(_("First seen: %(at)s") % {"at": f"{seen:%Y-%m-%d %H:%M %Z}"})
    if message.crossing == "closed" and alert.closed_at:
        over = alert.closed_at.astimezone(zone)
        lines.append(_("Over: %(at)s") % {"at": f"{over:%Y-%m-%d %H:%M %Z}"})
    lines.append(alert_words.link(alert))
    return alert_words.subject_line(alert, message.crossing), "\n".join(lines)


def _facts(message: AlertMessage) -> dict[str, Any]:
    """Return our own JSON: stable names, instants in ISO 8601 with offset."""
    alert = message.alert
    return {"type": f"alert.{message.crossing}", "alert": _fact(alert) if alert else None}


def _fact(alert: Alert) -> dict[str, Any]:
    closed = alert.closed_at.isoformat() if alert.closed_at else None
    return {
        "id": alert.pk,
        "kind": alert.kind,
        "severity": alert.severity,
        "subject": alert.subject,
        "account": alert.account.code if alert.account else None,
        "values": alert.values,
        "first_seen_at": alert.first_seen_at.isoformat(),
        "last_seen_at": alert.last_seen_at.isoformat(),
        "count": alert.count,
        "closed_at": closed,
        "link": alert_words.link(alert),
    }

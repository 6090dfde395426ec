"""The two ways an alert is told: mail, in each reader's language, and a signed POST through the address guard."""

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Account
from common.errors import MasklineError
from notifications import alert_bodies, alert_words, sending, signing
from notifications.models import Alert, AlertMessage, AlertRoute

SECONDS = 10.0
NOBODY = gettext_noop("Nobody to write to: the route names no address, and the account has no contact with one.")
NO_URL = gettext_noop("The route has no URL.")
REFUSED_LOGIN = gettext_noop("The mail server refused user and password.")
REFUSED_ADDRESS = gettext_noop("The mail server refused the address.")
REFUSED_MAIL = gettext_noop("The mail server refused the message.")
NO_MAIL_SERVER = gettext_noop("The mail server could not be reached.")


class NotTold(MasklineError):
    """It did not arrive; the argument says why, as a message id without numbers of people."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a mail goes to, and in which language."""

    address: str
    language: str


def tell(message: AlertMessage, now: datetime) -> None:
    """Tell an alert, its end, or a test, by the message's route. Raises NotTold."""
    if message.route.channel == AlertRoute.Channel.MAIL:
        _mail(message)
    else:
        _post(message, now)


def readers(route: AlertRoute, account: Account | None) -> list[Reader]:
    """Return whom a mail route writes to: its addresses, or the contacts of the account that have one."""
    if route.addresses.strip():
        return [Reader(line.strip(), route.language) for line in route.addresses.splitlines() if line.strip()]
    whose = route.account or account
    return list(_contacts(whose, route.language)) if whose else []


def _contacts(account: Account, language: str) -> Iterator[Reader]:
    """Read contacts as they are kept: text, or an object with `email` and perhaps `language`."""
    for contact in account.contacts:
        told = contact if isinstance(contact, dict) else {"email": str(contact)}
        address = str(told.get("email") or told.get("mail") or "").strip()
        try:
            validate_email(address)
        except ValidationError:
            continue  # a name, a telephone number
        wanted = str(told.get("language", "")).lower().replace("_", "-")
        known = {"zh": "zh-hans", "zh-cn": "zh-hans", "zh-hans": "zh-hans", "en": "en"}
        yield Reader(address, known.get(wanted, language))


def _mail(message: AlertMessage) -> None:
    to = readers(message.route, message.alert.account if message.alert else None)
    if not to:
        raise NotTold(NOBODY)
    host = urlsplit(settings.MASKLINE_PUBLIC_URL).hostname or "localhost"
    mails = []
    for place, reader in enumerate(to):
        with translation.override(reader.language):
            subject, text = _words(message)
        # The same for each try, so that a mail program shows a repeated one once.
        headers = {"Message-ID": f"<alert-{message.pk}-{place}@{host}>", "Auto-Submitted": "auto-generated"}
        mails.append(EmailMessage(" ".join(subject.split()), text, None, [reader.address], headers=headers))
    try:
        get_connection().send_messages(mails)
    except smtplib.SMTPAuthenticationError:
        raise NotTold(REFUSED_LOGIN) from None
    except smtplib.SMTPRecipientsRefused:
        raise NotTold(REFUSED_ADDRESS) from None
    except smtplib.SMTPResponseException:
        raise NotTold(REFUSED_MAIL) from None
    except (smtplib.SMTPException, OSError):
        raise NotTold(NO_MAIL_SERVER) from None


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

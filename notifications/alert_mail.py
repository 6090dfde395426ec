"""Alerts by mail: one to each address, in its reader's language; who took it is noted, so that nobody gets it twice."""

import hashlib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from django.utils import translation
from django.utils.translation import gettext_noop

from accounts.models import Account
from common.errors import MasklineError
from notifications import certificates, sending
from notifications.models import AlertMessage, AlertRoute

# No new mail is begun after so long; the rest goes with the next try.
SECONDS = 30.0
NOBODY = gettext_noop("Nobody to write to: the route names no address, and the account has no contact with one.")
NO_ACCOUNT = gettext_noop("It writes to the contacts of the account an alert is about, and a test is about none.")
REFUSED_LOGIN = gettext_noop("The mail server refused user and password.")
REFUSED_ADDRESS = gettext_noop("The mail server refused the address.")
REFUSED_SENDER = gettext_noop("The mail server refused the sender (from= in EMAIL_URL).")
REFUSED_MAIL = gettext_noop("The mail server refused the message.")
NO_STARTTLS = gettext_noop("The mail server offers no STARTTLS: nothing was sent.")
NO_LOGIN = gettext_noop("The mail server offers no login.")
NO_MAIL_SERVER = gettext_noop("The mail server could not be reached.")
TOO_SLOW = gettext_noop("The mail server is too slow: the rest goes with the next try.")

Words = Callable[[], tuple[str, str]]


class NotTold(MasklineError):
    """It did not arrive; the argument says why, as a message id without numbers of people."""


class NoReader(NotTold):
    """There is nobody to write to."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a mail goes to, and in which language."""

    address: str
    language: str


def readers(route: AlertRoute, account: Account | None) -> list[Reader]:
    """Return whom a mail route writes to, each once: its addresses, or the contacts of the account that have one."""
    if route.addresses.strip():
        found = [Reader(line.strip(), route.language) for line in route.addresses.splitlines() if line.strip()]
    else:
        whose = route.account or account
        found = list(_contacts(whose, route.language)) if whose else []
    return list({one.address.lower(): one for one in reversed(found)}.values())[::-1]


def has_reader(account: Account) -> bool:
    """Return whether an account has a contact with a mail address."""
    return any(_contacts(account, ""))


def goes_to_log() -> bool:
    """Return whether no mail server is set (EMAIL_URL)."""
    return settings.EMAIL_BACKEND.endswith(".console.EmailBackend")


def mail(message: AlertMessage, words: Words) -> None:
    """Write to each reader that has not got it; `words` are subject and text in the active language. Raises NotTold.

    An address that is refused does not keep it from the others.
    """
    account = message.alert.account if message.alert else None
    to = readers(message.route, account)
    if not to:
        raise NoReader(NOBODY if account or message.route.account_id else NO_ACCOUNT)
    until, refused = time.monotonic() + SECONDS, ""
    connection = get_connection()
    try:
        connection.open()
        for reader in to:
            if reader.address in message.reached:
                continue
            if time.monotonic() > until:
                raise NotTold(TOO_SLOW)
            try:
                connection.send_messages([_written(message, reader, words)])
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError):
                refused = REFUSED_ADDRESS
                continue
            message.reached.append(reader.address)
            AlertMessage.objects.filter(pk=message.pk).update(reached=message.reached)
    except (smtplib.SMTPException, OSError) as error:
        raise NotTold(_reason(error)) from None
    finally:
        _close(connection)
    if refused:
        raise NotTold(refused)


def _contacts(account: Account, language: str) -> Iterator[Reader]:
    """Read contacts as they are kept: text, or an object with `email` and perhaps `language`."""
    contacts = account.contacts if isinstance(account.contacts, list) else []
    for contact in contacts:
        told = contact if isinstance(contact, dict) else {"email": str(contact)}
        address = str(told.get("email") or told.get("mail") or "").strip()
        try:
            validate_email(address)
        except ValidationError:
            continue  # a name, a telephone number
        wanted = str(told.get("language", "")).lower().replace("_", "-")
        known = {"zh": "zh-hans", "zh-cn": "zh-hans", "zh-hans": "zh-hans", "en": "en"}
        yield Reader(address, known.get(wanted, language))


def _written(message: AlertMessage, reader: Reader, words: Words) -> EmailMessage:
    with translation.override(reader.language):
        subject, text = words()
    host = urlsplit(settings.MASKLINE_PUBLIC_URL).hostname or "localhost"
    whose = hashlib.sha256(reader.address.encode()).hexdigest()[:8]
    # The same for each try, so that a mail program shows a repeated one once.
    headers = {"Message-ID": f"<alert-{message.pk}-{whose}@{host}>", "Auto-Submitted": "auto-generated"}
    return EmailMessage(" ".join(subject.split()), text, None, [reader.address], headers=headers)


def _reason(error: Exception) -> str:
    match error:
        case smtplib.SMTPAuthenticationError():
            return REFUSED_LOGIN
        case smtplib.SMTPSenderRefused():
            return REFUSED_SENDER
        case smtplib.SMTPNotSupportedError():
            return NO_STARTTLS if "STARTTLS" in str(error) else NO_LOGIN
        case smtplib.SMTPConnectError():
            return NO_MAIL_SERVER
        case smtplib.SMTPResponseException():
            return REFUSED_MAIL
        case smtplib.SMTPServerDisconnected():
            return sending.HUNG_UP
        case ssl.SSLCertVerificationError():
            return certificates.reason(error)
        case ssl.SSLError():
            return certificates.NO_TLS
        case socket.gaierror():
            return sending.NO_NAME
        case TimeoutError():
            return sending.NO_ANSWER
    return NO_MAIL_SERVER


def _close(connection: Any) -> None:
    with suppress(smtplib.SMTPException, OSError):  # what was taken was taken
        connection.close()

"""Why a server's TLS certificate was not trusted, and since when: read from the handshake that failed, no second one.

The standard library keeps the certificate of a failed handshake from callers until Python 3.13; the object underneath
has it. Where it has not, the words go without the time.
"""

import ssl
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from django.utils.translation import gettext_noop

NOT_YET, EXPIRED = 9, 10
_UNKNOWN = gettext_noop("The server's TLS certificate is signed by an authority nobody knows.")
_OTHER_HOST = gettext_noop("The server's TLS certificate is for another host.")
# By OpenSSL's verify code.
_REASONS = {
    NOT_YET: gettext_noop("The server's TLS certificate is not valid yet."),
    EXPIRED: gettext_noop("The server's TLS certificate has expired."),
    18: gettext_noop("The server's TLS certificate is signed by itself."),
    19: gettext_noop("A certificate above the server's is signed by itself: nobody knows this authority."),
    20: _UNKNOWN,
    21: _UNKNOWN,
    23: gettext_noop("The server's TLS certificate was revoked."),
    62: _OTHER_HOST,
    64: _OTHER_HOST,
}
# The same with the time, which notifications.reasons shows in the reader's zone.
_TIMED = {
    NOT_YET: gettext_noop("The server's TLS certificate is not valid before %(at)s."),
    EXPIRED: gettext_noop("The server's TLS certificate expired at %(at)s."),
}
NO_TLS = gettext_noop("No secure connection to the server could be agreed on.")
_TOO_OLD = gettext_noop("The server speaks only versions of TLS that are too old to be safe.")
_PLAIN = gettext_noop("What listens there does not speak TLS: is the port that of http?")
_HUNG_UP = gettext_noop("The server hung up instead of agreeing on a secure connection.")
# By OpenSSL's name of what went wrong, here or as the server said.
_DISAGREEMENTS = {
    **dict.fromkeys(("TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION"), _TOO_OLD),
    **dict.fromkeys(("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"), _PLAIN),
    "TLSV1_UNRECOGNIZED_NAME": gettext_noop("The server does not know the name in the URL."),
}


class Handshake(ssl.SSLObject):
    """A connection whose refused certificate says from when until when it is good: `valid` on the error."""

    def do_handshake(self) -> None:
        """Shake hands; a certificate that is not trusted leaves its term on the error."""
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as wrong:
            wrong.valid = _term(self)  # type: ignore[attr-defined]
            raise


def reason(wrong: ssl.SSLCertVerificationError) -> str:
    """Return why a certificate was refused: a message id, with the instant in it where that is known."""
    term: tuple[datetime, datetime] | None = getattr(wrong, "valid", None)
    if term and wrong.verify_code in _TIMED:
        at = term[wrong.verify_code == EXPIRED]
        return _TIMED[wrong.verify_code].replace("%(at)s", f"{at:%Y-%m-%dT%H:%M:%SZ}")
    return _REASONS.get(wrong.verify_code, NO_TLS)


def disagreement(wrong: OSError) -> str:
    """Return why no secure connection came about, although no certificate was refused."""
    if isinstance(wrong, ssl.SSLError):
        return _DISAGREEMENTS.get(wrong.reason or "", NO_TLS)
    return _HUNG_UP if isinstance(wrong, ConnectionError) else NO_TLS


def _term(handshake: ssl.SSLObject) -> tuple[datetime, datetime] | None:
    """Return the term of the first certificate that is not good now, else of the server's own."""
    with suppress(Exception):
        inner: Any = getattr(handshake, "_sslobj")  # noqa: B009
        sent = [x509.load_pem_x509_certificate(each.public_bytes().encode()) for each in inner.get_unverified_chain()]
        terms = [(each.not_valid_before_utc, each.not_valid_after_utc) for each in sent]
        now = datetime.now(UTC)
        return next(((first, last) for first, last in terms if not first <= now <= last), terms[0])
    return None

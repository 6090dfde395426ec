"""Headers that must not be good again (northbound.md 1.3).

A header written with a clock in UTC+8 fits once as UTC+8 and, eight hours later, once more as UTC. So it is remembered,
and good only within the skew after its first use. An application with strict nonces remembers every nonce, and takes
none twice, whatever Created stands beside it.

What is remembered is what was digested: the nonce with X-Content-SHA256 behind it. Else the one could be moved into the
other, and the same digest would be good for another body.
"""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.headers import Credentials
from accounts.models import UsedNonce
from common.sql import query

REMEMBERED = timedelta(hours=9)
HEX_OF_SHA256 = 64


def digest_of(credentials: Credentials) -> bytes:
    """Return the 32 bytes that stand for (key, nonce with X-Content-SHA256, Created)."""
    return _digest(credentials.key, _digested(credentials), credentials.created)


def _digested(credentials: Credentials) -> str:
    """Return nonce and X-Content-SHA256 as one text, the same wherever the one ends and however the other is cased."""
    text = credentials.nonce + credentials.content_sha256
    return text if len(text) < HEX_OF_SHA256 else text[:-HEX_OF_SHA256] + text[-HEX_OF_SHA256:].lower()


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode()).digest()


def remember(credentials: Credentials, now: datetime, *, strict: bool = False) -> tuple[datetime, bool]:
    """Remember a header; return when it was used first, and whether that is now. Two at once: one of them is first.

    With `strict` it is the nonce that is remembered, which no other Created and no other body makes good again.
    """
    if not strict:
        return _remember(credentials, digest_of(credentials), now)
    timeless = replace(credentials, created="")
    digests = dict.fromkeys((digest_of(timeless), digest_of(replace(timeless, content_sha256=""))))
    # min: a use before this one comes first, and is False.
    return min(_remember(credentials, digest, now) for digest in digests)


def _remember(credentials: Credentials, digest: bytes, now: datetime) -> tuple[datetime, bool]:
    """Remember one digest; return when it was used first, and whether that is now."""
    values: dict[str, Any] = {"key": credentials.key, "digest": digest, "now": now, "forget_at": now + REMEMBERED}
    with connection.cursor() as cursor:
        cursor.execute(query("accounts", "remember_nonce"), values)
        found = cursor.fetchone()
        if found is None:  # another request inserted it after our statement began, and has committed by now
            cursor.execute(query("accounts", "remember_nonce"), values)
            found = cursor.fetchone()
    return found[0], bool(found[1])


def forget_old(now: datetime) -> int:
    """Remove the headers whose time is over; return how many."""
    return UsedNonce.objects.filter(forget_at__lte=now).delete()[0]

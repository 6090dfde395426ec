"""Headers that must not be good again (northbound.md 1.3).

A header written with a clock in UTC+8 fits once as UTC+8 and, eight hours later, once more as UTC. So it is remembered,
and good only within the skew after its first use. An application with strict nonces remembers every nonce, and takes
none twice, whatever Created stands beside it.
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


def digest_of(credentials: Credentials) -> bytes:
    """Return the 32 bytes that stand for (key, nonce, Created)."""
    parts = (credentials.key, credentials.nonce, credentials.created)
    return hashlib.sha256("\n".join(parts).encode()).digest()


def remember(credentials: Credentials, now: datetime, *, strict: bool = False) -> tuple[datetime, bool]:
    """Remember a header; return when it was used first, and whether that is now. Two at once: one of them is first.

    With `strict` it is the nonce that is remembered, which no other Created makes good again.
    """
    values: dict[str, Any] = {
        "key": credentials.key,
        "digest": digest_of(replace(credentials, created="") if strict else credentials),
        "now": now,
        "forget_at": now + REMEMBERED,
    }
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

"""The lock-out (1020176): too many wrong digests of one (address, key) refuse the pair for a while (northbound.md 12).

Only wrong digests count. A fault of form or of the clock is a mistake, not a guess.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.models import Lockout
from common.sql import query

NEVER = 2**31 - 1


def count_wrong_digest(address: str, key: str, now: datetime) -> int:
    """Count one wrong digest and return which of its window it is; the one that reaches the limit locks the pair."""
    return _count(address, key, now, limit=settings.MASKLINE["lockout_failures"])


def count_unknown_key(address: str, now: datetime) -> None:
    """Count a request with a key that nobody has, under no key: it locks nothing and takes as long as a wrong digest.

    So a refusal's time does not tell whether a key exists; and how much an address guesses is seen in the admin.
    """
    _count(address, "", now, limit=NEVER)


def release(address: str, key: str = "") -> int:
    """Forget the failures of an address, with one key or with all; return how many pairs there were."""
    pairs = Lockout.objects.filter(address=address)
    return (pairs.filter(key=key) if key else pairs).delete()[0]


def forget_old(now: datetime) -> int:
    """Remove the pairs whose window and lock are long over; return how many."""
    before = now - timedelta(days=1)
    return Lockout.objects.filter(window_started_at__lt=before).exclude(locked_until__gt=before).delete()[0]


def _count(address: str, key: str, now: datetime, *, limit: int) -> int:
    terms = settings.MASKLINE
    values: dict[str, Any] = {
        "address": address,
        "key": key,
        "now": now,
        "limit": limit,
        "window": timedelta(minutes=terms["lockout_window_minutes"]),
        "lock": timedelta(minutes=terms["lockout_minutes"]),
    }
    with connection.cursor() as cursor:
        cursor.execute(query("accounts", "count_wrong_digest"), values)
        (failures,) = cursor.fetchone()
    return int(failures)

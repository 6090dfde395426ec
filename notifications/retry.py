"""When a push that failed is sent again, when it is given up, and what counts as success (pushes.md 0). Pure.

The schedule counts requests really made: whatever made a push wait meanwhile moves the rest of its schedule along.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from uuid import UUID

SCHEDULE_MINUTES = (1, 4, 9, 106, 203, 300)
JITTER_MILLISECONDS = 5000
# A request that left this much later than planned moves those after it by as much.
TOLERANCE = timedelta(minutes=1)
# Since it was queued, requests or not.
MOST_WAIT = timedelta(hours=72)
# An endpoint that failed for so long is no longer tried at all.
MOST_FAILING = timedelta(hours=120)
# It counts from anew after a time in which nothing failed, because there was nothing to send.
QUIET = timedelta(hours=24)
# A push is to blame itself when it was refused so often, and others arrived there since it first was and of late.
POISON_ATTEMPTS = 4
LATELY = timedelta(hours=1)
# A server that asks for time is given so much (Retry-After).
MOST_ASKED = timedelta(hours=1)
OK, GONE = 200, 410
_WORTH_REPEATING = frozenset({408, 425, 429})


def succeeded(status: int | None, *, any_2xx: bool) -> bool:
    """Return whether an HTTP status says that the push arrived: 200, or any 2xx where the endpoint is set so."""
    return status == OK or (any_2xx and status is not None and 200 <= status < 300)


def is_refusal(status: int | None) -> bool:
    """Return whether a status blames the push itself, so that sending it again will hardly help."""
    return status is not None and 400 <= status < 500 and status not in _WORTH_REPEATING


def is_to_blame(made: int, first_failed_at: datetime, others_arrived_at: datetime | None, now: datetime) -> bool:
    """Return whether a push that was refused again is to blame, for its endpoint takes others."""
    since = max(first_failed_at, now - LATELY)
    return made >= POISON_ATTEMPTS and others_arrived_at is not None and others_arrived_at > since


def next_due(
    id: UUID, made: int, first_failed_at: datetime, now: datetime, schedule: Sequence[int] = SCHEDULE_MINUTES
) -> datetime | None:
    """Return when a push is due again after its `made`-th request failed `now`; None when it is given up.

    Jitter comes from the id, so that one outage does not end in one herd, and a test knows what to expect.
    """
    if made > len(schedule):
        return None
    planned = first_failed_at + timedelta(minutes=schedule[made - 2] if made > 1 else 0)
    late = now - planned
    due = first_failed_at + timedelta(minutes=schedule[made - 1]) + jitter(id, made)
    return due + late if late > TOLERANCE else due


def asked_wait(retry_after: str, now: datetime) -> timedelta:
    """Return for how long a server asked to be left alone: seconds or a date; none when that is past or nonsense."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=min(int(text[:10]), MOST_ASKED.total_seconds()))
    try:
        until = parsedate_to_datetime(text)
        wait = until.replace(tzinfo=until.tzinfo or UTC) - now
    except (ValueError, OverflowError):
        return timedelta(0)
    return min(max(wait, timedelta(0)), MOST_ASKED)


def jitter(id: UUID, made: int) -> timedelta:
    """Return 0 to 5 seconds, the same for the same push and attempt."""
    digest = sha256(id.bytes + made.to_bytes(2)).digest()
    return timedelta(milliseconds=int.from_bytes(digest[:4]) % (JITTER_MILLISECONDS + 1))


def has_waited_too_long(queued_at: datetime, now: datetime) -> bool:
    """Return whether a push is given up for its age."""
    return now - queued_at >= MOST_WAIT

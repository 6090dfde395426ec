"""Time-ordered ids: a UUIDv7 whose free bits come from what the record is.

The same record has the same id however often and wherever it is loaded, and a filter on the
id prunes the partitions of a table (`design.md` 3). Times count in whole milliseconds.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import models

from common.errors import BadInput

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_VERSION = 7 << 76
_VARIANT = 2 << 62
_LOW_62 = (1 << 62) - 1

_M = TypeVar("_M", bound=models.Model, covariant=True)


def time_id(at: datetime, *identity: str | int | bytes) -> UUID:
    """Return the id of the record known by `identity`, first seen at `at` (aware, 1970 or later)."""
    digest = int.from_bytes(sha256(_join(identity)).digest()[:10])
    return UUID(int=_milliseconds(at) << 80 | _VERSION | (digest >> 68) << 64 | _VARIANT | digest & _LOW_62)


def lower(at: datetime) -> UUID:
    """Return a value not above any id of that millisecond and above every earlier id."""
    return UUID(int=_milliseconds(at) << 80)


def id_range(start: datetime, end: datetime) -> tuple[UUID, UUID]:
    """Return the bounds (included, excluded) of the ids of start <= time < end."""
    return lower(start), lower(end)


def instant(id: UUID) -> datetime:
    """Return the instant in an id, in UTC, to the millisecond."""
    return EPOCH + timedelta(milliseconds=id.int >> 80)


class TimeIdQuerySet(models.QuerySet[_M]):
    """A queryset of records whose primary key is a time id."""

    def between(self, start: datetime, end: datetime) -> Self:
        """Return the records of start <= time < end, touching only their partitions."""
        first, last = id_range(start, end)
        return self.filter(pk__gte=first, pk__lt=last)


TimeIdManager = models.Manager.from_queryset(TimeIdQuerySet)


def _milliseconds(at: datetime) -> int:
    if at.tzinfo is None:
        raise BadInput("time", "has no time zone")
    since = (at - EPOCH) // _MILLISECOND
    if since < 0:
        raise BadInput("time", "is before 1970")
    return since


def _join(identity: tuple[Any, ...]) -> bytes:
    """Return bytes that no other sequence of parts gives: each part with its type and length."""
    parts = []
    for part in identity:
        kind, raw = _raw(part)
        parts.append(b"%s%d:%s" % (kind, len(raw), raw))
    return b"".join(parts)


def _raw(part: str | int | bytes) -> tuple[bytes, bytes]:
    if isinstance(part, str):
        return b"s", part.encode("utf-8", "surrogatepass")
    if isinstance(part, bytes):
        return b"b", part
    return b"i", b"%d" % part

"""The row that says where records came from: opened before them, closed with what became of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from common import sql
from privacy.models import Source


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from: the request (id, address) or the imported file (name, SHA-256), and who brought it."""

    door: str = Source.Door.REQUEST
    request_id: UUID | None = None
    address: str | None = None
    file_name: str = ""
    file_sha256: str = ""
    user_id: int | None = None
    person: str = ""


class Opened(NamedTuple):
    """A source with nothing counted yet, and two facts that its records are judged by."""

    id: int
    upstreams: int
    has_discarded: bool


def open_(origin: Origin, upstream_id: int, now: datetime) -> Opened:
    """Make the row of a source. One statement, for every request makes one."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.load("privacy", "open_source"),
            {
                "door": str(origin.door),
                "upstream": upstream_id,
                "received_at": now,
                "request_id": origin.request_id,
                "address": origin.address,
                "file_name": origin.file_name[-255:],
                "file_sha256": origin.file_sha256,
                "user": origin.user_id,
                "person": origin.person,
            },
        )
        return Opened(*cursor.fetchone())


def close(
    source_id: int,
    *,
    stored: int,
    repeated: int,
    quarantined: int = 0,
    newest_at: datetime | None = None,
    file_sha256: str = "",
) -> None:
    """Write what became of a source's records."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.load("privacy", "close_source"),
            {
                "id": source_id,
                "received": stored + repeated + quarantined,
                "stored": stored,
                "repeated": repeated,
                "quarantined": quarantined,
                "newest_at": newest_at,
                "file_sha256": file_sha256,
            },
        )


def withdraw(source_id: int) -> None:
    """Take away the row of a source through which nothing came."""
    Source.objects.filter(pk=source_id).delete()

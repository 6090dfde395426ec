"""An application's pushes as it may page through them: bodies as sent, whether they wait, arrived or were given up.

The order is (transaction that queued it, id), and a page goes only as far as no open transaction of this database can
still add to: what is committed late stands on a later page, never before the reader's place. A push keeps its place
when it leaves the outbox for the log of attempts and when it is sent again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db import connection

from common import sql, timeid
from common.errors import BadInput, WrongKey
from common.keyring import keyring
from notifications.models import Push, Replay

log = logging.getLogger(__name__)
WAITING, DELIVERED, DEAD, PARKED = "waiting", "delivered", "dead", "parked"
STATES = {WAITING: Push.State.PENDING, DEAD: Push.State.DEAD, PARKED: Push.State.PARKED}
ALL_STATES = (WAITING, DELIVERED, DEAD, PARKED)
PREFIX = "msg_"
# An attempt is made after its push was queued; the clocks of two machines may differ by this much.
SKEW = timedelta(hours=1)
# Before every transaction, also those before a restore (`outlive_restore`).
START = (-(2**63), UUID(int=0))
_NAMES = {int(number): name for name, number in STATES.items()} | {-1: DELIVERED}
Place = tuple[int, UUID]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pushes: `states` of ALL_STATES ("" as `kind`: every kind), queued in [start, end)."""

    kind: str = ""
    states: tuple[str, ...] = ALL_STATES
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One push. `due_at` only of one that waits, `delivered_at` only of one that arrived; `replay`: sent again.

    `body` is None where it cannot be opened any more: the others of its page are listed all the same.
    """

    id: UUID
    place: Place
    kind: str
    url: str
    sequence: int
    state: str
    attempts: int
    queued_at: datetime
    due_at: datetime | None
    delivered_at: datetime | None
    reason: str
    replay: bool
    body: bytes | None

    @property
    def message_id(self) -> str:
        """Return the id as the push's header tells it."""
        return message_id(self.id)


@dataclass(frozen=True, slots=True)
class Page:
    """Some pushes, the cursor of what follows them, and whether there is more already."""

    pushes: Sequence[Listed]
    after: str
    more: bool


def page(application_id: int, wanted: Wanted, *, after: str = "", limit: int = 100) -> Page:
    """Return the pushes after a cursor ("" = from the first). Raises BadInput for a cursor that is none of ours."""
    database = _database()
    place = _place(after, application_id, database) if after else START
    rows = list_from(application_id, wanted, place, limit + 1)
    last = rows[:limit][-1].place if rows else place
    return Page(rows[:limit], _cursor(last, application_id, database), more=len(rows) > limit)


def list_from(application_id: int, wanted: Wanted, place: Place, limit: int) -> list[Listed]:
    """Return the pushes after a place, at most `limit`."""
    values: dict[str, Any] = {
        "application": application_id,
        "xid": place[0],
        "push": place[1],
        "states": [int(STATES[name]) for name in wanted.states if name in STATES],
        "delivered": DELIVERED in wanted.states,
        "kind": wanted.kind or None,
        "start": wanted.start,
        "end": wanted.end,
        "first": timeid.lower(wanted.start - SKEW) if wanted.start else None,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.load("notifications", "queued_up_to"))
        values["horizon"] = cursor.fetchone()[0]
        cursor.execute(sql.load("notifications", "list_pushes"), values)
        return [_listed(row) for row in cursor.fetchall()]


def message_id(push_id: UUID) -> str:
    """Return a push's id as the header webhook-id tells it."""
    return f"{PREFIX}{push_id.hex}"


def read_message_id(text: str) -> UUID:
    """Return the push's id in a webhook-id. Raises BadInput."""
    try:
        return UUID(hex=text.strip().removeprefix(PREFIX))
    except ValueError:
        raise BadInput("push", f"is no id of a push: {PREFIX} and 32 hexadecimal digits") from None


def outlive_restore() -> None:
    """Make room in the lists after a restore: this database counts its transactions anew, from a smaller number.

    Nothing where the backup is from before there were lists.
    """
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if Replay._meta.db_table not in tables:
            return
        cursor.execute(sql.load("notifications", "outlive_restore"))


def _listed(row: tuple[Any, ...]) -> Listed:
    xid, id, kind, _, sequence, state, attempts, queued_at, due_at, attempt_id, reason, replay, body, url = row
    return Listed(
        id=id,
        place=(xid, id),
        kind=kind,
        url=url,
        sequence=sequence,
        state=_NAMES[state],
        attempts=attempts,
        queued_at=queued_at,
        due_at=due_at if state == Push.State.PENDING else None,
        delivered_at=timeid.instant(attempt_id) if attempt_id else None,
        reason=reason,
        replay=replay,
        body=None if body is None else _opened(id, bytes(body)),
    )


def _opened(id: UUID, sealed: bytes) -> bytes | None:
    try:
        return keyring().open_body(sealed)
    except WrongKey:
        log.error("push %s: its body cannot be opened with the data keys of this installation", id)
        return None


def _cursor(place: Place, application_id: int, database: str) -> str:
    return _signer().sign_object([application_id, database, place[0], place[1].hex])


def _place(text: str, application_id: int, database: str) -> Place:
    try:
        owner, made_in, xid, push = _signer().unsign_object(text)
    except (BadSignature, ValueError):
        raise BadInput("after", "is no cursor; send one as it was answered, or none to start with the first") from None
    if owner != application_id:
        raise BadInput("after", "is a cursor of another application")
    if made_in != database:
        raise BadInput("after", "is from before the database was restored; start again without it, or with from")
    return int(xid), UUID(hex=push)


def _signer() -> Signer:
    return Signer(sep=".", salt="notifications.listing")


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql.load("notifications", "database_identity"))
        return str(cursor.fetchone()[0])

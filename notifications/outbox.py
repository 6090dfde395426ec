"""Writing pushes that are due into the outbox, in the transaction of their cause."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from accounts.models import SHARDS
from common import sql
from common.keyring import keyring
from common.timeid import time_id
from notifications.hints import hint_on_commit
from notifications.models import Push

COLUMNS = (
    ("id", "uuid"),
    ("endpoint_id", "int8"),
    ("account_id", "int8"),
    ("application_id", "int8"),
    ("shard", "int2"),
    ("kind", "varchar"),
    ("cause_id", "uuid"),
    ("order_key", "int8"),
    ("sequence", "int8"),
    ("body", "bytea"),
)


@dataclass(frozen=True, slots=True)
class DuePush:
    """One message that a customer's server is owed.

    Pushes of one endpoint with the same `order_key` leave in the order of `sequence`, which is unique among them.
    `body` is what will be sent, byte for byte. `variant` tells apart several pushes of one cause at one instant.
    """

    application_id: int
    account_id: int
    url: str
    kind: str
    cause_id: UUID
    order_key: int
    sequence: int
    occurred_at: datetime
    body: bytes
    variant: int = 0


class _Endpoint(NamedTuple):
    id: int
    shard: int


def enqueue(pushes: Sequence[DuePush], *, new_causes: bool = False) -> int:
    """Queue pushes in the current transaction; return how many are new. The same cause queues a push once.

    `new_causes`: this transaction made the causes, so that none of the pushes can be queued already.
    """
    if not pushes:
        return 0
    endpoints = _endpoints({(push.application_id, push.account_id, push.url) for push in pushes})
    seal = keyring().seal_body
    rows = [_row(push, endpoints[push.application_id, push.url], seal(push.body)) for push in pushes]
    hint_on_commit()
    if new_causes:
        _copy(rows)
        return len(rows)
    try:
        with transaction.atomic():
            _copy(rows)
        return len(rows)
    except IntegrityError:
        # Something is queued already: rare, so that the common case may be a plain COPY.
        return _insert_missing(rows)


def endpoint_id(application_id: int, account_id: int, url: str) -> int:
    """Return the id of an application's endpoint, made if it is new."""
    return _endpoints({(application_id, account_id, url)})[application_id, url].id


def push_id(push: DuePush, endpoint_id: int) -> UUID:
    """Return the id of a push: the same for the same cause at the same endpoint."""
    identity = ("push", endpoint_id, push.kind, push.cause_id.bytes)
    return time_id(push.occurred_at, *identity, *((push.variant,) if push.variant else ()))


def _row(push: DuePush, endpoint: _Endpoint, sealed: bytes) -> tuple[Any, ...]:
    return (
        push_id(push, endpoint.id),
        endpoint.id,
        push.account_id,
        push.application_id,
        endpoint.shard,
        str(push.kind),
        push.cause_id,
        push.order_key,
        push.sequence,
        sealed,
    )


def _copy(rows: Iterable[tuple[Any, ...]]) -> None:
    names = ", ".join(name for name, _ in COLUMNS)
    # Errors of COPY come past Django's cursor, as psycopg's own.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        with cursor.copy(f'COPY "{Push._meta.db_table}" ({names}) FROM STDIN (FORMAT BINARY)') as stream:
            stream.set_types([kind for _, kind in COLUMNS])
            for row in rows:
                stream.write_row(row)


def _insert_missing(rows: Sequence[tuple[Any, ...]]) -> int:
    new = 0
    statement = sql.load("notifications", "insert_push")
    with connection.cursor() as cursor:
        for row in rows:
            cursor.execute(statement, row)
            new += cursor.rowcount
    return new


def _endpoints(wanted: set[tuple[int, int, str]]) -> dict[tuple[int, str], _Endpoint]:
    """Return the endpoint of each (application, account, URL), made if it is new."""
    digests = {sha256(url.encode()).digest(): url for _, _, url in wanted}
    found = _find(wanted, digests)
    missing = sorted(one for one in wanted if (one[0], one[2]) not in found)
    if not missing:
        return found
    with connection.cursor() as cursor:
        for application_id, account_id, url in missing:
            digest = sha256(url.encode()).digest()
            cursor.execute(
                sql.load("notifications", "insert_endpoint"),
                {
                    "account": account_id,
                    "application": application_id,
                    "url": url,
                    "digest": digest,
                    "shard": _shard(application_id, digest),
                },
            )
    return _find(wanted, digests)


def _find(wanted: set[tuple[int, int, str]], digests: dict[bytes, str]) -> dict[tuple[int, str], _Endpoint]:
    parameters: dict[str, Any] = {"applications": list({one[0] for one in wanted}), "digests": list(digests)}
    with connection.cursor() as cursor:
        cursor.execute(sql.load("notifications", "find_endpoints"), parameters)
        return {
            (application_id, digests[bytes(digest)]): _Endpoint(id, shard)
            for id, application_id, digest, shard in cursor.fetchall()
        }


def _shard(application_id: int, digest: bytes) -> int:
    return sha256(b"%d:%b" % (application_id, digest)).digest()[0] % SHARDS

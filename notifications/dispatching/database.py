"""The dispatcher's own connections: statements prepared by the server, results in binary, made again when broken."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import django.db
import psycopg
from django.db import connection
from psycopg import AsyncConnection, AsyncCursor

from common import sql

log = logging.getLogger(__name__)
APP = "notifications"
FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0
# SQLSTATE: the connection failed; the server was shut down, crashed or is just starting.
GONE = ("08", "57P")
# Tables that are a queue have statistics that are never right: plans go by their indexes, whatever these say.
SESSION = (
    "SET application_name = 'maskline-dispatch'",
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET jit = off",
    "SET plan_cache_mode = force_generic_plan",
    "SET statement_timeout = '30s'",
    "SET lock_timeout = '5s'",
)
# The peer of a connection over the network that is gone without a word is noticed within seconds.
NETWORK = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
AWAY = (
    *(psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction),
    *(django.db.OperationalError, django.db.InterfaceError, OSError),
)
Rows = list[tuple[Any, ...]]


class Database:
    """One connection, used by one coroutine at a time."""

    def __init__(self) -> None:
        self._connection: AsyncConnection[Any] | None = None
        self._lock = asyncio.Lock()

    async def rows(self, name: str, **parameters: Any) -> Rows:
        """Run a statement and return its rows. Raises OperationalError when the database is away."""
        async with self.transaction(one=True) as cursor:
            return await run(cursor, name, **parameters)

    @contextlib.asynccontextmanager
    async def transaction(self, *, one: bool = False) -> AsyncIterator[AsyncCursor[Any]]:
        """Run what is inside as one transaction; `one`: it is a single statement."""
        async with self._lock:
            connection = await self._open()
            try:
                if one:
                    yield connection.cursor(binary=True)
                else:
                    async with connection.transaction():
                        yield connection.cursor(binary=True)
            except BaseException as error:
                if connection.broken or isinstance(error, asyncio.CancelledError | psycopg.InterfaceError):
                    await self._close()
                raise

    async def close(self) -> None:
        """Close the connection."""
        async with self._lock:
            await self._close()

    async def _open(self) -> AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            opened = await AsyncConnection.connect(**_parameters(), autocommit=True, prepare_threshold=1)
            for statement in SESSION:
                await opened.execute(statement)
            self._connection = opened
        return self._connection

    async def _close(self) -> None:
        gone, self._connection = self._connection, None
        if gone is not None:
            with contextlib.suppress(Exception):
                await gone.close()


async def run(cursor: AsyncCursor[Any], name: str, **parameters: Any) -> Rows:
    """Run one of the app's statements on a cursor and return its rows."""
    await cursor.execute(sql.load(APP, name), parameters)
    return await cursor.fetchall() if cursor.description else []


def away(error: Exception) -> bool:
    """Return whether waiting and asking again is the cure: the database is away, or another session was in the way."""
    return isinstance(error, AWAY)


def unreachable(error: Exception) -> bool:
    """Return whether the connection was lost or none came about; other sessions in the way are no such thing."""
    return away(error) and (getattr(error, "sqlstate", None) or GONE[0]).startswith(GONE)


def _parameters() -> dict[str, Any]:
    own = {"cursor_factory", "context", "prepare_threshold"}
    return NETWORK | {name: value for name, value in connection.get_connection_params().items() if name not in own}

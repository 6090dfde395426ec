"""Statements that each request runs: bound by the server, their plans kept on the connection.

Django puts the values into the text of a statement, so PostgreSQL reads and plans it anew each time; for a statement of
a few index look-ups that is most of its time. Outside a transaction they go straight through libpq: a cursor of psycopg
made for each costs as much as the server does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer

PREPARE_AT = 3
MOST_KEPT = 200
# Where a connection of psycopg keeps what is ours.
KEPT = "maskline_kept"
_PLACEHOLDER = re.compile(r"%\((\w+)\)([sbt])|%(%)")
_FORMATS = {"s": PyFormat.AUTO, "b": PyFormat.BINARY, "t": PyFormat.TEXT}


@dataclass(slots=True)
class _Kept:
    """What one connection keeps: how it reads and writes values, and what it has prepared, by text and types."""

    values: Any
    names: dict[tuple[str, tuple[int, ...] | None], bytes] = field(default_factory=dict)
    made: int = 0


def execute(text: str, parameters: Mapping[str, Any], *, binary: bool = False) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows, which come in the binary format where that is asked for.

    Parameters need a cast where their type does not follow from their place.
    """
    return _execute(connections[DEFAULT_DB_ALIAS], text, parameters, binary)


def first(text: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run the first statement of a request, which only reads: on a connection that broke meanwhile, on a new one.

    It is the health check at the same time that Django makes with a statement of its own.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]  # `connection` looks it up at every dot
    if database.in_atomic_block:
        return _execute(database, text, parameters)
    try:
        rows = _execute(database, text, parameters)
    except (OperationalError, InterfaceError):
        database.close()
        rows = _execute(database, text, parameters)
    database.health_check_done = True
    return rows


def _execute(database: Any, text: str, parameters: Mapping[str, Any], binary: bool = False) -> list[tuple[Any, ...]]:
    database.ensure_connection()
    conn = database.connection
    with database.wrap_database_errors:
        if conn.autocommit and conn.pgconn.transaction_status == pq.TransactionStatus.IDLE:
            return _straight(conn, text, parameters, binary)
        with psycopg.Cursor(conn) as cursor:
            conn.prepare_threshold = PREPARE_AT
            cursor.execute(text, parameters, binary=binary)
            # Not cursor.description: it is made anew of all columns, at a fifth of the cost of a look-up.
            return cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []


def _straight(conn: Any, text: str, parameters: Mapping[str, Any], binary: bool) -> list[tuple[Any, ...]]:
    """Run a statement of its own transaction by the prepared one of this connection."""
    kept = getattr(conn, KEPT, None)
    if kept is None:
        kept = _Kept(Transformer(conn))
        setattr(conn, KEPT, kept)
    query, order, formats = _read(text)
    dumped = kept.values.dump_sequence([parameters[name] for name in order], formats)
    try:
        result = _run(conn.pgconn, kept, text, query, dumped, binary)
    except errors.InvalidSqlStatementName:  # psycopg deallocates all after a rollback: nothing has run
        kept.names.clear()
        result = _run(conn.pgconn, kept, text, query, dumped, binary)
    if not result.nfields:
        return []
    kept.values.set_pgresult(result)
    rows: list[tuple[Any, ...]] = kept.values.load_rows(0, result.ntuples, tuple)
    kept.values.set_pgresult(None)
    return rows


def _run(pgconn: Any, kept: _Kept, text: str, query: bytes, dumped: Any, binary: bool) -> pq.abc.PGresult:
    types, formats = kept.values.types, kept.values.formats
    name = kept.names.get((text, types))
    if name is None:
        if len(kept.names) >= MOST_KEPT:  # a text has one for each mixture of types
            for old in kept.names.values():
                _checked(pgconn, pgconn.exec_(b"DEALLOCATE " + old))
            kept.names.clear()
        kept.made += 1
        name = b"maskline_%d" % kept.made
        _checked(pgconn, pgconn.prepare(name, query, types))
        kept.names[text, types] = name
    return _checked(pgconn, pgconn.exec_prepared(name, dumped, formats, int(binary)))


def _checked(pgconn: Any, result: pq.abc.PGresult) -> pq.abc.PGresult:
    """Return the result of what went well. Raises psycopg's error of what did not."""
    if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        return result
    # What the server itself says has a state; without one libpq found the connection broken.
    if pgconn.status == pq.ConnStatus.BAD or result.error_field(pq.DiagnosticField.SQLSTATE) is None:
        raise psycopg.OperationalError("the connection is lost")
    raise errors.error_from_result(result)


@lru_cache(maxsize=256)
def _read(text: str) -> tuple[bytes, tuple[str, ...], list[PyFormat]]:
    """Return a statement as the server reads it, with the names and formats of $1, $2..."""
    formats: dict[str, PyFormat] = {}

    def numbered(found: re.Match[str]) -> str:
        name, kind, percent = found.groups()
        if percent:
            return "%"
        formats.setdefault(name, _FORMATS[kind])
        return f"${list(formats).index(name) + 1}"

    query = _PLACEHOLDER.sub(numbered, text)
    return query.encode(), tuple(formats), list(formats.values())

"""Statements that each request runs: bound by the server, their plans kept on the connection.

Django puts the values into the text of a statement, so PostgreSQL reads and plans it anew each time; for a statement of
a few index look-ups that is most of its time.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections

PREPARE_AT = 3


def execute(text: str, parameters: Mapping[str, Any], *, binary: bool = False) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows, which come in the binary format where that is asked for.

    Parameters need a cast where their type does not follow from their place.
    """
    database = connections[DEFAULT_DB_ALIAS]  # `connection` looks this up at every dot
    database.ensure_connection()
    with database.wrap_database_errors, psycopg.Cursor(database.connection) as cursor:
        database.connection.prepare_threshold = PREPARE_AT
        cursor.execute(text, parameters, binary=binary)
        # Not cursor.description: it is made anew of all columns, at a fifth of the cost of a look-up.
        return cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []


def first(text: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run the first statement of a request, which only reads: on a connection that broke meanwhile, on a new one.

    It is the health check at the same time that Django makes with a statement of its own.
    """
    if connection.in_atomic_block:
        return execute(text, parameters)
    try:
        rows = execute(text, parameters)
    except (OperationalError, InterfaceError):
        connection.close()
        rows = execute(text, parameters)
    connection.health_check_done = True  # type: ignore[attr-defined]
    return rows

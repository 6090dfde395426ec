"""Statements of the bindings: their parameters are bound by the server, their plans kept on the connection."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection

from common import sql

PREPARE_AT = 3


def run(name: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a named statement."""
    return execute(sql.load("privacy", name), parameters)


def execute(text: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement that was put together of named ones."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        connection.connection.prepare_threshold = PREPARE_AT
        cursor.execute(text, parameters, binary=True)
        return cursor.fetchall() if cursor.description else []

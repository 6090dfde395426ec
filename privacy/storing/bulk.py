"""The two ways in which a batch reaches the database: COPY in binary, and statements over arrays."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from common import prepared, sql


def copy(table: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into a table; `columns` are (name, type) in the order of the values."""
    names = ", ".join(f'"{name}"' for name, _ in columns)
    # Errors of COPY come past Django's cursor, as psycopg's own.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN (FORMAT BINARY)') as stream:
            stream.set_types([kind for _, kind in columns])
            write = stream.write_row
            for row in rows:
                write(row)


def run(name: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a named statement, its parameters bound by the server (arrays travel in binary)."""
    return prepared.execute(sql.load("privacy", name), parameters, binary=True)

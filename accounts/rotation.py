"""Sealing everything again under the first data key (`rotate_keys`).

Columns are found by their field's class in every model. A batch is one transaction, so killing it loses nothing, and a
second run goes on where rows are still under another key. Deterministic columns stay findable all the while, for a
search probes every live key.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from psycopg.sql import SQL, Composable, Identifier, Literal

from accounts import datakeys, lookup
from common.keyring import Keyring, keyring
from common.sealed import SealedBodyField, SealedTextField
from common.sql import query

BATCH = 2000
MOST_PASSES = 5

Say = Callable[[str], None]


@dataclass(frozen=True)
class SealedTable:
    """A table with sealed columns: its primary key, that key's type, and whether each column is a body."""

    name: str
    pk: str
    pk_type: str
    columns: dict[str, bool]


@dataclass(frozen=True)
class Rotation:
    """What a run did: rows sealed again by table, tables that refuse changes, keys that need not be kept."""

    rows: dict[str, int]
    refused: list[str]
    dropped: list[str]


def rotate(say: Say, batch: int = BATCH) -> Rotation:
    """Seal every value again that is not under the writing key; forget the other keys once nothing is left under them.

    It passes over all tables until a pass finds nothing, for another process may still write with an older setting.
    """
    lookup.keep()
    rows: dict[str, int] = {}
    refused: list[str] = []
    for _ in range(MOST_PASSES):
        found = 0
        for table in sealed_tables():
            if table.name in refused:
                continue
            try:
                count = _rotate_table(table, say, batch)
            except IntegrityError:
                say(f"{table.name}: rows are only added, never changed; they stay under their keys")
                refused.append(table.name)
                continue
            rows[table.name] = rows.get(table.name, 0) + count
            found += count
        if not found:
            return Rotation(rows, refused, [] if refused else datakeys.forget_all_but_the_writer())
    say("rows keep arriving under another key: restart every process with the new MASKLINE_DATA_KEY, then run again")
    return Rotation(rows, refused, [])


def sealed_tables() -> Iterator[SealedTable]:
    """Yield every table that holds a sealed column."""
    for model in apps.get_models():
        columns = {
            str(field.column): isinstance(field, SealedBodyField)
            for field in model._meta.concrete_fields
            if isinstance(field, SealedTextField | SealedBodyField)
        }
        if columns and model._meta.managed and not model._meta.proxy:
            pk: models.Field[Any, Any] = model._meta.pk
            yield SealedTable(model._meta.db_table, str(pk.column), pk.rel_db_type(connection) or "", columns)


def _rotate_table(table: SealedTable, say: Say, batch: int) -> int:
    done, after = 0, None
    while True:
        with transaction.atomic():
            rows = _next_rows(table, after, batch)
            if rows:
                _write(table, [(row[0], *_resealed(table, row[1:])) for row in rows])
        if not rows:
            return done
        done, after = done + len(rows), rows[-1][0]
        say(f"{table.name}: {done} rows sealed again")


def _next_rows(table: SealedTable, after: Any, batch: int) -> list[tuple[Any, ...]]:
    header = _header()
    names = list(table.columns)
    other = [
        _compose("is_under_another_key", column=Identifier(name), length=Literal(len(header)), header=Literal(header))
        for name in names
    ]
    statement = _compose(
        "rows_under_other_keys",
        table=Identifier(table.name),
        pk=Identifier(table.pk),
        columns=SQL(", ").join(map(Identifier, names)),
        after=SQL("{}::{}").format(Literal(after), SQL(table.pk_type)),
        other=SQL(" OR ").join(other),
        limit=Literal(batch),
    )
    return _execute(statement)


def _header() -> bytes:
    """Return what every value under the writing key begins with: the length of the key's id, and the id."""
    sealed = keyring().seal(b"")
    return sealed[: 1 + sealed[0]]


def _resealed(table: SealedTable, values: tuple[Any, ...]) -> list[bytes | None]:
    keys = keyring()
    return [_reseal(keys, value, body) for value, body in zip(values, table.columns.values(), strict=True)]


def _reseal(keys: Keyring, value: Any, body: bool) -> bytes | None:
    if value is None or keys.writes(bytes(value)):
        return None if value is None else bytes(value)
    sealed = bytes(value)
    return keys.seal_body(keys.open_body(sealed)) if body else keys.seal(keys.open(sealed))


def _write(table: SealedTable, rows: list[tuple[Any, ...]]) -> None:
    names = [f"c{position}" for position in range(len(table.columns))]
    types = [table.pk_type, *["bytea"] * len(names)]
    arrays = [
        SQL("{}::{}[]").format(Literal(list(values)), SQL(kind))
        for values, kind in zip(zip(*rows, strict=True), types, strict=True)
    ]
    pairs = zip(table.columns, names, strict=True)
    statement = _compose(
        "write_resealed",
        table=Identifier(table.name),
        pk=Identifier(table.pk),
        assignments=SQL(", ").join(SQL("{} = new.{}").format(Identifier(a), Identifier(b)) for a, b in pairs),
        values=SQL(", ").join(arrays),
        names=SQL(", ").join(map(Identifier, ["pk", *names])),
        first=Literal(rows[0][0]),
        last=Literal(rows[-1][0]),
    )
    _execute(statement)


def _compose(name: str, **parts: Composable) -> Composable:
    return SQL(query("accounts", name)).format(**parts)


def _execute(statement: Composable) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []

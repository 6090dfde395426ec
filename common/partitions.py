"""Partitions of the tables whose key is a time id: made ahead, made on demand, dropped.

A partitioned model says `partition_interval = "month"` or `"week"` (ISO weeks, from Monday),
in UTC. Partitions are called `privacy_call_p202603` and `privacy_callevent_w20260302`. There
is no default partition: a row for which there is none is refused by the database, so writers
call `ensure` before they COPY.
"""

import logging
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import lru_cache
from typing import Literal, cast
from uuid import UUID

from django.apps import apps
from django.db import OperationalError, connection, models, transaction
from psycopg.errors import LockNotAvailable

from common import sql, timeid
from common.operations import GUARD_TRUNCATE, AppendOnly, CreatePartitionedModel, truncate_trigger

__all__ = [
    "AppendOnly",
    "CreatePartitionedModel",
    "Partition",
    "PartitionedTable",
    "detach_and_drop_before",
    "ensure",
    "ensure_ahead",
    "existing",
    "forget",
    "partitioned_tables",
]

log = logging.getLogger(__name__)
Interval = Literal["month", "week"]
INTERVALS_AHEAD = 2
# For how long writers may stand behind the lock that dropping asks for, and the seconds before each try.
DROP_PATIENCE = "500ms"
DROP_PAUSES = (0, 5, 15)
_BOUND = re.compile(r"'([0-9a-f-]{36})'")


@dataclass(frozen=True)
class PartitionedTable:
    """A table that is cut by time, and how."""

    table: str
    interval: Interval


@dataclass(frozen=True)
class Partition:
    """One partition: the instants of its rows are lower <= instant < upper."""

    name: str
    lower: datetime
    upper: datetime


# (database, table) -> names of partitions seen after a commit. A rolled-back CREATE never
# gets here, because names are added on commit only.
_seen: dict[tuple[str, str], set[str]] = {}


def partitioned_tables() -> list[PartitionedTable]:
    """Return every partitioned table of the installed apps."""
    found = []
    for model in apps.get_models():
        interval = getattr(model, "partition_interval", None)
        if interval is not None:
            found.append(PartitionedTable(model._meta.db_table, interval))
    return found


def ensure(model_or_table: type[models.Model] | str, interval: str, instants: Iterable[datetime]) -> int:
    """Make the partitions that rows of these instants need; return how many were made.

    Safe when several sessions do it at once and inside a transaction that has written rows;
    costs no query when this process has seen them all committed. When the database still
    refuses a row (retention dropped the partition since), call `forget` and run the
    transaction again.
    """
    table = model_or_table if isinstance(model_or_table, str) else model_or_table._meta.db_table
    days = {at.astimezone(UTC).date() for at in instants}
    wanted = dict(_partition(table, day, _interval(interval)) for day in days)
    if wanted.keys() <= _seen.get(_key(table), set()):
        return 0
    missing = wanted.keys() - _names(table)
    if missing:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.load("common", "lock_partitions"), {"table": table})
            missing -= _names(table)  # another session may have made them while we waited
            for name in sorted(missing):
                _create(table, name, wanted[name], _interval(interval))
    transaction.on_commit(lambda: _seen.setdefault(_key(table), set()).update(wanted))
    return len(missing)


def ensure_ahead(now: datetime) -> int:
    """Make the partitions of `now` and the next two intervals for every partitioned table."""
    made = 0
    for entry in partitioned_tables():
        made += ensure(entry.table, entry.interval, _ahead(now, entry.interval))
    return made


def existing(table: str) -> list[Partition]:
    """Return the partitions of a table, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("common", "list_partitions"), {"table": _quote(table)})
        rows = cursor.fetchall()
    found = []
    for name, bounds in rows:
        first, last = (timeid.instant(UUID(text)) for text in _BOUND.findall(bounds))
        found.append(Partition(name, first, last))
    return sorted(found, key=lambda partition: partition.lower)


def detach_and_drop_before(table: str, instant: datetime) -> list[str]:
    """Drop the partitions that hold only rows from before `instant`; return their names.

    One that somebody reads all the while stays for the next run.
    """
    gone = [part.name for part in existing(table) if part.upper <= instant and _drop(table, part.name)]
    if gone:
        forget(table)
    return gone


def _drop(table: str, name: str) -> bool:
    """Drop a partition in a short transaction of its own, for detaching locks the whole table.

    Behind a long report it waits a moment only, now and again: every writer of the table stands in line behind it.
    """
    for pause in DROP_PAUSES:
        time.sleep(pause)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{DROP_PATIENCE}'")
                cursor.execute(f"ALTER TABLE {_quote(table)} DETACH PARTITION {_quote(name)}")
                cursor.execute(f"DROP TABLE {_quote(name)}")
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
        else:
            return True
    log.warning("%s is being read and stays for now", name)
    return False


def forget(table: str | None = None) -> None:
    """Forget which partitions exist, so that the next `ensure` asks the database."""
    if table is None:
        _seen.clear()
    else:
        _seen.pop(_key(table), None)


def _create(table: str, name: str, start: date, interval: Interval) -> None:
    lower, upper = (timeid.lower(_midnight(day)) for day in (start, _next(start, interval)))
    with connection.cursor() as cursor:
        # LIKE and ATTACH instead of PARTITION OF: that would lock out every writer of the table.
        cursor.execute(
            f"CREATE TABLE {_quote(name)}"
            f" (LIKE {_quote(table)} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)"
        )
        cursor.execute(
            f"ALTER TABLE {_quote(table)} ATTACH PARTITION {_quote(name)} FOR VALUES FROM ('{lower}') TO ('{upper}')"
        )
        cursor.execute(
            sql.load("common", "has_live_trigger"),
            {"table": _quote(table), "trigger": truncate_trigger(table)},
        )
        if cursor.fetchone():
            trigger = _quote(truncate_trigger(name))
            cursor.execute(GUARD_TRUNCATE.format(trigger=trigger, table=_quote(name)))


def _names(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql.load("common", "list_partitions"), {"table": _quote(table)})
        return {name for name, _ in cursor.fetchall()}


def _ahead(now: datetime, interval: Interval) -> Iterator[datetime]:
    day = _start(now.astimezone(UTC).date(), interval)
    for _ in range(INTERVALS_AHEAD + 1):
        yield _midnight(day)
        day = _next(day, interval)


def _start(day: date, interval: Interval) -> date:
    return day.replace(day=1) if interval == "month" else day - timedelta(days=day.weekday())


def _next(start: date, interval: Interval) -> date:
    if interval == "week":
        return start + timedelta(days=7)
    return (start + timedelta(days=31)).replace(day=1)


@lru_cache(maxsize=1024)
def _partition(table: str, day: date, interval: Interval) -> tuple[str, date]:
    """Return the name of the partition of a day, and the first day of it."""
    start = _start(day, interval)
    return _name(table, start, interval), start


def _name(table: str, start: date, interval: Interval) -> str:
    return f"{table}_p{start:%Y%m}" if interval == "month" else f"{table}_w{start:%Y%m%d}"


def _interval(interval: str) -> Interval:
    if interval not in ("month", "week"):
        raise ValueError(f"{interval} is neither month nor week")
    return cast(Interval, interval)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time_of_day(), UTC)


def _key(table: str) -> tuple[str, str]:
    return str(connection.settings_dict["NAME"]), table


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)

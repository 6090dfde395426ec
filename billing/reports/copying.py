"""Rows straight from PostgreSQL's COPY: one snapshot, one zone, joined to large blocks."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.db import connection, transaction

from billing.reports.extract import BLOCK_BYTES


@contextmanager
def snapshot(zone: str) -> Iterator[None]:
    """Run what is inside in one REPEATABLE READ transaction whose TimeZone is `zone`.

    Inside a transaction already begun (tests) its isolation stays as it is.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # A report sorts its lines once; 64 MB keep a million of them to few merges.
        cursor.execute("SELECT set_config('TimeZone', %s, true), set_config('work_mem', '64MB', true)", [zone])
        try:
            yield
        finally:
            if not outermost and not connection.needs_rollback:
                cursor.execute("SELECT set_config('TimeZone', 'UTC', true)")


def copied(statement: str, parameters: Mapping[str, Any], counted: Callable[[int], None]) -> Iterator[bytes]:
    """Yield the rows of a query as CSV text in blocks of about 256 KB; tell `counted` how many rows each block had."""
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)", parameters) as copy:
            rows = iter(copy)
            size = 64
            while batch := list(islice(rows, size)):
                block = b"".join(batch)
                counted(len(batch))
                yield block
                size = max(1, BLOCK_BYTES * len(batch) // len(block))

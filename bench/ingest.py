"""CDRs through the HTTP door and out of a file, against the floor of the database (docs/bench.md).

The floor: INSERT ... SELECT of the very rows that ingest wrote, from staging tables into the same tables, in one
transaction on one connection. Every application has a CDR URL, so a push is written for each CDR.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import orjson
from django.core.management import call_command
from django.db import connection, transaction

from bench import cast, web
from bench.result import Result
from console.simulation import calls
from console.simulation.people import Crowd, Line, pair
from console.simulation.sender import Sender

ACCOUNTS, NUMBERS_EACH = 50, 20
CDRS_A_REQUEST = 50
CLIENTS = 4
END = datetime(2026, 3, 9, tzinfo=UTC)
SPAN = timedelta(days=6)
TABLES = ("privacy_call", "privacy_record", "privacy_usage", "privacy_session", "notifications_push")
HTTP_BUDGET, FILE_BUDGET = 0.25, 0.5


def run(rows: int) -> list[Result]:
    """Return the lines of both ways in, for `rows` CDRs."""
    lines = cast.make(
        accounts=ACCOUNTS, numbers_each=NUMBERS_EACH, issued_at=END - 2 * SPAN, cdr_url="https://bench.example/fee"
    )
    cdrs = list(_cdrs(lines, rows))
    by_http = _over_http(cdrs)
    _stage(rows)
    floor = _floor()
    _empty()
    from_file = _from_file(cdrs)
    _check(rows)
    return [
        _result("CDR ingest over HTTP", rows, by_http, floor, HTTP_BUDGET),
        _result("CDR file import", rows, from_file, floor, FILE_BUDGET),
    ]


def _result(name: str, rows: int, seconds: float, floor: float, budget: float) -> Result:
    return Result(
        name=name,
        figure=f"{rows / seconds:,.0f} CDR/s",
        reference=f"{rows / floor:,.0f} CDR/s",
        ratio=f"{floor / seconds:.0%}",
        budget=f"{budget:.0%}",
        met=floor / seconds >= budget,
    )


def _cdrs(lines: list[Line], rows: int) -> Iterator[bytes]:
    """Yield that many CDRs as JSON, in the order of time."""
    rng, crowd = Random("bench"), Crowd(lines, "bench")
    for index in range(rows):
        at = END - SPAN + timedelta(seconds=int(index / rows * (SPAN.total_seconds() - 3600)))
        line = crowd.line(rng)
        people = pair("bench", line, at.date(), index % 12)
        call = calls.place(rng, seed="bench", index=index, line=line, pair=people, at=at, cut=END)
        yield orjson.dumps(calls.cdr(call))


def _over_http(cdrs: list[bytes]) -> float:
    """Send them signed, CDRS_A_REQUEST at once, over CLIENTS connections; return the seconds it took."""
    bodies = [
        b'{"eventType":"fee","feeLst":[' + b",".join(cdrs[first : first + CDRS_A_REQUEST]) + b"]}"
        for first in range(0, len(cdrs), CDRS_A_REQUEST)
    ]
    with web.serving() as port:
        shares = [bodies[client::CLIENTS] for client in range(CLIENTS)]
        # One request to each worker first, so that no import is measured.
        _send(port, bodies[:1] * 4)
        with ThreadPoolExecutor(CLIENTS) as pool:
            return _seconds(lambda: list(pool.map(lambda share: _send(port, share), shares)))


def _send(port: int, bodies: list[bytes]) -> None:
    with Sender(f"http://127.0.0.1:{port}", key="bench", secret=cast.SECRET) as switch:
        for body in bodies:
            if switch.post(body).quarantined:
                raise AssertionError("a CDR of the benchmark was quarantined")


def _stage(rows: int) -> None:
    """Copy what ingest wrote aside, and empty the tables again."""
    _check(rows)
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"CREATE UNLOGGED TABLE bench_{table} AS TABLE {table}")
    _empty()


def _floor() -> float:
    """Return the seconds the database needs for the bare rows."""

    def insert() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"INSERT INTO {table} SELECT * FROM bench_{table}")

    return _seconds(insert)


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}")
        cursor.execute("CHECKPOINT")


def _from_file(cdrs: list[bytes]) -> float:
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        Path(file.name).write_bytes(b"\n".join(cdrs))
        return _seconds(lambda: call_command("import_cdrs", file.name, "--upstream", "bench"))


def _check(rows: int) -> None:
    """Raise when not every CDR became a call, a record, usage and a push."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            (count,) = cursor.fetchone()
            if count < rows * (table != "privacy_session"):
                raise AssertionError(f"{table} has {count} rows, not {rows}")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

"""Prepared statements, outside a transaction and in one: the same rows, the same errors, whatever became of plans."""

import os
import socket
import threading
import time
from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import (
    DataError,
    IntegrityError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)

from common import prepared

pytestmark = pytest.mark.django_db(transaction=True)
ECHO = "SELECT %(text)s::text, %(bytes)b::bytea, %(at)s::timestamptz, %(none)s::int, '100 %%', %(text)s || '!'"
VALUES = {"text": "ü$1%s", "bytes": b"\x00\xff", "at": datetime(2026, 3, 1, tzinfo=UTC), "none": None}
ROW = ("ü$1%s", b"\x00\xff", datetime(2026, 3, 1, tzinfo=UTC), None, "100 %", "ü$1%s!")


def echo(binary=False):
    return prepared.execute(ECHO, VALUES, binary=binary)


@pytest.mark.parametrize("binary", [False, True])
def test_values_go_and_come_alike_outside_a_transaction_and_in_one(binary):
    for _time in range(prepared.PREPARE_AT + 2):
        assert echo(binary) == [ROW]
        with transaction.atomic():
            assert echo(binary) == [ROW]


def test_a_statement_without_rows_gives_none():
    assert prepared.execute("DO $$ BEGIN END $$", {}) == []
    assert prepared.execute("SELECT 1 WHERE %(no)s", {"no": False}) == []


def test_a_parameter_may_come_in_another_type():
    assert prepared.execute("SELECT %(n)s + 1", {"n": 1}) == [(2,)]
    assert prepared.execute("SELECT %(n)s + 1", {"n": 2**40}) == [(2**40 + 1,)]


def test_plans_that_were_dropped_are_made_anew():
    assert echo() == [ROW]
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert echo() == [ROW]
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        echo()
        raise ZeroDivisionError
    assert echo() == [ROW]


def test_only_so_many_plans_are_kept(monkeypatch):
    connection.close()
    monkeypatch.setattr(prepared, "MOST_KEPT", 3)
    for number in range(10):
        assert prepared.execute(f"SELECT {number} + %(n)s::int", {"n": 1}) == [(number + 1,)]
    ((kept,),) = prepared.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'maskline%%'", {})
    assert kept <= 3
    assert prepared.execute("SELECT 0 + %(n)s::int", {"n": 1}) == [(1,)]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("SELECT 1 / %(n)s::int", DataError),
        ("SELECT %(n)s FROM nowhere", ProgrammingError),
        ("INSERT INTO auth_group (id, name) VALUES (1, 'a'), (1, %(n)s::int::text)", IntegrityError),
        ("SELECT pg_terminate_backend(pg_backend_pid()), %(n)s::int", OperationalError),
        ("SELECT lo_get(%(n)s::int::oid)", ProgrammingError),
    ],
)
def test_errors_are_those_of_django_and_leave_the_connection_usable(text, error):
    for _time in range(2):
        with pytest.raises(error):
            prepared.execute(text, {"n": 0})
        assert prepared.first("SELECT %(n)s::int", {"n": 5}) == [(5,)]


def test_a_database_that_only_reads_says_so():
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    with pytest.raises(InternalError):
        prepared.execute("UPDATE auth_group SET name = %(n)s", {"n": "x"})
    connection.close()


def test_what_runs_in_a_transaction_is_undone_with_it():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        prepared.execute("INSERT INTO auth_group (name) VALUES (%(n)s)", {"n": "undone"})
        raise ZeroDivisionError
    prepared.execute("INSERT INTO auth_group (name) VALUES (%(n)s)", {"n": "kept"})
    found = prepared.execute("SELECT name FROM auth_group WHERE name IN ('undone', 'kept')", {})
    assert found == [("kept",)]
    prepared.execute("DELETE FROM auth_group WHERE name = %(n)s", {"n": "kept"})


def test_who_waits_for_the_database_lets_other_threads_run():
    def sleep():
        prepared.execute("SELECT pg_sleep(%(s)s)", {"s": 0.5})
        connection.close()

    began = time.monotonic()
    threads = [threading.Thread(target=sleep) for _ in range(4)]
    for thread in threads:
        thread.start()
    ticks = 0
    while any(thread.is_alive() for thread in threads):
        ticks += 1
        time.sleep(0.01)
    assert time.monotonic() - began < 1.5 and ticks > 20


def test_a_new_connection_prepares_for_itself():
    assert echo() == [ROW]
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        assert prepared._straight(other, "SELECT %(n)s::int", {"n": 1}, False) == [(1,)]
    connection.close()
    assert echo() == [ROW]


def test_a_server_that_hangs_up_in_the_middle_is_away():
    assert echo() == [ROW]
    with closing(socket.socket(fileno=os.dup(connection.connection.pgconn.socket))) as wire:
        wire.shutdown(socket.SHUT_RDWR)
    with pytest.raises(OperationalError):
        echo()
    connection.close()
    assert echo() == [ROW]

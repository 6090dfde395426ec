import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from common import partitions
from common.tests.conftest import insert, rows_of
from common.timeid import time_id

MARCH = datetime(2026, 3, 1, 2, tzinfo=UTC)
LONG_AGO = datetime(2019, 12, 31, 23, 59, tzinfo=UTC)


def id_at(at: datetime) -> UUID:
    return time_id(at, "x")


def test_months_are_cut_at_the_first_in_utc(partitioned: str) -> None:
    assert partitions.ensure(partitioned, "month", [MARCH, MARCH + timedelta(days=3)]) == 1
    (march,) = partitions.existing(partitioned)
    assert march == partitions.Partition(
        "common_sample_p202603", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    )


def test_weeks_begin_on_monday(partitioned: str) -> None:
    sunday, monday = datetime(2026, 3, 1, 23, 59, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    assert partitions.ensure(partitioned, "week", [sunday, monday]) == 2
    names = [partition.name for partition in partitions.existing(partitioned)]
    assert names == ["common_sample_w20260223", "common_sample_w20260302"]


def test_instants_count_in_utc_whatever_their_zone(partitioned: str) -> None:
    partitions.ensure(partitioned, "month", [datetime.fromisoformat("2026-04-01T07:00:00+08:00")])
    assert [partition.name for partition in partitions.existing(partitioned)] == ["common_sample_p202603"]


@pytest.mark.parametrize("interval", ["month", "week"])
def test_partitions_leave_no_gap(partitioned: str, interval: str) -> None:
    days = [LONG_AGO + timedelta(days=n) for n in range(70)]
    partitions.ensure(partitioned, interval, days)
    found = partitions.existing(partitioned)
    assert all(one.upper == other.lower for one, other in pairwise(found))
    for day in days:
        insert(partitioned, id_at(day))
    assert rows_of(partitioned) == 70


def test_a_row_without_a_partition_is_refused(partitioned: str) -> None:
    partitions.ensure(partitioned, "month", [MARCH])
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(partitioned, id_at(LONG_AGO))
    assert partitions.ensure(partitioned, "month", [LONG_AGO]) == 1
    insert(partitioned, id_at(LONG_AGO))


def test_a_partition_is_made_in_a_transaction_that_already_wrote(committed: str) -> None:
    with transaction.atomic():
        partitions.ensure(committed, "month", [MARCH])
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {committed}owner DEFAULT VALUES RETURNING id")
            owner = cursor.fetchone()[0]
        insert(committed, id_at(MARCH), owner, pending=True)
        partitions.ensure(committed, "month", [LONG_AGO])
        insert(committed, id_at(LONG_AGO), owner, pending=True)
    assert rows_of(committed) == 2


def test_a_partition_has_the_indexes_and_keys_of_its_table(partitioned: str) -> None:
    partitions.ensure(partitioned, "month", [MARCH])
    with connection.cursor() as cursor:
        for table in (partitioned, "common_sample_p202603"):
            constraints = connection.introspection.get_constraints(cursor, table)
            columns = {tuple(c["columns"]) for c in constraints.values() if not c["check"]}
            assert {("id",), ("note",), ("owner_id",)} <= columns
    insert(partitioned, id_at(MARCH))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(partitioned, id_at(MARCH))


def test_what_exists_costs_one_question_and_then_none(
    committed: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    partitions.ensure(committed, "month", [MARCH])
    partitions.forget(committed)
    with django_assert_num_queries(1):
        assert partitions.ensure(committed, "month", [MARCH]) == 0
    with django_assert_num_queries(0):
        assert partitions.ensure(committed, "month", [MARCH]) == 0


def test_a_partition_that_was_rolled_back_is_made_again(committed: str) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        partitions.ensure(committed, "month", [MARCH])
        raise ZeroDivisionError
    assert partitions.ensure(committed, "month", [MARCH]) == 1


def test_after_retention_in_another_process_forgetting_helps(committed: str) -> None:
    partitions.ensure(committed, "month", [LONG_AGO])
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE common_sample_p201912")
    assert partitions.ensure(committed, "month", [LONG_AGO]) == 0
    with pytest.raises(IntegrityError):
        insert(committed, id_at(LONG_AGO))
    partitions.forget(committed)
    assert partitions.ensure(committed, "month", [LONG_AGO]) == 1


def test_two_sessions_may_make_the_same_partition(committed: str) -> None:
    made: list[Any] = []
    both_ready = threading.Barrier(2)

    def writer(number: int) -> None:
        try:
            with transaction.atomic():
                partitions.ensure(committed, "month", [MARCH])
                insert(committed, id_at(MARCH + timedelta(seconds=number)))
                both_ready.wait(10)
                # Both hold the table for writing here; neither may lock the other out.
                partitions.ensure(committed, "month", [LONG_AGO])
                insert(committed, id_at(LONG_AGO + timedelta(seconds=number)))
            made.append(number)
        except BaseException as problem:
            made.append(problem)
            raise
        finally:
            connection.close()

    partitions.ensure(committed, "month", [MARCH])
    threads = [threading.Thread(target=writer, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(made, key=str) == [1, 2]
    assert rows_of(committed) == 4


def test_partitions_of_the_past_are_dropped_whole(partitioned: str) -> None:
    later = MARCH + timedelta(days=40)
    partitions.ensure(partitioned, "month", [LONG_AGO, MARCH, later])
    for at in (LONG_AGO, MARCH, later):
        insert(partitioned, id_at(at))
    dropped = partitions.detach_and_drop_before(partitioned, datetime(2026, 4, 1, tzinfo=UTC))
    assert dropped == ["common_sample_p201912", "common_sample_p202603"]
    assert rows_of(partitioned) == 1
    assert partitions.detach_and_drop_before(partitioned, MARCH) == []


def test_a_partition_that_somebody_reads_stays_and_writers_do_not_stand_behind_it(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "DROP_PAUSES", (0, 0))
    monkeypatch.setattr(partitions, "DROP_PATIENCE", "50ms")
    partitions.ensure(committed, "month", [LONG_AGO, MARCH])
    reading, done = threading.Event(), threading.Event()

    def reader() -> None:
        with transaction.atomic():
            rows_of(committed)
            reading.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=reader)
    thread.start()
    reading.wait(20)
    try:
        assert partitions.detach_and_drop_before(committed, MARCH - timedelta(days=1)) == []
        insert(committed, id_at(LONG_AGO))
    finally:
        done.set()
        thread.join(20)
    gone = partitions.detach_and_drop_before(committed, MARCH - timedelta(days=1))
    assert gone == ["common_sample_p201912"]


def test_every_partitioned_model_has_partitions_ahead(db: None) -> None:
    partitions.forget()
    now = datetime(2031, 12, 30, tzinfo=UTC)
    tables = partitions.partitioned_tables()
    assert partitions.ensure_ahead(now) == 3 * len(tables)
    assert partitions.ensure_ahead(now) == 0
    for entry in tables:
        newest = partitions.existing(entry.table)[-1]
        assert newest.lower > now and newest.name.startswith(entry.table)


def test_only_months_and_weeks_are_intervals(partitioned: str) -> None:
    with pytest.raises(ValueError, match="day is neither month nor week"):
        partitions.ensure(partitioned, "day", [MARCH])

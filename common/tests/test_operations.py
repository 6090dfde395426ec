from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from common import partitions
from common.operations import AppendOnly
from common.tests.conftest import TABLE, Operations, insert, rows_of
from common.timeid import time_id

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
ATTACKS = ["UPDATE {0} SET note = 'x'", "DELETE FROM {0}", "TRUNCATE {0}"]


def attempt(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def guarded(partitioned: str, operations: Operations) -> str:
    """A partitioned table with a partition from before its guard and one from after."""
    partitions.ensure(partitioned, "month", [MARCH])
    operations.run(AppendOnly(partitioned))
    partitions.ensure(partitioned, "month", [APRIL])
    insert(partitioned, time_id(MARCH, "x"))
    insert(partitioned, time_id(APRIL, "x"))
    return partitioned


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("table", [TABLE, f"{TABLE}_p202603", f"{TABLE}_p202604"])
def test_rows_are_only_added_to_the_table_and_each_partition(guarded: str, table: str, attack: str) -> None:
    with pytest.raises(IntegrityError, match="only added, never changed"):
        attempt(attack.format(table))
    assert rows_of(guarded) == 2


def test_retention_may_still_drop_a_partition(guarded: str) -> None:
    assert partitions.detach_and_drop_before(guarded, APRIL) == [f"{TABLE}_p202603"]
    assert rows_of(guarded) == 1


def test_the_guard_can_be_taken_off_again(guarded: str, operations: Operations) -> None:
    operations.revert(AppendOnly(guarded))
    for attack in ATTACKS:
        attempt(attack.format(guarded))
    assert rows_of(guarded) == 0


def test_a_partition_follows_a_guard_that_is_switched_off(guarded: str) -> None:
    attempt(f"ALTER TABLE {guarded} DISABLE TRIGGER {guarded}_append_only_truncate")
    partitions.ensure(guarded, "month", [datetime(2026, 5, 1, tzinfo=UTC)])
    attempt(f"TRUNCATE {guarded}_p202605")


def test_the_operation_can_be_written_to_a_migration() -> None:
    name, args, kwargs = AppendOnly("billing_charge").deconstruct()
    assert (name, args, kwargs) == ("AppendOnly", ["billing_charge"], {})
    assert AppendOnly("billing_charge").migration_name_fragment == "billing_charge_append_only"

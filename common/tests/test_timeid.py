from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import BadInput
from common.timeid import id_range, instant, lower, time_id

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
instants = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))
parts = st.lists(st.text() | st.binary() | st.integers())


def whole_milliseconds(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def test_the_same_record_has_the_same_id_on_every_load() -> None:
    id = time_id(MARCH, "switch1", "call", "icid-1")
    assert id == time_id(MARCH.astimezone(timezone(timedelta(hours=8))), "switch1", "call", "icid-1")
    # Written down: a stored id must be found again by every later version.
    assert str(id) == "019ca6b1-dc00-7115-8a6e-fbc3bd166384"


@given(instants, parts)
def test_an_id_is_a_uuid7_that_tells_its_instant(at: datetime, identity: list[str | bytes | int]) -> None:
    id = time_id(at, *identity)
    assert (id.version, id.variant) == (7, "specified in RFC 4122")
    assert instant(id) == whole_milliseconds(at)


@given(instants, instants, parts, parts)
def test_ids_sort_by_time(one: datetime, other: datetime, first: list[str], second: list[str]) -> None:
    earlier, later = sorted((whole_milliseconds(one), whole_milliseconds(other)))
    if earlier < later:
        assert time_id(earlier, *first) < lower(later) <= time_id(later, *second)


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_other_parts_give_another_id(one: list[str], other: list[str]) -> None:
    assert (time_id(MARCH, *one) == time_id(MARCH, *other)) == (one == other)


def test_text_bytes_and_numbers_are_told_apart() -> None:
    assert len({time_id(MARCH, "1"), time_id(MARCH, b"1"), time_id(MARCH, 1)}) == 3
    assert time_id(MARCH, "a", "b") != time_id(MARCH, "ab")


def test_a_range_holds_its_start_and_not_its_end() -> None:
    first, last = id_range(MARCH, MARCH + timedelta(hours=1))
    assert first <= time_id(MARCH, "x") < last
    assert not time_id(MARCH + timedelta(hours=1), "x") < last


@pytest.mark.parametrize("at", [datetime(2026, 3, 1), datetime(1969, 12, 31, tzinfo=UTC)])
def test_a_time_without_zone_or_before_1970_has_no_id(at: datetime) -> None:
    with pytest.raises(BadInput):
        time_id(at, "x")

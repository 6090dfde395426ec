from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import BadInput
from common.periods import add_months, hour_of, month_start, next_full_hour, parse_instant, parse_wire_utc

SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
instants = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from([SHANGHAI, BERLIN, "America/New_York", "Asia/Kolkata", "UTC", "Pacific/Apia"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("now", "later"),
    [
        ("2026-02-01T10:03:00+08:00", "2026-02-01T03:00:00+00:00"),
        ("2026-02-01T10:00:00+00:00", "2026-02-01T11:00:00+00:00"),
        ("2026-02-01T10:59:59.999999+00:00", "2026-02-01T11:00:00+00:00"),
        ("2026-02-01T10:10:00+05:30", "2026-02-01T05:00:00+00:00"),
    ],
)
def test_the_next_full_hour_is_strictly_later(now: str, later: str) -> None:
    assert next_full_hour(at(now)) == at(later)


@given(instants)
def test_hours_tile_time(now: datetime) -> None:
    assert hour_of(now) <= now < next_full_hour(now) <= now + timedelta(hours=1)
    assert hour_of(now).minute == 0 and hour_of(now).utcoffset() == timedelta()


@pytest.mark.parametrize(
    ("start", "months", "zone", "end"),
    [
        ("2024-02-29T00:00:00+08:00", 12, SHANGHAI, "2025-02-28T00:00:00+08:00"),
        ("2024-02-28T16:00:00+00:00", 12, SHANGHAI, "2025-02-28T00:00:00+08:00"),  # the 29th in the zone
        ("2026-01-31T08:00:00+08:00", 1, SHANGHAI, "2026-02-28T08:00:00+08:00"),
        ("2026-12-15T08:00:00+08:00", 1, SHANGHAI, "2027-01-15T08:00:00+08:00"),
        ("2026-03-31T08:00:00+08:00", -1, SHANGHAI, "2026-02-28T08:00:00+08:00"),
        ("2026-02-28T12:00:00+01:00", 1, BERLIN, "2026-03-28T12:00:00+01:00"),
        ("2026-03-28T12:00:00+01:00", 1, BERLIN, "2026-04-28T12:00:00+02:00"),  # summer time began between
        ("2026-02-28T23:30:00+00:00", 1, BERLIN, "2026-03-31T22:30:00+00:00"),  # 1 March 00:30 there
    ],
)
def test_months_are_counted_on_the_calendar_of_the_zone(start: str, months: int, zone: str, end: str) -> None:
    assert add_months(at(start), months, zone) == at(end)


@given(instants, st.integers(0, 60), zones)
def test_adding_months_moves_the_calendar_month_and_nothing_further(now: datetime, months: int, zone: str) -> None:
    tz = ZoneInfo(zone)
    before, after = now.astimezone(tz), add_months(now, months, zone).astimezone(tz)
    moved = (after.year * 12 + after.month) - (before.year * 12 + before.month)
    assert moved == months
    assert after.day <= before.day or before.day - after.day <= 0 or after.day >= 28


@given(instants, instants, st.integers(0, 60), zones)
def test_a_later_start_never_ends_a_day_earlier(one: datetime, other: datetime, months: int, zone: str) -> None:
    first, second = sorted((one, other))
    # Less than a day apart, the clocks may have been put back between them.
    assert add_months(first, months, zone) <= add_months(second, months, zone) + timedelta(days=1)


def test_a_month_begins_at_midnight_of_the_zone() -> None:
    assert month_start(at("2026-03-01T07:00:00+08:00"), SHANGHAI) == at("2026-03-01T00:00:00+08:00")
    assert month_start(at("2026-02-28T17:00:00+00:00"), SHANGHAI) == at("2026-03-01T00:00:00+08:00")


def test_an_unknown_zone_is_refused() -> None:
    for zone in ("Mars/Olympus", "", "../etc/passwd"):
        with pytest.raises(BadInput, match="time_zone: unknown"):
            month_start(at("2026-03-01T00:00:00+00:00"), zone)


def test_an_instant_needs_an_offset() -> None:
    assert parse_instant("2026-03-01T10:00:00+08:00") == datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert parse_instant(" 2026-03-01T10:00:00Z ") == datetime(2026, 3, 1, 10, tzinfo=UTC)
    with pytest.raises(BadInput, match="time: has no offset"):
        parse_instant("2026-03-01T10:00:00")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+08:00", "1772332800"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_instant(text)


@pytest.mark.parametrize(
    ("wire", "microsecond"),
    [
        ("2026-03-01 02:03:04", 0),
        ("2026-03-01T02:03:04Z", 0),
        ("2026-03-01T02:03:04.123Z", 123000),
        (" 2026-03-01T02:03:04.123456789Z", 123456),
    ],
)
def test_times_on_the_wire_are_utc(wire: str, microsecond: int) -> None:
    assert parse_wire_utc(wire) == datetime(2026, 3, 1, 2, 3, 4, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    "wire",
    [
        "",
        "2026-03-01",
        "2026-03-01 02:03",
        "0000-00-00 00:00:00",
        "2026-02-29 00:00:00",
        "2026-03-01 24:00:00",
        "2026-03-01T02:03:04+08:00",
        "２０２６-03-01 02:03:04",
        "20260301020304",
        "2026-W09-7 02:03:04",
        "2026-03-01 02+08:00",
        "2026-03-01 02:03:0x",
    ],
)
def test_what_is_no_wire_time_is_refused(wire: str) -> None:
    with pytest.raises(BadInput):
        parse_wire_utc(wire)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_times(text: str) -> None:
    for read in (parse_instant, parse_wire_utc):
        with suppress(BadInput):
            assert read(text).tzinfo is UTC

"""Which period a report covers, and what a spreadsheet may not do to its cells."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.reports import period
from billing.reports.cells import csv_safe, unescape, xlsx_safe
from common.errors import BadInput

NOW = datetime(2026, 3, 8, 20, 30, tzinfo=UTC)  # 9 March 04:30 in Shanghai


def test_a_period_is_two_whole_utc_hours_in_any_offset():
    found = period.whole_hours("2026-03-01T08:00:00+08:00", "2026-03-01T07:30:00+05:30")

    assert (found.start, found.end) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, 2, tzinfo=UTC))
    assert found.hours() == 2


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        ("2026-03-01T08:00:00", "2026-03-01T09:00:00Z", "from"),
        ("2026-03-01T08:00:00Z", "yesterday", "to"),
        ("2026-03-01T08:30:00Z", "2026-03-01T10:00:00Z", "from"),
        ("2026-03-01T08:00:00Z", "2026-03-01T10:00:01Z", "to"),
        ("2026-03-01T08:00:00+05:30", "2026-03-01T10:00:00Z", "from"),
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z", "to"),
        ("2026-03-01T08:00:00Z", "2026-03-01T07:00:00Z", "to"),
    ],
)
def test_any_other_period_is_refused_by_the_name_of_its_end(start, end, field):
    with pytest.raises(BadInput) as problem:
        period.whole_hours(start, end)

    assert problem.value.field == field


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("today", "2026-03-08T16:00", "2026-03-09T16:00"),
        ("yesterday", "2026-03-07T16:00", "2026-03-08T16:00"),
        ("this_month", "2026-02-28T16:00", "2026-03-31T16:00"),
        ("last_month", "2026-01-31T16:00", "2026-02-28T16:00"),
    ],
)
def test_a_quick_choice_is_cut_by_the_calendar_of_the_zone(name, start, end):
    found = period.named(name, NOW, "Asia/Shanghai")

    assert (found.start, found.end) == tuple(datetime.fromisoformat(f"{text}+00:00") for text in (start, end))


def test_a_day_of_the_change_to_summer_time_has_23_hours():
    at = datetime(2026, 3, 8, 20, tzinfo=UTC)

    assert period.named("today", at, "America/New_York").hours() == 23


def test_a_day_in_a_zone_of_half_hours_is_widened_to_whole_utc_hours():
    found = period.named("today", NOW, "Asia/Kolkata")

    assert (found.start.minute, found.end.minute, found.end - found.start) == (0, 0, timedelta(hours=25))


def test_an_unknown_zone_is_refused():
    with pytest.raises(BadInput):
        period.zone_name("Asia/Atlantis")


DANGEROUS = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\x00=1", "＝1+1", "＋1", "－1", "＠x"),
    *(" =1+1", "  ＝1", '"=1+1', "'=1+1", "\u3000=1", "\ufeff=1", "\u200b=1", "\n=1", "=cmd|'/c calc'!A1", "−1"),
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_would_run_gets_an_apostrophe_and_comes_back(text):
    for safe in (csv_safe, xlsx_safe):
        assert safe(text) == "'" + text
        assert unescape(safe(text)) == text


@pytest.mark.parametrize("text", ["+8613900000101", "10086", "+86139****0101", "007"])
def test_a_phone_number_stays_text_in_csv_and_stays_as_it_is_in_a_workbook(text):
    assert csv_safe(text) == "'" + text
    assert xlsx_safe(text) == text


@pytest.mark.parametrize("text", ["12345678901234567890", "1e5", "2026-03-01", "1/2", "50%"])
def test_text_that_looks_like_a_number_is_kept_text_in_csv(text):
    assert csv_safe(text) == "'" + text


@pytest.mark.parametrize("text", ["", "acme", "rides, north", 'say "hi"', "打车", "a=b", "2026-03-01T08:00:00+08:00"])
def test_harmless_text_is_left_alone(text):
    assert csv_safe(text) == xlsx_safe(text) == text

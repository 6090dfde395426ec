"""The tables of billing.md 1: parts of an SMS, minutes of a call."""

from datetime import UTC, datetime, timedelta

import pytest

from privacy import segments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 308, 2),
        ("a" * 309, 3),
        ("汉" * 70, 1),
        ("汉" * 71, 2),
        ("汉" * 134, 2),
        ("汉" * 135, 3),
        ("a" * 100 + "汉", 2),
        ("😀" * 35, 1),
        ("😀" * 35 + "a", 2),
        ("€" * 160, 1),
        ("[From13900000101]" + "a" * 143, 1),
        ("[From13900000101]" + "a" * 144, 2),
        ("hi@13900000202", 1),
        ("`" * 71, 2),
    ],
)
def test_parts_of_a_text(text, expected):
    assert segments.parts(text) == expected


def test_settings_change_what_a_part_holds():
    assert segments.parts("a" * 307, multipart_gsm=153) == 3
    assert segments.parts("€" * 81, extension_counts=2) == 2


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0, 0), (1, 1), (59, 1), (60, 1), (61, 2), (120, 2), (121, 3), (86_400, 1440)]
)
def test_every_started_minute_counts_whole(seconds, minutes):
    answered = datetime(2026, 3, 1, tzinfo=UTC)
    talked = segments.talk_seconds(answered, answered + timedelta(seconds=seconds))
    assert (talked, segments.minutes(talked)) == (seconds, minutes)


def test_a_started_second_counts_whole():
    answered = datetime(2026, 3, 1, tzinfo=UTC)
    assert segments.talk_seconds(answered, answered + timedelta(milliseconds=60_001)) == 61

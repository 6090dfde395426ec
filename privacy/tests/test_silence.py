"""Silence is told by comparing with the weeks before, and only where they say enough."""

import pytest

from privacy import silence


@pytest.mark.parametrize(
    ("now", "past", "silent"),
    [
        (0, [400, 400, 400, 400], True),
        (39, [400, 400, 400, 400], True),
        (40, [400, 400, 400, 400], False),
        (0, [400, 400, 0, 0], False),
        (0, [19, 19, 19, 19], False),
        (0, [30, 20, 20, 0], True),
        (0, [], False),
    ],
)
def test_silence_needs_enough_to_compare_with(now: int, past: list[int], silent: bool) -> None:
    assert silence.is_silent(now, past) is silent


def test_what_is_always_quiet_is_known_after_three_weeks() -> None:
    assert silence.is_usually_quiet([0, 0, 0])
    assert silence.is_usually_quiet([0, 0, 0, 90])
    assert not silence.is_usually_quiet([0, 0])
    assert not silence.is_usually_quiet([90, 0, 90])

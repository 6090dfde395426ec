"""Whether quiet is unusual: compared with the same hour of the week in the weeks before (users.md 3, N12). Pure."""

from collections.abc import Sequence
from statistics import median

WEEKS = 4
# So many of those weeks must have had so much in this hour; else nothing is known and nobody is woken.
ENOUGH_WEEKS = 3
ENOUGH_IN_AN_HOUR = 20
# Less than a tenth of the usual is silence.
SILENT_SHARE = 0.1


def usual(past: Sequence[int]) -> int | None:
    """Return what an hour of the week usually has; None when too few of the past weeks had enough to say."""
    if sum(count >= ENOUGH_IN_AN_HOUR for count in past) < ENOUGH_WEEKS:
        return None
    return int(median(past))


def is_silent(now: int, past: Sequence[int]) -> bool:
    """Return whether an hour had less than a tenth of what the same hour had in the weeks before."""
    known = usual(past)
    return known is not None and now < known * SILENT_SHARE


def is_usually_quiet(past: Sequence[int]) -> bool:
    """Return whether as many weeks are known and most of them had nothing at all in this hour."""
    return len(past) >= ENOUGH_WEEKS and median(past) == 0

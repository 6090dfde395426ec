"""Blacklist and hours, which count nothing, and how a window is judged. Pure but for the zone's rules."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from privacy.control.rules import CALLEE, Entry, Hours, Ruleset, Window
from privacy.routing.facts import Block

CODES = {"caller": 8047, "pair": 8047, "callee": 8048, "number": 8049}
HOURS_CODE, CALLER_LISTED, CALLEE_LISTED = 8050, 7005, 7004
HOURS_RULE = "calling_hours"
# How far the clocks of any zone are ever put forward.
LONGEST_GAP_MINUTES = 180
MINUTE = timedelta(minutes=1)

# When each member was counted last, in milliseconds.
Counted = Mapping[str, int]


def uncounted(ruleset: Ruleset, zone: str, at: datetime) -> Block | None:
    """Return what blacklist or hours say against a call at `at`."""
    if ruleset.entry is not None:
        return listed(ruleset.entry)
    local = at.astimezone(ZoneInfo(zone))
    if not ruleset.hours or any(_open(one, local) for one in ruleset.hours):
        return None
    opens = {one: _opens_at(one, local) for one in ruleset.hours}
    first = min(ruleset.hours, key=lambda one: (opens[one], one.rule_id))
    return Block(HOURS_RULE, HOURS_CODE, first.rule_id, opens[first])


def listed(entry: Entry) -> Block:
    """Return the block of a blacklist entry: it ends when somebody ends it."""
    return Block(f"blacklist_{entry.side}", CALLEE_LISTED if entry.side == CALLEE else CALLER_LISTED, entry.id)


def full(window: Window, reopens: int) -> Block:
    """Return the block of a window that is full until `reopens` (milliseconds)."""
    return Block(f"frequency_{window.kind}", CODES[window.kind], window.rule_id, instant(reopens))


def instant(milliseconds: int) -> datetime:
    """Return an instant given in milliseconds since 1970."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC) + timedelta(milliseconds=milliseconds % 1000)


def floor(window: Window, pardons: Mapping[str, int], now: int) -> int:
    """Return the instant after which calls count for a window."""
    return max(now - 1000 * window.seconds, pardons.get(window.kind, 0))


def first_full(
    windows: Sequence[Window], pardons: Mapping[str, int], counted: Mapping[str, Counted], now: int, member: str
) -> tuple[Window, int] | None:
    """Return the first window that is full, and when it opens again. What `member` did before is not counted."""
    for window in windows:
        bottom = floor(window, pardons, now)
        times = sorted(
            (at for name, at in counted[window.kind].items() if at > bottom and name != member), reverse=True
        )
        if len(times) >= window.most:
            return window, times[window.most - 1] + 1000 * window.seconds
    return None


def _open(hours: Hours, local: datetime) -> bool:
    now = local.time()
    if hours.start <= hours.end:
        return hours.start <= now < hours.end
    return now >= hours.start or now < hours.end


def _opens_at(hours: Hours, local: datetime) -> datetime:
    """Return when hours begin that are closed at `local`. A start that the clocks leap over begins as they leap."""
    day = local.date() + timedelta(days=1 if local.time() >= hours.start else 0)
    start = datetime.combine(day, hours.start, local.tzinfo)
    at = start.astimezone(UTC)
    if at.astimezone(local.tzinfo).time() == hours.start:
        return at
    at = (start - timedelta(minutes=LONGEST_GAP_MINUTES)).astimezone(UTC)
    return next(
        at + n * MINUTE
        for n in range(3 * LONGEST_GAP_MINUTES)
        if _open(hours, (at + n * MINUTE).astimezone(local.tzinfo))
    )

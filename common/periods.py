"""Hours, months and the reading of times. Everything comes back in UTC."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from common.errors import BadInput

HOUR = timedelta(hours=1)
_WIRE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z?", re.ASCII)


def hour_of(at: datetime) -> datetime:
    """Return the start of the UTC hour that `at` falls in."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def next_full_hour(at: datetime) -> datetime:
    """Return the first full UTC hour strictly later than `at`: 10:03 and 10:00 give 11:00."""
    return hour_of(at) + HOUR


def add_months(at: datetime, months: int, zone: str | tzinfo) -> datetime:
    """Return `at` moved by calendar months in `zone`, its local time of day kept.

    A day the month has not becomes its last day: 29 February and 12 months give 28 February.
    """
    local = at.astimezone(_zone(zone))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(UTC)


def month_start(at: datetime, zone: str | tzinfo) -> datetime:
    """Return the instant at which the calendar month of `at` began in `zone`."""
    local = at.astimezone(_zone(zone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def parse_instant(text: str) -> datetime:
    """Return the instant of an ISO 8601 text with an offset. Raises BadInput."""
    try:
        at = datetime.fromisoformat(text.strip())
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput("time", "not a time", "write 2026-03-01T10:00:00+08:00") from None
    raise BadInput("time", "has no offset", "write 2026-03-01T10:00:00+08:00")


def parse_wire_utc(text: str) -> datetime:
    """Return the instant of a time on the wire: UTC, `yyyy-MM-dd HH:mm:ss` or ISO with Z.

    Digits after the sixth of a fraction are dropped. Raises BadInput.
    """
    trimmed = text.strip()
    if _is_plain(trimmed) or _WIRE.fullmatch(trimmed):
        try:
            return datetime.fromisoformat(trimmed).replace(tzinfo=UTC)
        except ValueError:
            pass
    raise BadInput("time", "not a time", "write yyyy-MM-dd HH:mm:ss in UTC")


def _is_plain(text: str) -> bool:
    """Return whether the common form can be left to fromisoformat: a tenth of the price of the pattern."""
    return len(text) == 19 and text[10] in " T" and text[7] == "-" and text[13] == text[16] == ":"


def _zone(zone: str | tzinfo) -> tzinfo:
    if isinstance(zone, tzinfo):
        return zone
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise BadInput("time_zone", "unknown", "use a name such as Asia/Shanghai") from None

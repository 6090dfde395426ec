"""The time a report covers: whole UTC hours, half-open, and the quick choices of a person in a zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from common.errors import BadInput
from common.periods import HOUR, add_months, hour_of, month_start, parse_instant

CURE = "write a whole UTC hour with its offset, such as 2026-03-01T10:00:00+08:00"
NAMES = ("today", "yesterday", "this_month", "last_month")


@dataclass(frozen=True)
class Period:
    """The instants start <= t < end, both in UTC."""

    start: datetime
    end: datetime

    def hours(self) -> int:
        """Return how many hours it has."""
        return (self.end - self.start) // HOUR


def instants(start_text: str, end_text: str) -> Period:
    """Return the period between two written times with offsets. Raises BadInput naming `from` or `to`."""
    start, end = _instant("from", start_text), _instant("to", end_text)
    if end <= start:
        raise BadInput("to", "is not after from", "give a later time")
    return Period(start, end)


def whole_hours(start_text: str, end_text: str) -> Period:
    """Return the period between two whole UTC hours written with an offset (billing.md 9). Raises BadInput."""
    period = instants(start_text, end_text)
    return Period(_whole("from", period.start), _whole("to", period.end))


def zone_name(text: str) -> str:
    """Return the name of a time zone that exists. Raises BadInput."""
    if text not in available_timezones():
        raise BadInput("timezone", "unknown", "use a name such as Asia/Shanghai or UTC")
    return text


def named(name: str, now: datetime, zone: str) -> Period:
    """Return today, yesterday, this_month or last_month of the calendar in `zone`, widened to whole UTC hours.

    Days are cut by the calendar, so one of 23 or 25 hours is whole. Raises BadInput for another name.
    """
    today, month = _day_start(now, zone, 0), month_start(now, zone)
    periods = {
        "today": (today, _day_start(now, zone, 1)),
        "yesterday": (_day_start(now, zone, -1), today),
        "this_month": (month, add_months(month, 1, zone)),
        "last_month": (add_months(month, -1, zone), month),
    }
    if name not in periods:
        raise BadInput("period", "unknown", "use " + ", ".join(NAMES))
    start, end = periods[name]
    # A zone half an hour off UTC has no midnight on a whole UTC hour.
    return Period(hour_of(start), hour_of(end + HOUR - timedelta(microseconds=1)))


def _day_start(now: datetime, zone: str, days: int) -> datetime:
    local = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (local + timedelta(days=days)).astimezone(UTC)


def _instant(field: str, text: str) -> datetime:
    try:
        return parse_instant(text)
    except BadInput as problem:
        raise BadInput(field, problem.problem, problem.cure) from None


def _whole(field: str, at: datetime) -> datetime:
    if at != hour_of(at):
        raise BadInput(field, "is no whole UTC hour", CURE)
    return at

"""The columns of the reports, in their order (billing.md 9), and what kind of value each holds."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a value is written: machine CSV is the same text for all, the other formats differ."""

    TEXT = "text"
    PHONE = "phone"  # text that keeps its plus and its leading zeros
    COUNT = "count"  # a whole number
    ID = "id"  # a whole number of ours, or several with blanks between
    MONEY = "money"  # exact to six decimals
    TIME_UTC = "time_utc"  # ISO 8601 with offset +00:00
    TIME = "time"  # ISO 8601 with the offset of the report's zone


@dataclass(frozen=True)
class Column:
    """One column: its name in the header, and its kind."""

    name: str
    kind: Kind = Kind.TEXT


def _columns(text: str) -> tuple[Column, ...]:
    pairs = (word.partition(":") for word in text.split())
    return tuple(Column(name, Kind(kind or "text")) for name, _, kind in pairs)


HOURLY = _columns(
    """hour_utc:time_utc hour_local:time account application app_key mode number:phone item
    calls:count answered:count talk_seconds:count units:count package_units:count overage_units:count
    unit_price:money amount:money late_units:count adjustment:money currency settlement_id:id"""
)
DETAIL = HOURLY + _columns(
    """call_id message_id session_id answered_at:time ended_at:time seconds:count package_splits tariff_id:count
    usage_hour_utc:time_utc"""
)


def parse(text: str) -> tuple[Column, ...]:
    """Return the columns written as `name` or `name:kind`, separated by blanks."""
    return _columns(text)


def header(columns: tuple[Column, ...]) -> bytes:
    """Return the header line of a machine CSV."""
    return ",".join(column.name for column in columns).encode() + b"\n"

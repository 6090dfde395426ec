"""Readers of single fields of the wire: each returns the typed value or raises Unfit with the reason."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from common.errors import BadInput
from common.periods import parse_wire_utc
from common.phone import E164, MAX_LENGTH, normalise
from privacy import reasons

Reader = Callable[[Any], Any]
SMALL, WHOLE = 1 << 15, 1 << 31
_UTC_SUFFIX = "+00:00"


class Unfit(Exception):
    """A value that cannot be used: reason, field (set by the caller when empty), words."""

    def __init__(self, reason: str, field: str = "", detail: str = "") -> None:
        super().__init__(reason, field, detail)
        self.reason = reason
        self.field = field
        self.detail = detail


class Field(NamedTuple):
    """Where a field of the wire goes and how it is read."""

    attribute: str
    read: Reader


def text(limit: int, *, nul: bool = False) -> Reader:
    """Return a reader of text of at most `limit` characters; NUL only where it can be kept."""

    def read(value: Any) -> str:
        if value.__class__ is not str:
            raise Unfit(reasons.WRONG_TYPE)
        if len(value) > limit:
            raise Unfit(reasons.TOO_LONG, detail=f"> {limit}")
        if "\0" in value and not nul:
            raise Unfit(reasons.NUL)
        return value

    return read


def phone(value: Any) -> str | None:
    """Return a number in its stored form; what is no E.164 (10086, anonymous) as it was sent."""
    if value.__class__ is not str:
        raise Unfit(reasons.WRONG_TYPE)
    if E164.fullmatch(value):
        return value
    if "\0" in value:
        raise Unfit(reasons.NUL)
    try:
        return normalise(value) or None
    except BadInput:
        raise Unfit(reasons.TOO_LONG, detail=f"> {MAX_LENGTH}") from None


def whole(bound: int) -> Reader:
    """Return a reader of integers, also written as text, with -bound <= value < bound."""

    def read(value: Any) -> int:
        if value.__class__ is str:
            value = _from_text(value)
        elif value.__class__ is float and value.is_integer():
            value = int(value)
        if value.__class__ is not int:
            raise Unfit(reasons.WRONG_TYPE)
        if not -bound <= value < bound:
            raise Unfit(reasons.WRONG_TYPE, detail="out of range")
        return value

    return read


def flag(value: Any) -> bool:
    """Return a 0/1 flag, also written as text or as a JSON boolean."""
    if value in (0, "0", "false"):
        return False
    if value in (1, "1", "true"):
        return True
    raise Unfit(reasons.WRONG_TYPE, detail="0 or 1")


def time(value: Any) -> datetime:
    """Return an instant from a UTC time, `yyyy-MM-dd HH:mm:ss` or ISO with Z."""
    if value.__class__ is not str:
        raise Unfit(reasons.WRONG_TYPE)
    try:
        if len(value) == 19 and value[4] == value[7] == "-" and value[13] == value[16] == ":" and value[10] in " T":
            return datetime.fromisoformat(value + _UTC_SUFFIX)
        return parse_wire_utc(value)
    except (ValueError, BadInput):
        raise Unfit(reasons.BAD_TIME) from None


def code(limit: int) -> Reader:
    """Return a reader of a short code that comes as text or as an integer."""
    as_text = text(limit)

    def read(value: Any) -> Any:
        return as_text(str(value) if value.__class__ is int else value)

    return read


def _from_text(value: str) -> int | None:
    digits = value.strip()
    unsigned = digits[1:] if digits[:1] in ("-", "+") else digits
    return int(digits) if unsigned.isascii() and unsigned.isdecimal() and len(unsigned) < 20 else None


OLDEST = datetime(2000, 1, 1, tzinfo=UTC)

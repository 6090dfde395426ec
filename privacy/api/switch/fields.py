"""Reading the fields of a question: tolerant of how numbers are dialled, strict about what is missing. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from common.errors import BadInput
from common.phone import E164, parse_typed

LONGEST_SESSION_ID = 256
MOST_DIGITS = 32
_DIGITS = re.compile(r"[0-9*#A-D]*")
# The key that ends an entry is no part of it.
_END = "#"


def read_text(sent: Mapping[str, Any], name: str, most: int, cure: str) -> str:
    """Return a text that must be there, 1 to `most` characters. Raises BadInput naming it."""
    value = sent.get(name)
    if value is None or value == "":
        raise BadInput(name, "is missing", cure)
    if not isinstance(value, str):
        raise BadInput(name, "is no text", cure)
    if len(value) > most:
        raise BadInput(name, f"is longer than {most} characters", cure)
    if "\0" in value:
        raise BadInput(name, "holds a NUL character", cure)
    return value


def read_number(sent: Mapping[str, Any], name: str, cure: str) -> str:
    """Return a number as stored: +8613900000101 also where 13900000101 or 0086139... was dialled. Raises BadInput.

    What is no number (10086, anonymous) stays as it was sent.
    """
    text = read_text(sent, name, 64, cure)
    if E164.fullmatch(text) and not text.startswith("+860"):
        return text
    try:
        number = parse_typed(text)
    except BadInput as problem:
        raise BadInput(name, f"is {problem.problem}", cure) from None
    if not number:
        raise BadInput(name, "is missing", cure)
    return number


def read_digits(sent: Mapping[str, Any], name: str) -> str | None:
    """Return what a caller entered, without the # that ended it; "" for nothing, None when nobody was asked to."""
    value = sent.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadInput(name, "is no text", 'send "0042": its zeros count')
    entered = value.strip()
    if len(entered) > MOST_DIGITS or not _DIGITS.fullmatch(entered):
        raise BadInput(name, "holds something that no telephone sends", f"send at most {MOST_DIGITS} of 0-9 * # A-D")
    return entered.removesuffix(_END)

"""Reading the fields of a question: strict about what is missing, tolerant of how numbers are dialled."""

from collections.abc import Mapping
from typing import Any

from common.errors import BadInput
from privacy.deciding import questions

LONGEST_SESSION_ID = questions.MOST_SESSION
# As dialled, with blanks and dashes.
LONGEST_NUMBER = 64


def read_text(sent: Mapping[str, Any], name: str, most: int, cure: str, *, empty: bool = False) -> str:
    """Return a text that must be there, at most `most` characters, "" only with `empty`. Raises BadInput naming it."""
    value = sent.get(name)
    if value is None or (value == "" and not empty):
        raise BadInput(name, "is missing", cure)
    if not isinstance(value, str):
        raise BadInput(name, "is no text", cure)
    if len(value) > most:
        raise BadInput(name, f"is longer than {most} characters", cure)
    if "\0" in value:
        raise BadInput(name, "holds a NUL character", cure)
    return value


def read_number(sent: Mapping[str, Any], name: str, cure: str, *, empty: bool = False) -> str:
    """Return a number as stored: +8613900000101 also where 13900000101 or 0086139... was dialled. Raises BadInput.

    What is no number (10086, anonymous) stays as it was sent.
    """
    return questions.number(name, read_text(sent, name, LONGEST_NUMBER, cure, empty=empty))


def read_digits(sent: Mapping[str, Any], name: str) -> str | None:
    """Return what a caller entered, "" for nothing; None when nobody was asked to. Raises BadInput."""
    value = sent.get(name)
    if value is not None and not isinstance(value, str):
        raise BadInput(name, "is no text", 'send "0042": its zeros count')
    return value

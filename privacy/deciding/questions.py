"""What a switch asked, in the form in which numbers are bound: so a caller has the key that was made at the bind."""

from dataclasses import replace

from common.errors import BadInput
from common.phone import MAX_LENGTH, parse_typed
from privacy.routing.facts import CallAsked

MOST_SESSION = 256
MOST_DIGITS = 32


def normalised(asked: CallAsked) -> CallAsked:
    """Return the question with X and caller as they are stored, and bare digits. Raises BadInput naming the field.

    Switches write numbers as their carriers do: with 00, without plus, with the 0 of the area code (which is dialled
    before a mobile of another city too). What is no number (10086, anonymous, "" for withheld) stays as it came.
    """
    _check_session(asked.session_id)
    digits = asked.digits
    if digits is not None:
        digits = digits.strip().rstrip("#").strip()
        if len(digits) > MOST_DIGITS or not digits.isascii() or not digits.isprintable():
            raise BadInput("digits", "are no keys of a telephone", f"send at most {MOST_DIGITS} of 0-9, * and #")
    return replace(asked, x=number("x", asked.x), caller=number("caller", asked.caller), digits=digits)


def number(field: str, text: str) -> str:
    """Return a number as it is stored, whatever a switch made of it. Raises BadInput."""
    try:
        return parse_typed(text)
    except BadInput:
        raise BadInput(field, f"is longer than {MAX_LENGTH} characters", "send the number alone, as +8613...") from None


def _check_session(session_id: str) -> None:
    if not 1 <= len(session_id) <= MOST_SESSION:
        raise BadInput("session_id", f"is not 1 to {MOST_SESSION} characters long", "send the id of the call's events")
    if "\0" in session_id or not session_id.isprintable():
        raise BadInput("session_id", "holds characters that cannot be kept", "send printable characters")

"""How values are written in answers: text that is text, and no field that has nothing to say (northbound.md 2-6)."""

from datetime import UTC, datetime
from typing import Any

from privacy.models.bindings import Terms


def flag(value: bool) -> str:
    """Return "true" or "false": the vendor's flags are text."""
    return "true" if value else "false"


def moment(instant: datetime) -> str:
    """Return `yyyy-MM-dd HH:mm:ss` in UTC."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def given(**fields: Any) -> dict[str, Any]:
    """Return the fields that have a value: an optional text nobody sent is left out of an answer."""
    return {name: value for name, value in fields.items() if value not in (None, "", {})}


def pre_voice(terms: Terms) -> dict[str, str]:
    """Return the waiting tones that were given, {} when none was."""
    return given(callerHintTone=terms.caller_voice, calleeHintTone=terms.callee_voice)

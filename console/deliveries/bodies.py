"""Bodies of pushes and the answers to them as a page shows them: unless revealed, nothing that is somebody's."""

import re
import unicodedata
from typing import Any

from accounts.scope import Scope
from console.requests import bodies

# What people wrote or dialled, beside the fields with "data" in their name.
HIDDEN_PARTS = ("content", "digit", "extend", "collect")
# In a push it is what somebody wrote; in an answer it says what was wrong.
HIDDEN_IN_PUSHES = (*HIDDEN_PARTS, "message")
# Each control character has a picture, ␀ to ␟ and ␡. Tabs and lines stay.
_PICTURES = {code: chr(0x2400 + code) for code in range(32)} | {9: "\t", 10: "\n", 127: "\u2421"}
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co"})
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\x00-\x08\x0b-\x1f\x7f]+(?=\d)")


def shown(raw: bytes | None, scope: Scope, *, revealed: bool) -> str:
    """Return the body of a push as indented JSON."""
    return _shown(raw, scope, HIDDEN_IN_PUSHES, revealed=revealed)


def answer(raw: bytes | None, scope: Scope, *, revealed: bool) -> str:
    """Return an answer as indented JSON, or as the text it is with control characters made visible."""
    return _shown(raw, scope, HIDDEN_PARTS, revealed=revealed)


def visible(text: str) -> str:
    """Return a text in which control characters are seen, and none colours, hides or turns round what follows."""
    return "".join(
        _PICTURES[ord(one)] if ord(one) in _PICTURES else "\ufffd" if unicodedata.category(one) in _UNSEEN else one
        for one in text.replace("\r\n", "\n")
    )


def _shown(raw: bytes | None, scope: Scope, hidden: tuple[str, ...], *, revealed: bool) -> str:
    content = bodies.answered(raw)
    if not isinstance(content, str):
        return visible(bodies.shown(content if revealed else _hide(content, hidden), scope, revealed=revealed))
    if revealed:
        return visible(content)
    # A number that is taken apart by bytes nobody sees is a number still.
    return visible(str(bodies.masked(_BETWEEN_DIGITS.sub("", content), set())))


def _hide(value: Any, hidden: tuple[str, ...], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _hide(inner, hidden, key.lower()) for key, inner in value.items()}
    if isinstance(value, list):
        return [_hide(inner, hidden, name) for inner in value]
    if value and isinstance(value, str) and any(part in name for part in hidden):
        return bodies.HIDDEN
    return value

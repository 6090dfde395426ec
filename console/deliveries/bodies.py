"""Bodies of pushes and the answers to them as a page shows them: unless revealed, nothing that is somebody's."""

from typing import Any

from accounts.scope import Scope
from console.requests import bodies

# What people wrote or dialled, beside the fields with "data" in their name.
HIDDEN_PARTS = ("content", "message", "digit", "extend", "collect")


def shown(raw: bytes | None, scope: Scope, *, revealed: bool) -> str:
    """Return a body or an answer as indented JSON or as the text it is."""
    content = bodies.answered(raw)
    return bodies.shown(content if revealed else _hide(content), scope, revealed=revealed)


def _hide(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _hide(inner, key.lower()) for key, inner in value.items()}
    if isinstance(value, list):
        return [_hide(inner, name) for inner in value]
    if value and isinstance(value, str) and any(part in name for part in HIDDEN_PARTS):
        return bodies.HIDDEN
    return value

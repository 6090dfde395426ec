"""Bodies and queries of requests as a page shows them: JSON, real numbers masked, what people wrote only named."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import orjson

from accounts.scope import Scope
from common import phone
from privacy.models import Number

HIDDEN = "***"
LONGEST_CLEAR = 4  # digits: an extension is no secret
LEAST_DIGITS, LEAST_INTEGER = 9, 10**8
_NUMBER = re.compile(r"\+?[0-9][0-9\s\-]{4,}")


def sent(raw: bytes | None) -> dict[str, Any]:
    """Return what was sent: {"query": ..., "body": ...}, each read as far as it can be."""
    kept = _json(bytes(raw or b""))
    if not isinstance(kept, dict):
        return {}
    query, body = str(kept.get("query") or ""), kept.get("body")
    found: dict[str, Any] = {"query": dict(parse_qsl(query, keep_blank_values=True)) or query} if query else {}
    if body:
        found["body"] = _json(body.encode()) if isinstance(body, str) else body
    return found


def answered(raw: bytes | None) -> Any:
    """Return what was answered, read as far as it can be."""
    return _json(bytes(raw or b""))


def shown(content: Any, scope: Scope, *, revealed: bool) -> str:
    """Return a body as indented JSON; unless it is revealed, with numbers masked but for X."""
    if not revealed:
        content = masked(content, _virtual(scope, content))
    return "" if content in ({}, "") else orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()


def masked(value: Any, clear: set[str], name: str = "") -> Any:
    """Return a JSON value in which no real number can be read."""
    if isinstance(value, dict):
        return {phone.mask_in_text(key): masked(inner, clear, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, clear, name) for inner in value]
    if isinstance(value, str):
        return _text(value, clear, name.lower())
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= LEAST_INTEGER):
        return phone.mask_in_text(str(value))
    return value


def _text(text: str, clear: set[str], name: str) -> str:
    if text in clear or _is_id(text):
        return text
    if "data" in name:
        return HIDDEN
    digits = sum(map(str.isdecimal, text))
    if _NUMBER.fullmatch(text.strip()) and digits > LONGEST_CLEAR:
        if text.startswith("+") or "num" in name or digits >= LEAST_DIGITS:
            return phone.mask(text.strip())
        return text
    return phone.mask_in_text(text)


def _virtual(scope: Scope, content: Any) -> set[str]:
    """Return which texts are virtual numbers: those are no secret."""
    texts = [text for text in _texts(content) if len(text) <= phone.MAX_LENGTH]
    return set(scope.rows(Number).filter(number__in=texts).values_list("number", flat=True)) if texts else set()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str) and "\0" not in value:
        yield value


def _is_id(text: str) -> bool:
    try:
        return len(text) == 36 and bool(UUID(text))
    except ValueError:
        return False


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw) if raw else ""
    except orjson.JSONDecodeError:
        return raw.decode(errors="replace")

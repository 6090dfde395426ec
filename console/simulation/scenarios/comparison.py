"""What came of a scenario beside what is expected: every difference in words for people. Pure."""

from collections.abc import Iterator
from typing import Any

from console.simulation.records import Json

ABOUT = ("call", "sms", "number", "step")


def differences(expected: Json, came: Json) -> list[str]:
    """Return every difference; none: all is as expected. Both are as `told.tell` returns them."""
    return [
        text for part in dict.fromkeys((*expected, *came)) for text in _part(part, expected.get(part), came.get(part))
    ]


def _part(part: str, expected: Any, came: Any) -> Iterator[str]:
    if not isinstance(expected or came, list):
        if expected != came:
            yield f"{part}: expected {_shown(expected)}, came {_shown(came)}"
        return
    wanted, found = expected or [], came or []
    for place, (want, have) in enumerate(zip(wanted, found, strict=False), start=1):
        yield from _row(f"{part} {place} ({_named(want)})", want, have)
    for place, want in enumerate(wanted[len(found) :], start=len(found) + 1):
        yield f"{part} {place}: {_named(want)} was expected and did not come"
    for place, have in enumerate(found[len(wanted) :], start=len(wanted) + 1):
        yield f"{part} {place}: {_named(have)} came and was not expected"


def _row(where: str, expected: Json, came: Json) -> Iterator[str]:
    for name in dict.fromkeys((*expected, *came)):
        if expected.get(name) != came.get(name):
            yield f"{where}: {name}: expected {_shown(expected.get(name))}, came {_shown(came.get(name))}"


def _named(row: Json) -> str:
    about = next((f'"{row[name]}"' for name in ABOUT if name in row), "")
    kind = row.get("kind") or row.get("item") or ""
    return " of ".join(part for part in (str(kind), about) if part) or "one"


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)

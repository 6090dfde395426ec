"""The steps of a scenario: which verbs there are, and what each may say. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from common.errors import BadInput
from console.simulation.scenarios import words


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done, `at` so long after the start. `said` is the verb's text, `more` its other fields."""

    place: int
    at: timedelta
    verb: str
    said: str
    more: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What others call the binding, call or SMS by."""
        return str(self.more.get("name", self.said))


# verb: (what reads its text, its other fields and what reads them)
Reader = Callable[[Any], Any]


def _text(value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise BadInput("", "is no text")


def _phrases(read: Callable[[list[str]], Any]) -> Reader:
    def check(value: Any) -> None:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise BadInput("", "is no list of texts")
        read(value)

    return check


def _object(value: Any) -> None:
    if not isinstance(value, dict):
        raise BadInput("", "is no object")


def _digits(value: Any) -> None:
    if not isinstance(value, str) or not re.fullmatch(rf"[0-9*#]{{0,16}}|extension of {words.NAME}", value):
        raise BadInput("", 'is unknown: write "0042", "" for none entered, or "extension of A"')


def _yes(value: Any) -> None:
    if value is not True:
        raise BadInput("", "is true, or left out")


def _seconds(value: Any) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= 120:
        raise BadInput("", "is no number of seconds up to 120")


def _one_of(*known: str) -> Reader:
    def check(value: Any) -> None:
        if value not in known:
            raise BadInput("", f"is unknown: write one of {', '.join(known)}")

    return check


# As an upstream platform asks, which knows no other door.
BY_CALLIN = "by a Block callin"
_NAMED: dict[str, Reader] = {"name": _text}
VERBS: dict[str, tuple[Reader, dict[str, Reader]]] = {
    "bind": (words.binding, {**_NAMED, "parameters": _object}),
    "unbind": (_text, {}),
    "callee": (words.callee, {"seconds": _seconds, "user_data": _text}),
    "server": (_text, {"answer": _object}),
    "call": (
        words.call,
        {
            **_NAMED,
            "digits": _digits,
            "then": words.course,
            "reports": _phrases(words.reports),
            "redial_twin": _yes,
            "asked_twice": _yes,
            "asks": _one_of(BY_CALLIN),
        },
    ),
    "sms": (
        words.message,
        {**_NAMED, "text": _text, "sends": words.sending, "later": words.sending, "after": words.clock},
    ),
    "number": (words.number_status, {}),
    "account": (_one_of("frozen", "good"), {}),
    "stop": (_text, {}),
    "settle": (_one_of("every due hour"), {}),
    "wait": (_one_of("a moment"), {"seconds": _seconds}),
}


def read(said: Any, place: int) -> Step:
    """Return the step at a place of the file, from 1. Raises BadInput."""
    where = f"step {place}"
    if not isinstance(said, dict):
        raise BadInput(where, "is no object")
    verbs = [name for name in said if name in VERBS]
    if len(verbs) != 1:
        raise BadInput(where, f"does {len(verbs)} things; it has one of {', '.join(VERBS)}")
    verb = verbs[0]
    read_text, fields = VERBS[verb]
    only(said, {"at", verb, *fields}, where)
    if "at" not in said:
        raise BadInput(f"{where}: at", "is missing")
    at = _field(where, "at", words.clock, said["at"])
    _field(where, verb, read_text, said[verb])
    for name, value in said.items():
        if name in fields:
            _field(where, name, fields[name], value)
    more = {name: value for name, value in said.items() if name not in ("at", verb)}
    return Step(place, at, verb, said[verb], more)


def number_of(step: Step) -> str:
    """Return which of the scenario's numbers a step names, "" for none."""
    match step.verb:
        case "call":
            return words.call(step.said)[1]
        case "sms":
            return words.message(step.said)[1]
        case "bind":
            return words.binding(step.said)[2]
        case "number":
            return words.number_status(step.said)[0]
    return ""


def only(said: Any, known: set[str], where: str) -> dict[str, Any]:
    """Return an object that has none but known fields. Raises BadInput."""
    made = checked_object(where, said)
    for name in made:
        if name not in known:
            raise BadInput(f"{where}: {name}" if where else name, f"is unknown; known are {', '.join(sorted(known))}")
    return made


def checked_object(name: str, said: Any) -> dict[str, Any]:
    """Return an object. Raises BadInput."""
    if not isinstance(said, dict):
        raise BadInput(name, "is no object")
    return said


def _field(where: str, name: str, read_value: Reader, value: Any) -> Any:
    try:
        return read_value(value)
    except BadInput as problem:
        raise BadInput(f"{where}: {name}", problem.problem) from None

"""A scenario file as what it says; every fault in it is told with the file, the step and the field."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from common.errors import BadInput, MasklineError
from console.simulation.scenarios import words

MODES = ("AX", "AXB", "AXE", "AXYB", "X")
TOP = {"title", "about", "mode", "application", "numbers", "people", "package", "rules", "steps"}
NUMBER = {"kind", "sms", "area_code"}
PACKAGE = {"minutes", "messages"}
RULE = {"kind", "most", "window_seconds"}
EXPECTED = ".expected.json"


class ScriptError(MasklineError):
    """A scenario file that cannot be played; str() names file, step and field."""


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


@dataclass(frozen=True, slots=True)
class Script:
    """What a scenario file says."""

    path: Path
    title: str
    mode: str
    steps: tuple[Step, ...]
    application: Mapping[str, Any] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    package: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Mapping[str, Any], ...] = ()

    @property
    def lasts(self) -> timedelta:
        """How long it takes, at least: the last step and what is reported later."""
        late = [words.reports(step.more.get("reports", [])).cdr_after for step in self.steps if step.verb == "call"]
        return max((step.at for step in self.steps), default=timedelta(0)) + max(late, default=timedelta(0))

    @property
    def expectations(self) -> Path:
        """Where what is expected of it stands."""
        return self.path.with_name(self.path.stem + EXPECTED)


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
        },
    ),
    "sms": (words.message, {**_NAMED, "text": _text, "sends": words.sending, "later": words.sending}),
    "number": (words.number_status, {}),
    "account": (_one_of("frozen", "good"), {}),
    "stop": (_text, {}),
    "settle": (_one_of("every due hour"), {}),
    "wait": (_one_of("a moment"), {"seconds": _seconds}),
}


def read(path: Path) -> Script:
    """Return what a file says. Raises ScriptError."""
    try:
        return _read(path, path.read_bytes())
    except OSError as problem:
        raise ScriptError(f"{path}: cannot be read: {problem.strerror}") from problem
    except orjson.JSONDecodeError as problem:
        raise ScriptError(f"{path}: line {problem.lineno}: is no JSON: {problem.msg}") from problem
    except BadInput as problem:
        raise ScriptError(f"{path}: {str(problem).removeprefix(': ')}") from problem


def _read(path: Path, content: bytes) -> Script:
    said = orjson.loads(content)
    if not isinstance(said, dict):
        raise BadInput("", "is no JSON object")
    _only(said, TOP, "")
    for name in ("title", "mode", "steps"):
        if name not in said:
            raise BadInput(name, "is missing")
    if said["mode"] not in MODES:
        raise BadInput("mode", f"is none of {', '.join(MODES)}")
    if not isinstance(said["steps"], list) or not said["steps"]:
        raise BadInput("steps", "is no list of steps")
    numbers = _names("numbers", said.get("numbers", {"X": {}}), NUMBER)
    made = Script(
        path=path,
        title=str(said["title"]),
        mode=said["mode"],
        steps=tuple(_step(one, place) for place, one in enumerate(said["steps"], start=1)),
        application=_checked("application", said.get("application", {})),
        numbers=numbers,
        people=_checked("people", said.get("people", {})),
        package=_only(said.get("package", {}), PACKAGE, "package"),
        rules=tuple(_only(rule, RULE, "rules") for rule in said.get("rules", [])),
    )
    _check_names(made)
    return made


def _step(said: Any, place: int) -> Step:
    where = f"step {place}"
    if not isinstance(said, dict):
        raise BadInput(where, "is no object")
    verbs = [name for name in said if name in VERBS]
    if len(verbs) != 1:
        raise BadInput(where, f"does {len(verbs)} things; it has one of {', '.join(VERBS)}")
    verb = verbs[0]
    read_text, fields = VERBS[verb]
    _only(said, {"at", verb, *fields}, where)
    if "at" not in said:
        raise BadInput(f"{where}: at", "is missing")
    at = _field(where, "at", words.clock, said["at"])
    _field(where, verb, read_text, said[verb])
    for name, value in said.items():
        if name in fields:
            _field(where, name, fields[name], value)
    more = {name: value for name, value in said.items() if name not in ("at", verb)}
    return Step(place, at, verb, said[verb], more)


def _field(where: str, name: str, read_value: Reader, value: Any) -> Any:
    try:
        return read_value(value)
    except BadInput as problem:
        raise BadInput(f"{where}: {name}", problem.problem) from None


def _only(said: Any, known: set[str], where: str) -> dict[str, Any]:
    checked = _checked(where, said)
    for name in checked:
        if name not in known:
            raise BadInput(f"{where}: {name}" if where else name, f"is unknown; known are {', '.join(sorted(known))}")
    return checked


def _checked(name: str, said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise BadInput(name, "is no object")
    return said


def _names(name: str, said: Any, known: set[str]) -> dict[str, dict[str, Any]]:
    made = _checked(name, said)
    for symbol, one in made.items():
        if not re.fullmatch(words.NAME, symbol):
            raise BadInput(
                f"{name}: {symbol}", 'is no name: write a capital letter and more letters or digits, as "X2"'
            )
        _only(one, known, f"{name}: {symbol}")
    return made


def _check_names(script: Script) -> None:
    """Refuse a step that names what no earlier step made, and a name given twice."""
    made: dict[str, set[str]] = {"bind": set(), "call": set(), "sms": set()}
    for step in sorted(script.steps, key=lambda one: one.at):
        where = f"step {step.place}"
        if step.verb in made:
            if step.name in made[step.verb]:
                raise BadInput(f"{where}: name", f"{step.name!r} is taken; give it another name")
            made[step.verb].add(step.name)
        needed = {"unbind": "bind", "stop": "call"}.get(step.verb)
        if needed and step.said not in made[needed]:
            raise BadInput(f"{where}: {step.verb}", f"names no earlier {needed}: {step.said!r}")
    for step in script.steps:
        symbol = _number_of(step)
        if symbol and symbol not in script.numbers:
            raise BadInput(f"step {step.place}: {step.verb}", f"{symbol} is none of the numbers")


def _number_of(step: Step) -> str:
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

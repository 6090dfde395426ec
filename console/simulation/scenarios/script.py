"""A scenario file as what it says; every fault in it is told with the file, the step and the field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from common.errors import BadInput, MasklineError
from console.simulation.scenarios import steps, words
from console.simulation.scenarios.steps import Step

MODES = ("AX", "AXB", "AXE", "AXYB", "X")
TOP = {"title", "about", "mode", "application", "numbers", "people", "package", "rules", "steps"}
NUMBER = {"kind", "sms", "area_code"}
PACKAGE = {"minutes", "messages"}
RULE = {"kind", "most", "window_seconds"}
RULE_KINDS = ("caller", "callee", "number", "pair")
EXPECTED = ".expected.json"


class ScriptError(MasklineError):
    """A scenario file that cannot be played; str() names file, step and field."""


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
        late += [words.clock(step.more["after"]) for step in self.steps if "after" in step.more]
        return max((step.at for step in self.steps), default=timedelta(0)) + max(late, default=timedelta(0))

    @property
    def expectations(self) -> Path:
        """Where what is expected of it stands."""
        return self.path.with_name(self.path.stem + EXPECTED)


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
    steps.only(said, TOP, "")
    for name in ("title", "mode", "steps"):
        if name not in said:
            raise BadInput(name, "is missing")
    if said["mode"] not in MODES:
        raise BadInput("mode", f"is none of {', '.join(MODES)}")
    if not isinstance(said["steps"], list) or not said["steps"]:
        raise BadInput("steps", "is no list of steps")
    if not isinstance(said.get("rules", []), list):
        raise BadInput("rules", "is no list of rules")
    numbers = _names("numbers", said.get("numbers", {"X": {}}), NUMBER)
    made = Script(
        path=path,
        title=str(said["title"]),
        mode=said["mode"],
        steps=tuple(steps.read(one, place) for place, one in enumerate(said["steps"], start=1)),
        application=steps.checked_object("application", said.get("application", {})),
        numbers=numbers,
        people=_people(said.get("people", {})),
        package=_counts("package", steps.only(said.get("package", {}), PACKAGE, "package"), PACKAGE),
        rules=tuple(_rule(rule) for rule in said.get("rules", [])),
    )
    _check_names(made)
    return made


def _people(said: Any) -> dict[str, str]:
    people = steps.checked_object("people", said)
    for symbol, number in people.items():
        if not re.fullmatch(words.NAME, symbol) or not isinstance(number, str) or not number:
            raise BadInput(f"people: {symbol}", 'is a name with a number, as "C": "+8675528000018"')
    return people


def _rule(said: Any) -> dict[str, Any]:
    rule = steps.only(said, RULE, "rules")
    if rule.get("kind") not in RULE_KINDS:
        raise BadInput("rules: kind", f"is none of {', '.join(RULE_KINDS)}")
    return _counts("rules", rule, RULE - {"kind"}, least=1, needed=True)


def _counts(where: str, said: dict[str, Any], names: set[str], least: int = 0, needed: bool = False) -> dict[str, Any]:
    for name in sorted(names if needed else names & said.keys()):
        value = said.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise BadInput(f"{where}: {name}", f"is no whole number from {least}")
    return said


def _names(name: str, said: Any, known: set[str]) -> dict[str, dict[str, Any]]:
    made = steps.checked_object(name, said)
    for symbol, one in made.items():
        if not re.fullmatch(words.NAME, symbol):
            raise BadInput(
                f"{name}: {symbol}", 'is no name: write a capital letter and more letters or digits, as "X2"'
            )
        steps.only(one, known, f"{name}: {symbol}")
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
        symbol = steps.number_of(step)
        if symbol and symbol not in script.numbers:
            raise BadInput(f"step {step.place}: {step.verb}", f"{symbol} is none of the numbers")

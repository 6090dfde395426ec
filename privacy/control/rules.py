"""What holds for one call at one instant: windows, hours, a blacklist entry, pardons. One statement reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from common import prepared, sql
from common.timeid import EPOCH
from privacy.bindings import keys
from privacy.models import RiskRule

CALLER, CALLEE = RiskRule.Kind.CALLER.value, RiskRule.Kind.CALLEE.value
NUMBER, PAIR = RiskRule.Kind.NUMBER.value, RiskRule.Kind.PAIR.value
# The order in which windows are asked; the first that is full is named.
COUNTED = (CALLER, PAIR, CALLEE, NUMBER)


@dataclass(frozen=True, slots=True)
class Parties:
    """Who calls whom through which X, as keyed hashes. `callee` is b"" while it is not known.

    `shown`: whether the caller showed a number. All who withhold theirs are not one caller.
    """

    application_id: int
    number_id: int
    caller: bytes
    callee: bytes
    shown: bool = True

    def subjects(self) -> dict[str, bytes]:
        """Return what is counted, by kind: a pair has a direction."""
        found = {NUMBER: self.number_id.to_bytes(8)}
        if self.shown:
            found[CALLER] = self.caller
        if self.callee:
            found[CALLEE] = self.callee
        if self.shown and self.callee:
            found[PAIR] = self.caller + self.callee
        return found


@dataclass(frozen=True, slots=True)
class Window:
    """At most so many calls within so many seconds."""

    rule_id: int
    kind: str
    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Hours:
    """Calls only between two times of the day; from later than to spans midnight."""

    rule_id: int
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the blacklist that meets the call."""

    id: int
    side: str


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All that holds. `pardons`: calls until then are not counted, by kind. `doubts`: until when Redis may have missed
    some. Both in milliseconds since 1970."""

    windows: tuple[Window, ...] = ()
    hours: tuple[Hours, ...] = ()
    entry: Entry | None = None
    pardons: Mapping[str, int] = field(default_factory=dict)
    doubts: Mapping[str, int] = field(default_factory=dict)


def parties(application_id: int, number_id: int, caller: str, callee: str) -> Parties:
    """Return the parties of a call by their numbers."""
    shown = any(map(str.isdecimal, caller))
    return Parties(application_id, number_id, keys.caller(caller), keys.caller(callee) if callee else b"", shown)


def holding(who: Parties, at: datetime) -> Ruleset:
    """Return what held for a call at an instant."""
    subjects = who.subjects()
    rows = prepared.execute(
        sql.load("privacy", "risk_rules_at"),
        {
            "application": who.application_id,
            "at": at,
            "caller": who.caller,
            "callee": who.callee,
            "kinds": list(subjects),
            "subjects": list(subjects.values()),
        },
    )
    return _ruleset(rows, subjects)


def milliseconds(at: datetime) -> int:
    """Return an instant as time ids count it."""
    return int((at - EPOCH).total_seconds() * 1000 + 1e-6)


def _ruleset(rows: list[tuple[Any, ...]], subjects: Mapping[str, bytes]) -> Ruleset:
    windows, hours, entries = [], [], []
    pardons, doubts = dict[str, int](), dict.fromkeys(subjects, 0)
    for what, id, kind, most, seconds, start, end, at in rows:
        if what == "entry":
            entries.append(Entry(id, kind))
        elif what == "pardon":
            pardons[kind] = milliseconds(at)
        elif what == "doubt":
            doubts = {name: max(known, milliseconds(at)) for name, known in doubts.items()}
        elif start is not None:
            hours.append(Hours(id, start, end))
        elif kind in subjects:
            windows.append(Window(id, kind, most, seconds))
            doubts[kind] = max(doubts[kind], milliseconds(at))
    windows.sort(key=lambda window: (COUNTED.index(window.kind), window.seconds, window.rule_id))
    entries.sort(key=lambda entry: (entry.side == CALLEE, entry.id))
    return Ruleset(tuple(windows), tuple(hours), entries[0] if entries else None, pardons, doubts)

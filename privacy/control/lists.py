"""Blacklists by the file: read line by line, tried, then begun together or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Application
from common.errors import BadInput
from common.phone import parse_typed
from privacy.bindings import keys
from privacy.control.changes import By, hold, record
from privacy.models import BlacklistEntry
from privacy.numbers.rows import BATCH, Checks, Progress
from privacy.numbers.sheets import Line

COLUMNS = ("number", "side", "counterpart", "note")
SHORTEST, LONGEST = 3, 20
# What people write for a side; nothing means the caller.
SIDES = {
    "": "caller", "caller": "caller", "主叫": "caller", "callee": "callee", "被叫": "callee", "pair": "pair",
    "对": "pair", "号码对": "pair",
}  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """One entry that a line asks for. `other` is "" unless it is a pair."""

    line: int
    side: str
    number: str
    other: str = ""
    note: str = ""

    def key(self) -> tuple[str, bytes, bytes]:
        """Return what an open entry is unique by, within its application."""
        return self.side, keys.caller(self.number), keys.caller(self.other) if self.other else b""


@dataclass(frozen=True)
class Loaded:
    """How many entries began, and how many held already."""

    new: int
    already: int


def number(field: str, text: str) -> str:
    """Return a number as it is stored. Raises BadInput, which does not repeat it."""
    try:
        found = parse_typed(text)
    except BadInput:
        found = ""
    if not SHORTEST <= len(found) <= LONGEST or not found.removeprefix("+").isdecimal():
        raise BadInput(field, _("is no phone number"), _("write it like 138 0000 0021 or +86 10 1234 5678"))
    return found


def wanted(lines: Sequence[Line]) -> list[Wanted]:
    """Return what lines ask for. Raises BadRows with everything that is wrong, by line."""
    checks, seen, found = Checks(), dict[tuple[str, str, str], int](), list[Wanted]()
    for line in lines:
        with checks.of(line.line):
            one = _wanted(line)
            first = seen.setdefault((one.side, one.number, one.other), line.line)
            if first != line.line:
                told = _("stands in line %(line)s already") % {"line": first}
                raise BadInput("number", told, _("take one of the two lines out"))
            found.append(one)
    checks.finish()
    return found


def known(application: Application, asked: Sequence[Wanted]) -> set[tuple[str, bytes, bytes]]:
    """Return the keys of those entries that hold already."""
    found: set[tuple[str, bytes, bytes]] = set()
    open_ones = BlacklistEntry.objects.filter(application=application, valid_to=None)
    for start in range(0, len(asked), BATCH):
        some = [one.key()[1] for one in asked[start : start + BATCH]]
        rows = open_ones.filter(key__in=some).values_list("side", "key", "counterpart_key")
        found |= {(side, bytes(key), bytes(other)) for side, key, other in rows}
    return found


def load(application: Application, asked: Sequence[Wanted], by: By, progress: Progress, source: str = "") -> Loaded:
    """Begin what does not hold yet, all in one transaction; the same file again changes nothing."""
    reason = by.checked()
    with transaction.atomic():
        now = hold(application)
        there = known(application, asked)
        new = [one for one in asked if one.key() not in there]
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            BlacklistEntry.objects.bulk_create([_entry(application, one, by, reason, now) for one in batch])
            progress(start + len(batch))
        done = Loaded(len(new), len(asked) - len(new))
        if new:
            told = {"new": done.new, "already": done.already, "source": source}
            record("load", "application", application.app_key, application, by, told)
    return done


def _wanted(line: Line) -> Wanted:
    cell = line.cells.get
    if not cell("number"):
        raise BadInput("number", _("is missing"), _("write it like 138 0000 0021 or +86 10 1234 5678"))
    first = number("number", cell("number") or "")
    side = SIDES.get((cell("side") or "").lower(), "")
    other = number("counterpart", cell("counterpart") or "") if cell("counterpart") else ""
    if not side:
        raise BadInput("side", _("is not known"), _("write caller, callee or pair; nothing means caller"))
    if side == "pair" and not other:
        raise BadInput("counterpart", _("is missing"), _("a pair names whom the number may not call"))
    if side != "pair" and other:
        raise BadInput("counterpart", _("belongs to a pair"), _("write pair as the side, or leave it empty"))
    if first == other:
        raise BadInput("counterpart", _("is the number itself"), _("name the other number"))
    return Wanted(line.line, side, first, other, cell("note") or "")


def _entry(application: Application, one: Wanted, by: By, reason: str, now: datetime) -> BlacklistEntry:
    side, key, other_key = one.key()
    return BlacklistEntry(
        application=application, side=side, number=one.number, key=key, counterpart=one.other or None,
        counterpart_key=other_key, valid_from=now, made_by=by.name, reason=by.noted(one.note) or reason,
    )  # fmt: skip

"""Counting by the decisions that are kept: for any instant, for a Redis that is cold, and while there is none."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from common import prepared, sql, timeid
from privacy.control import judging
from privacy.control.rules import Parties, Ruleset, Window, milliseconds
from privacy.routing.facts import Block

# No decision takes longer from its check to its row.
IN_FLIGHT = timedelta(seconds=60)
LOCK = 0x7215  # the class of the advisory locks: with an application's id
FAR = timedelta(days=1)
MEMBER_LETTERS = 24

Counts = dict[str, dict[str, int]]


def member(text: str) -> str:
    """Return the short hash that stands for a call in the counts."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:MEMBER_LETTERS]


def counted(
    who: Parties, windows: Sequence[Window], at: datetime, *, before: bool = False, passes: bool = True
) -> Counts:
    """Return when each call was connected last, by kind, within the longest window of the kind.

    With `before` only earlier than `at`. With `passes` also what was let through a moment ago and has no row yet.
    """
    longest = longest_windows(windows)
    rows = prepared.execute(
        sql.load("privacy", "risk_connects"),
        {
            "application": who.application_id,
            "number": who.number_id,
            "caller": who.caller,
            "callee": who.callee,
            "kinds": list(longest),
            "since": [timeid.lower(at - timedelta(seconds=seconds)) for seconds in longest.values()],
            "until": timeid.lower(at if before else at + FAR),
            "passed": at - IN_FLIGHT if passes else at + FAR,
        },
    )
    found: Counts = {kind: {} for kind in longest}
    for kind, upstream_id, session_id, id, passed, passed_at in rows:
        name = passed if id is None else member(f"{upstream_id}:{session_id}")
        when = milliseconds(passed_at) if id is None else id.int >> 80
        found[kind][name] = max(when, found[kind].get(name, 0))
    return found


def longest_windows(windows: Sequence[Window]) -> Mapping[str, int]:
    """Return the seconds of the longest window of each kind."""
    longest: dict[str, int] = {}
    for window in windows:
        longest[window.kind] = max(window.seconds, longest.get(window.kind, 0))
    return longest


def judged(who: Parties, ruleset: Ruleset, at: datetime, name: str, **how: bool) -> Block | None:
    """Return what the windows say by the rows."""
    counts = counted(who, ruleset.windows, at, **how)
    found = judging.first_full(ruleset.windows, ruleset.pardons, counts, milliseconds(at), name)
    return judging.full(*found) if found else None


def take_back(who: Parties, name: str) -> None:
    """Forget that a call was let through without Redis."""
    prepared.execute(sql.load("privacy", "risk_take_back"), {"application": who.application_id, "member": name})


def check(who: Parties, ruleset: Ruleset, at: datetime, name: str) -> Block | None:
    """Judge a call and count it, one at a time for an application: its decision is written later by someone else, so
    what passed leaves a row of its own here."""
    with transaction.atomic():
        prepared.execute(sql.load("privacy", "risk_lock"), {"class": LOCK, "application": who.application_id})
        block = judged(who, ruleset, at, name)
        if block is None:
            found = {
                "application": who.application_id, "number": who.number_id, "caller": who.caller,
                "callee": who.callee, "member": name, "at": at, "old": at - FAR,
            }  # fmt: skip
            prepared.execute(sql.load("privacy", "risk_pass"), found)
    return block

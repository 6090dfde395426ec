"""May this call be put through? Asked of the rules as they are now, or as they were at an instant."""

from datetime import datetime

from privacy.control import counting, judging, rows, rules
from privacy.control.rules import Parties, Ruleset, milliseconds
from privacy.routing.facts import ApplicationFacts, Block


def member_of(upstream_id: int, session_id: str) -> str:
    """Return the name under which a call is counted: a session counts once in a window, however often it asks."""
    return f"{upstream_id}:{session_id}"


def check(
    application: ApplicationFacts, number_id: int, *, caller: str, callee: str, at: datetime, member: str
) -> Block | None:
    """Return what speaks against a call, or None: then it is counted in every window at once.

    `member` is `member_of` the call. Without a callee (mode X, before the customer is asked) the caller's rules, the
    X's and the hours are asked, and nothing is counted.
    """
    if not application.risk_control:
        return None
    who = rules.parties(application.id, number_id, caller, callee)
    ruleset = rules.holding(who, at)
    block = judging.uncounted(ruleset, application.time_zone, at)
    if block is not None or not ruleset.windows:
        return block
    return _counted(who, ruleset, at, rows.member(member))


def take_back(application: ApplicationFacts, number_id: int, *, caller: str, callee: str, member: str) -> None:
    """Count a call no more that passed and then could not be put through. Harmless twice, and for one not counted."""
    if application.risk_control:
        who, name = rules.parties(application.id, number_id, caller, callee), rows.member(member)
        counting.take_back(who, name)
        rows.take_back(who, name)


def would(
    application: ApplicationFacts, number_id: int, *, caller: str, callee: str, at: datetime, member: str = ""
) -> Block | None:
    """Return what `check` said, or would have said, at an instant: from rows, counting nothing.

    `application` as it was then. `member`: not to count an earlier question of the same session.
    """
    if not application.risk_control:
        return None
    who = rules.parties(application.id, number_id, caller, callee)
    return would_by_keys(who, application.time_zone, at, member)


def would_by_keys(who: Parties, zone: str, at: datetime, member: str = "") -> Block | None:
    """Return the same for parties known by their hashes only."""
    ruleset = rules.holding(who, at)
    block = judging.uncounted(ruleset, zone, at)
    if block is not None or not ruleset.windows:
        return block
    return rows.judged(who, ruleset, at, rows.member(member), before=True, passes=False)


def _counted(who: Parties, ruleset: Ruleset, at: datetime, name: str) -> Block | None:
    """Ask Redis, filling it from rows where it is cold; without it, the rows."""
    now, counts = milliseconds(at), bool(who.callee)
    try:
        found = counting.ask(who, ruleset, now, name, counts=counts)
        if found is False:
            filling = rows.counted(who, ruleset.windows, at)
            found = counting.ask(who, ruleset, now, name, counts=counts, rows=filling)
    except counting.Away:
        return rows.check(who, ruleset, at, name) if counts else rows.judged(who, ruleset, at, name)
    return None if isinstance(found, bool) else judging.full(*found)

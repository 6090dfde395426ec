"""What stands in the way of a bind: what has expired is ended, each batch on its own; else the problem is named.

The sweeper may be late: a bind that is lawful by the clock must not wait for it (design.md 2.1).
"""

from accounts.models import Application
from privacy.bindings import problems, statements
from privacy.bindings.ending import end_together
from privacy.bindings.plans import ROLES, Plan, seals
from privacy.models import Binding, Number

Kind, State = Binding.Kind, Number.State
FROZEN = (State.SUSPENDED, State.BINDING_FROZEN)


def end_of_application(application: Application) -> int:
    """End what has expired on an application's numbers; return how many ended."""
    return _end("expired_of_application", {"application": application.pk})


def end_of_party(application: Application, kind: Binding.Kind, a: str) -> int:
    """End what has expired of an A's five X; return how many ended."""
    return _end("expired_of_party", {"application": application.pk, "kind": kind.value, "seals": seals(a)})


def end_on_number(number_id: int, keys: list[bytes]) -> int:
    """End what has expired of the bindings that occupy these keys on a number; return how many ended."""
    return _end("expired_on_number", {"number": number_id, "keys": keys, "all": False})


def check_parties(made: Plan) -> None:
    """Raise OwnNumber when that is why a bind found no X; asked once, and of no bind that succeeds at the first try."""
    if not made.checked:
        made.checked = True
        check_real(**made.parties)


def check_real(**parties: str | None) -> None:
    """Raise OwnNumber when a party is one of the platform's own numbers."""
    named = {number: party for party, number in parties.items() if number}
    for row in statements.run("own_numbers", {"numbers": list(named)}) if named else ():
        raise problems.OwnNumber(named[row[0]])


def widen(made: Plan) -> int:
    """Let numbers that are full by a limit of before have the room of today's settings; return how many have more."""
    return len(statements.run("widen", made.values))


def clear_named(made: Plan) -> int:
    """End what has expired on a named X, or raise why it cannot be bound; return how many ended.

    Neither, and 0: nothing is wrong with X, or somebody was quicker.
    """
    number_id, role, used, taken = _named(made)
    a_key, wanted = made.values["a_key"], made.wanted
    full = used >= made.values["most"] or role not in ("", ROLES[made.kind])
    keys = [a_key, *wanted]
    if ended := _end("expired_on_number", {"number": number_id, "keys": keys, "all": full}):
        return ended
    if role not in ("", ROLES[made.kind]) or (made.loaded and used):
        raise problems.NumberTaken
    if a_key in taken or (made.kind == Kind.AXB and taken):
        raise problems.PartyBound
    if made.kind == Kind.AXE and (full or (wanted and set(wanted) <= set(taken))):
        raise problems.ExtensionTaken
    if full:
        raise problems.NumberFull
    return 0


def _named(made: Plan) -> tuple[int, str, int, list[bytes]]:
    parameters = {**made.values, "keys": [made.values["a_key"], *made.wanted]}
    rows = statements.run("number_named", parameters)
    if not rows:
        raise problems.NotYourNumber
    number_id, state, blacklisted, role, used, taken = rows[0]
    if blacklisted or state not in (State.NORMAL, *FROZEN):
        raise problems.NumberUnusable
    if state in FROZEN:
        raise problems.NumberFrozen
    return number_id, role, used, taken


def _end(name: str, parameters: dict[str, object]) -> int:
    ids = [row[0] for row in statements.run(name, parameters)]
    return end_together(ids) if ids else 0

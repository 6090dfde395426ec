"""The ended binding that a former caller means when he dials X during its cool-down (design.md 2.1)."""

from datetime import timedelta

from psycopg.types.numeric import Int8

from common import sql
from common.keyring import keyring
from common.prepared import execute
from privacy.bindings import keys
from privacy.deciding.bindings import opened
from privacy.routing.facts import BindingFacts, CallAsked, CallFacts


def binding_of(facts: CallFacts, asked: CallAsked) -> BindingFacts | None:
    """Return the binding whose end a caller is to hear of, as things stood at `facts.at`; None when there is none.

    It ended within the cool-down of X's application, whoever held X then; the caller was one of its parties, or called
    or was called through it; and X (in AXE the extension) is not its A's again. Whoever has a way of his own is no
    former caller.
    """
    number, application = facts.number, facts.application
    if number is None or application is None or facts.way in ("A", "B") or not application.cool_down_hours:
        return None
    values = {
        "number": Int8(number.id),
        "seals": keyring().seals(asked.caller.encode()),
        "key": keys.caller(asked.caller),
        # Whoever withholds his number is nobody that called before.
        "called": asked.caller.lstrip("+").isdecimal(),
        "extension": asked.digits or "-",
        "now_of": keyring().seals(facts.binding.a_number.encode()) if facts.binding is not None else [],
        "at": facts.at,
        "since": facts.at - timedelta(hours=application.cool_down_hours),
    }
    rows = execute(sql.load("privacy", "ended_binding"), values, binary=True)
    return opened(rows[0]) if rows else None

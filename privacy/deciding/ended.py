"""The ended binding that a former caller means when he dials X during its cool-down (design.md 2.1)."""

from datetime import timedelta

from common import sql
from common.keyring import keyring
from common.prepared import execute
from privacy.bindings import keys
from privacy.deciding.bindings import opened
from privacy.routing.facts import BindingFacts, CallAsked, CallFacts


def binding_of(facts: CallFacts, asked: CallAsked) -> BindingFacts | None:
    """Return the binding whose end a caller is to hear of, as things stood at `facts.at`; None when there is none.

    It ended within the cool-down of X's application, or of the one that held X then, if that is longer; the caller was
    one of its parties, or called or was called through it; and X (in AXE the extension) is not its A's again. Whoever
    has a way of his own is no former caller.
    """
    number, application = facts.number, facts.application
    if number is None or application is None or facts.way in ("A", "B"):
        return None
    values = {
        "x": number.number,
        "seals": keyring().seals(asked.caller.encode()),
        "spelled": [seal for text in _spellings(asked.caller) for seal in keyring().seals(text.encode())],
        "key": keys.caller(asked.caller),
        # Whoever withholds his number is nobody that called before.
        "called": asked.caller.lstrip("+").isdecimal(),
        "extension": asked.digits or "-",
        # Where no extension is dialled, whoever dialled one is a former caller all the same; in AXB he reaches nobody.
        "any_extension": application.mode not in ("AXB", "AXE"),
        "now_of": keyring().seals(facts.binding.a_number.encode()) if facts.binding is not None else [],
        "at": facts.at,
        "since": facts.at - timedelta(hours=application.cool_down_hours),
    }
    rows = execute(sql.load("privacy", "ended_binding"), values, binary=True)
    return opened(rows[0]) if rows else None


def _spellings(number: str) -> list[str]:
    """Return a number in its stored form and as CDRs of carriers write it: they are kept as they were sent."""
    if number.startswith("+86"):
        home = number[3:]
        return [number, home, f"0{home}", f"86{home}", f"0086{home}"]
    return [number, number[1:], f"00{number[1:]}"] if number.startswith("+") else [number]

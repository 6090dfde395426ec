"""The ended binding that a former caller means when he dials X during its cool-down (design.md 2.1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.numeric import Int8

from common import sql
from common.keyring import keyring
from common.prepared import execute
from common.timeid import lower
from privacy.bindings import keys
from privacy.deciding.bindings import COLUMNS, opened
from privacy.routing.facts import ApplicationFacts, BindingFacts, CallAsked, CallFacts, NumberFacts


@dataclass(frozen=True, slots=True)
class Ended:
    """A binding that is over, when it held, and whether the caller was one of its parties."""

    binding: BindingFacts
    valid_from: datetime
    valid_to: datetime
    party: bool


def binding_of(facts: CallFacts, asked: CallAsked) -> BindingFacts | None:
    """Return the binding whose end a caller is to hear of, as things stood at `facts.at`; None when there is none.

    It ended within the application's cool-down; the caller was one of its parties, or called or was called through it;
    and X (in AXE the extension) is not its A's again. A caller with a way of his own is no former caller.
    """
    number, application = facts.number, facts.application
    if number is None or application is None or facts.way in ("A", "B") or not application.cool_down_hours:
        return None
    now_of = facts.binding.a_number if facts.binding is not None else ""
    for one in _ended(facts, number, application, asked):
        if now_of != one.binding.a_number and (one.party or _called(one, number, application, asked.caller)):
            return one.binding
    return None


def _ended(facts: CallFacts, number: NumberFacts, application: ApplicationFacts, asked: CallAsked) -> list[Ended]:
    values: dict[str, Any] = {
        "number": Int8(number.id),
        "application": Int8(application.id),
        "seals": _seals(asked.caller),
        "at": facts.at,
        "since": facts.at - timedelta(hours=application.cool_down_hours),
        # Whoever withholds his number is nobody that called before.
        "called": asked.caller.lstrip("+").isdecimal(),
        "extension": asked.digits or "",
    }
    rows = execute(sql.load("privacy", "ended_bindings"), values, binary=True)
    return [Ended(opened(row[:COLUMNS]), *row[COLUMNS:]) for row in rows]


def _called(one: Ended, number: NumberFacts, application: ApplicationFacts, caller: str) -> bool:
    values: dict[str, Any] = {
        "application": Int8(application.id),
        "number": Int8(number.id),
        "key": keys.caller(caller),
        "seals": _seals(caller),
        "first": lower(one.valid_from),
        # The millisecond of the end included: an id knows no less.
        "last": lower(one.valid_to + timedelta(milliseconds=1)),
        "binding": one.binding.id,
        "subscription": one.binding.subscription_id,
    }
    ((called,),) = execute(sql.load("privacy", "called_through"), values, binary=True)
    return bool(called)


def _seals(number: str) -> list[bytes]:
    return keyring().seals(number.encode())

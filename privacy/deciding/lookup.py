"""What decides a call, read in one prepared statement (design.md 2.1, 2.2)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.conf import settings
from psycopg.types.numeric import Int4, Int8

from accounts.models import Upstream
from common import sql
from common.keyring import keyring
from common.prepared import execute
from common.sealed import open_text
from privacy.bindings import keys
from privacy.deciding import ended
from privacy.deciding.bindings import COLUMNS, opened
from privacy.deciding.questions import normalised
from privacy.routing.facts import ApplicationFacts, CallAsked, CallFacts, NumberFacts
from privacy.storing.sessions import session_key

# The columns of the statement.
ANSWER, NUMBER, APPLICATION, ROLE = 1, slice(2, 8), slice(8, 25), 25
WAY, CALLEE, CALLEE_USER_DATA, LAST_CALLER, BINDS_EXTENSION, NEAR = 27, 28, 29, 30, 31, 32
BINDING, OTHER = slice(33, 33 + COLUMNS), 33 + COLUMNS


@dataclass(frozen=True, slots=True)
class Found:
    """The facts, and the sealed answer to the same question when it was given just before."""

    facts: CallFacts
    answer: bytes | None


def call_facts(upstream: Upstream, asked: CallAsked, *, app_key: str = "") -> CallFacts:
    """Return all that decides a call that an upstream asks about, by the database's clock.

    `app_key`: the upstream's own name of one application, when it signed with that; others' numbers are unknown to it
    then. Numbers may be written in any way. Raises BadInput.
    """
    return find(upstream, normalised(asked), app_key=app_key).facts


def find(upstream: Upstream, asked: CallAsked, *, app_key: str = "", asked_key: bytes = b"") -> Found:
    """Return the facts of a question in its stored form, and the answer already given to it (by its `asked_key`)."""
    seals = keyring().seals(asked.caller.encode())
    values = {
        "upstream": Int8(upstream.pk),
        "app_key": app_key,
        "session": session_key(asked.session_id),
        "asked": asked_key,
        "repeat_seconds": Int4(settings.MASKLINE["repeat_seconds"]),
        "x": asked.x,
        "caller": keys.caller(asked.caller),
        "anyone": keys.anyone(),
        "extension": keys.extension(asked.digits) if asked.digits else None,
        "seals": seals,
    }
    (row,) = execute(_statement(), values, binary=True)
    answer = None if row[ANSWER] is None else bytes(row[ANSWER])
    facts = _facts(row)
    # Who dials a Y that is not his A's may be its own B: rare, so it is no part of every look-up.
    if facts.application is not None and facts.application.mode == "AXYB" and facts.way is None and row[ROLE] == "Y":
        facts = replace(facts, own_y=_own_y(facts, seals))
    if row[NEAR] and answer is None:
        facts = replace(facts, ended=ended.binding_of(facts, asked))
    return Found(facts, answer)


@cache
def _statement() -> str:
    """Return the statement with few blanks: the driver reads what is longer than 4,096 characters anew each time."""
    return " ".join(sql.load("privacy", "call_facts").split()).replace(", ", ",")


def _facts(row: Sequence[Any]) -> CallFacts:
    at = row[0]
    if row[NUMBER.start] is None:
        return CallFacts(at, None, None)
    binding = None if row[BINDING.start] is None else opened(row[BINDING])
    other = None if row[OTHER] is None else opened(row[OTHER])
    callee = None if row[CALLEE] is None else (open_text(row[CALLEE]), _open(row[CALLEE_USER_DATA]))
    return CallFacts(
        at=at,
        number=NumberFacts(*row[NUMBER]),
        application=ApplicationFacts(*row[APPLICATION]),
        way=row[WAY],
        binding=binding,
        parent=other if binding is not None and binding.kind == "YB" else None,
        yb=other if binding is not None and binding.kind != "YB" else None,
        temporary_callee=callee,
        last_caller=_open(row[LAST_CALLER]) or "",
        binds_extension=row[BINDS_EXTENSION],
    )


def _open(sealed: Any) -> str | None:
    return None if sealed is None else open_text(sealed)


def _own_y(facts: CallFacts, seals: list[bytes]) -> bool:
    assert facts.number is not None
    values = {"seals": seals, "number": Int8(facts.number.id), "at": facts.at}
    ((own,),) = execute(sql.load("privacy", "own_y"), values, binary=True)
    return bool(own)

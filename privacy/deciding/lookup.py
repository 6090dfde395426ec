"""What decides a call, read in one prepared statement, and what a mode needs beside (design.md 2.1, 2.2)."""

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
from privacy.bindings import keys
from privacy.deciding import ended
from privacy.deciding.attached import with_attached
from privacy.deciding.bindings import COLUMNS, opened
from privacy.deciding.questions import normalised
from privacy.routing.facts import ApplicationFacts, CallAsked, CallFacts, NumberFacts
from privacy.storing.sessions import session_key

# The columns of the statement.
ANSWER, NUMBER, APPLICATION, ROLE = 1, slice(2, 8), slice(8, 25), 25
WAY, NEAR, BINDING = 26, 27, slice(28, 28 + COLUMNS)


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
        "every_account": upstream.every_account,
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
    facts = _facts(row)
    if app_key and facts.application is not None and not _names(upstream, app_key, facts.application.id):
        facts = CallFacts(facts.at, None, None)
    if row[ANSWER] is not None:
        return Found(facts, bytes(row[ANSWER]))
    facts = with_attached(facts, asked, seals, dials_y=row[ROLE] == "Y")
    return Found(replace(facts, ended=ended.binding_of(facts, asked)) if row[NEAR] else facts, None)


@cache
def _statement() -> str:
    """Return the statement with few blanks: the driver reads what is longer than 4,096 characters anew each time."""
    return " ".join(sql.load("privacy", "call_facts").split()).replace(", ", ",")


def _facts(row: Sequence[Any]) -> CallFacts:
    if row[NUMBER.start] is None:
        return CallFacts(row[0], None, None)
    return CallFacts(
        at=row[0],
        number=NumberFacts(*row[NUMBER]),
        application=ApplicationFacts(*row[APPLICATION]),
        way=row[WAY],
        binding=None if row[BINDING.start] is None else opened(row[BINDING]),
    )


def _names(upstream: Upstream, app_key: str, application_id: int) -> bool:
    values = {"upstream": Int8(upstream.pk), "app_key": app_key}
    return (application_id,) in execute(sql.load("privacy", "named_application"), values, binary=True)

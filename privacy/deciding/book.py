"""What the switch was told, kept: with the session, as a row of its own, and for A to call back (design.md 2.2)."""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from psycopg.types.numeric import Int4, Int8

from accounts.lookup import hasher
from common import partitions, sql
from common.faults import fault_point
from common.keyring import keyring
from common.phone import seal_number
from common.prepared import execute
from common.timeid import time_id
from privacy.bindings import keys
from privacy.models import RoutingDecision
from privacy.routing.axe import leaves_callback
from privacy.routing.facts import CallAsked, CallDecision, CallFacts, Outcome
from privacy.storing.sessions import session_key

_UUIDS = ("binding_id", "ended_binding_id")
_ASKED = [field.name for field in fields(CallAsked)]
_DEFAULTS = {field.name: field.default for field in fields(CallDecision)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision as it is kept: what was asked, by the database's clock when, and what was answered."""

    asked: CallAsked
    at: datetime
    answer: CallDecision


def question_key(asked: CallAsked, app_key: str) -> bytes:
    """Return what a repeated question of a session is known by: a keyed hash, for it is made of real numbers."""
    return hasher()("call asked|" + orjson.dumps([asked.x, asked.caller, asked.digits, app_key]).decode())


def opened(sealed: bytes) -> Entry:
    """Return what a session or a routing decision of a call keeps, from its bytes in the database. Raises WrongKey."""
    return read(keyring().open_body(sealed))


def read(detail: bytes) -> Entry:
    """Return what a session or a routing decision of a call keeps, from what the model gives (`detail`, `decision`)."""
    kept = orjson.loads(detail)
    answer = {name: value for name, value in kept["answer"].items() if name in _DEFAULTS}
    answer |= {name: UUID(answer[name]) for name in _UUIDS if answer.get(name)}
    told = CallDecision(**{**answer, "outcome": Outcome(answer["outcome"])})
    return Entry(CallAsked(**kept["asked"]), datetime.fromisoformat(kept["at"]), told)


def write(
    upstream_id: int, asked: CallAsked, facts: CallFacts, decision: CallDecision, *, app_key: str = ""
) -> CallDecision:
    """Keep an answer and return it, or the one that a twin of the question got just before. One statement."""
    partitions.ensure(RoutingDecision, RoutingDecision.partition_interval, [facts.at])
    values = _values(upstream_id, asked, facts, decision, question_key(asked, app_key))
    fault_point("decision.before_write")
    ((answer, mine),) = execute(_statement(leaves_callback(asked, decision)), values, binary=True)
    fault_point("decision.after_write")
    return decision if mine else opened(bytes(answer)).answer


@cache
def _statement(calls_back: bool) -> str:
    """Return the statement that keeps a decision; what it does not write costs it nothing."""
    names = ("keep_decision", "keep_caller", "kept_answer") if calls_back else ("keep_decision", "kept_answer")
    return "\n".join(sql.load("privacy", name) for name in names)


def _values(
    upstream_id: int, asked: CallAsked, facts: CallFacts, decision: CallDecision, asked_key: bytes
) -> dict[str, Any]:
    application, binding = facts.application, facts.binding
    callee = decision.callee or decision.stopped_callee
    return {
        "id": time_id(facts.at, "call decision", upstream_id, asked.session_id, asked_key),
        "upstream": Int8(upstream_id),
        "session": asked.session_id,
        "session_key": session_key(asked.session_id),
        "account": application and Int8(application.account_id),
        "application": application and Int8(application.id),
        "number": facts.number and Int8(facts.number.id),
        # Only of a call that goes through: a binding with a call of its own is shown as in use.
        "subscription": decision.subscription_id if decision.outcome is Outcome.CONNECT else "",
        "binding": decision.binding_id,
        "ended_binding": decision.ended_binding_id,
        "outcome": decision.outcome.value,
        "code": Int4(decision.code),
        "rule": decision.rule,
        "caller_key": keys.caller(asked.caller),
        "callee_key": keys.caller(callee) if callee else None,
        "answer": keyring().seal_body(_detail(Entry(asked, facts.at, decision))),
        "asked": asked_key,
        "at": facts.at,
        "repeat_seconds": Int4(settings.MASKLINE["repeat_seconds"]),
        "called_back": seal_number(asked.caller),
        "callback_minutes": Int4((binding.callback_minutes or 0) if binding else 0),
    }


def _detail(entry: Entry) -> bytes:
    asked = {name: getattr(entry.asked, name) for name in _ASKED}
    told = {name: value for name, usual in _DEFAULTS.items() if (value := getattr(entry.answer, name)) != usual}
    return orjson.dumps({"asked": asked, "at": entry.at.isoformat(), "answer": told})

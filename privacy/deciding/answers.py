"""What the switch was told about an SMS, kept a day: the same question gets the same answer (pushes.md 4).

The question is claimed before anything is decided, so that of two at once one decides, and a customer is asked once.
Kept are no texts: an answer says how much of the text asked about goes on, and what is put behind it.
"""

import hashlib
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import DatabaseError
from psycopg.types.numeric import Int4, Int8

from accounts import lookup
from accounts.models import Upstream
from common import partitions, sql, timeid
from common.errors import BadInput, Conflict, NotReady
from common.keyring import keyring
from common.prepared import execute, first
from privacy.bindings import keys
from privacy.models import RoutingDecision
from privacy.routing.facts import MessageAsked, MessageDecision, MessageFacts, Outcome

# How long a second one waits for the first's answer; an SMS that the customer is asked about takes longer.
PAUSES = (0.02, 0.05, 0.1, 0.2, 0.2)
# Whoever has not answered for that long after the customer's deadline is dead.
STALE_AFTER_SECONDS = 10
_UUIDS = ("binding_id", "ended_binding_id")


class OtherContent(Conflict, BadInput):
    """The SMS id was asked about before, with another X, sender or text."""

    def __init__(self) -> None:
        super().__init__(
            "sms_id",
            "was used for another SMS",
            "send each SMS under an id of its own, and the same one again unchanged",
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One SMS of one upstream: by what it is known, and what was asked."""

    upstream_id: int
    key: bytes
    digest: bytes
    asked: MessageAsked


def question(upstream: Upstream, asked: MessageAsked, *, app_key: str = "") -> Question:
    """Return the question of an upstream about an SMS in its normal form.

    Whoever signs with an app_key of his own has ids of his own: he is told no answer that was given to another.
    """
    # An SMS id has no NUL character.
    named = f"{asked.sms_id}\0{app_key}" if app_key else asked.sms_id
    key = hashlib.sha256(named.encode()).digest()[:16]
    # Keyed: texts are short, and could be guessed from their bare hash.
    content = orjson.dumps([asked.x, asked.sender, asked.text]).decode()
    return Question(upstream.pk, key, lookup.hasher()(f"sms asked|{content}"), asked)


def claim(question: Question) -> MessageDecision | None:
    """Return the answer that was given, or None: then the caller is the one to decide.

    Raises OtherContent, and NotReady while another is deciding.
    """
    stale = Int4(settings.MASKLINE["ask_sms_seconds"] + STALE_AFTER_SECONDS)
    values = {**_named(question), "stale_seconds": stale}
    for pause in (*PAUSES, 0):
        for mine, digest, answer in first(sql.load("privacy", "claim_message"), values):
            if mine:
                return None
            if bytes(digest) != question.digest:
                raise OtherContent
            if answer is not None:
                return _read(bytes(answer), question.asked)
        time.sleep(pause)
    raise NotReady("another request about this SMS is being answered")


def keep(question: Question, decision: MessageDecision, facts: MessageFacts) -> MessageDecision:
    """Keep an answer and the row of its decision; return the answer that counts: another's, if it came first."""
    partitions.ensure(RoutingDecision, RoutingDecision.partition_interval, [facts.at])
    values = {**_named(question), **_row(question, decision, facts)}
    if execute(sql.load("privacy", "keep_message_answer"), values):
        return decision
    return claim(question) or decision


def release(question: Question) -> None:
    """Let the next one decide. What cannot be given back is when it is stale."""
    with suppress(DatabaseError):
        execute(sql.load("privacy", "release_message"), _named(question))


def _named(question: Question) -> dict[str, Any]:
    return {"upstream": Int8(question.upstream_id), "key": question.key, "asked": question.digest}


def _row(question: Question, decision: MessageDecision, facts: MessageFacts) -> dict[str, Any]:
    asked, application = question.asked, facts.application
    told = _answer(decision, asked)
    named = {"sms_id": asked.sms_id, "x": asked.x, "sender": asked.sender}
    detail: dict[str, Any] = {"asked": named, "at": facts.at.isoformat(), "answer": told}
    if application is not None and application.keep_sms_content:
        detail["asked"]["text"] = asked.text
    return {
        "id": timeid.time_id(facts.at, "message decision", question.upstream_id, question.key),
        "account": application and Int8(application.account_id),
        "application": application and Int8(application.id),
        "number": facts.number and Int8(facts.number.id),
        "sms_id": asked.sms_id,
        "binding": decision.binding_id,
        "outcome": decision.outcome.value,
        "code": Int4(decision.code),
        "rule": decision.rule,
        "caller_key": keys.caller(asked.sender),
        "callee_key": keys.caller(decision.receiver) if decision.receiver else None,
        "ended_binding": decision.ended_binding_id,
        "answer": keyring().seal_body(orjson.dumps(told)),
        "detail": keyring().seal_body(orjson.dumps(detail)),
    }


def _answer(decision: MessageDecision, asked: MessageAsked) -> dict[str, Any]:
    """Return an answer as it is kept. `text` is how much of the text goes on, and what is put behind it."""
    whole = decision.text.startswith(asked.text)
    taken = len(asked.text) if whole else len(decision.text)
    assert decision.text[:taken] == asked.text[:taken]
    return {**asdict(decision), "text": [taken, decision.text[taken:]]} if decision.text else asdict(decision)


def _read(answer: bytes, asked: MessageAsked) -> MessageDecision:
    """Return an answer as it was told."""
    kept = orjson.loads(keyring().open_body(answer))
    taken, behind = kept["text"] or (0, "")
    kept |= {"outcome": Outcome(kept["outcome"]), "text": asked.text[:taken] + behind}
    kept |= {name: UUID(kept[name]) for name in _UUIDS if kept[name]}
    return MessageDecision(**kept)

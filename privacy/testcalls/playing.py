"""Playing a test: its row, in X mode the question to the customer's server, and then its pushes, all at once.

A repeat under the same key finds the row. One that was cut short before its pushes were queued is finished by it.
"""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import Application
from common.errors import BadInput
from common.phone import mask
from common.timeid import time_id
from notifications import asking, outbox
from notifications.asking import Question, Understood
from notifications.models import Push
from notifications.outbox import DuePush
from privacy import voices
from privacy.models import TestCall
from privacy.routing.facts import CallReply
from privacy.storing.pushes import own_order
from privacy.testcalls.bodies import Body, bodies
from privacy.testcalls.wanted import CALL, CALLER, SCENARIOS, TEST_NUMBER, Wanted, X, check
from privacy.wire import control

CLOSED, UNUSABLE, NO_VOICE, NO_ANSWER = 8017, 8014, 8006, 8020
SILENT = "silent"


def play(application: Application, wanted: Wanted, *, key: str, asked_by: str, now: datetime) -> TestCall:
    """Play a test and return it; the same key again returns what was played. Raises BadInput naming the field.

    Call it outside a transaction: in X mode the customer's server is asked, and nothing is held while it thinks.
    """
    check(application, wanted)
    call = _claim(application, wanted, key, asked_by, now)
    if call.pushes:
        return call
    reply = _ask(application, wanted, call, now) if _asks(application, wanted) else None
    return _queue(application, wanted, call, reply, now)


def cause_of(call: TestCall) -> UUID:
    """Return the cause of a test's pushes: they and their attempts are found by it."""
    return time_id(call.asked_at, "test call", call.session_id)


def _claim(application: Application, wanted: Wanted, key: str, asked_by: str, now: datetime) -> TestCall:
    """Return the row of a test, made unless the key has one. Raises BadInput when it was used for another."""
    digest = hashlib.sha256(key.encode()).digest() if key else None
    row = TestCall(
        account_id=application.account_id,
        application=application,
        scenario=wanted.scenario,
        session_id=f"test-{wanted.digest()}-{secrets.token_hex(8)}",
        asked_by=asked_by[:150],
        key=digest,
        asked_at=now,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
        return row
    except IntegrityError:
        if digest is None:
            raise
    known = TestCall.objects.get(application=application, key=digest)
    if f"-{wanted.digest()}-" not in known.session_id:
        raise BadInput("Idempotency-Key", "was used with another request")
    return known


def _asks(application: Application, wanted: Wanted) -> bool:
    url = application.callin_url or application.call_status_url
    return application.mode == X and SCENARIOS[wanted.scenario].kind == CALL and bool(url)


def _ask(application: Application, wanted: Wanted, call: TestCall, now: datetime) -> CallReply:
    """Ask the customer's server, as for a real call in X mode, and return what it said."""
    question = Question(
        application=application,
        url=str(application.callin_url or application.call_status_url),
        kind=Push.Kind.EVENT,
        session_id=call.session_id,
        body=control.callin(call.session_id, now, wanted.caller or CALLER, wanted.x or TEST_NUMBER),
        at=now,
        seconds=float(settings.MASKLINE["ask_call_seconds"]),
    )

    def understand(body: bytes) -> Understood[CallReply]:
        reply = control.read_call_reply(body)
        return Understood(reply, f"The answer cannot be used: {reply.problem}." if reply.problem else "")

    return asking.ask(question, understand) or CallReply(problem=SILENT)


def _queue(
    application: Application, wanted: Wanted, call: TestCall, reply: CallReply | None, now: datetime
) -> TestCall:
    """Queue the pushes of a test, once, and note them on its row."""
    with transaction.atomic():
        row = TestCall.objects.select_for_update().get(pk=call.pk)
        if row.pushes:
            return row
        code = _code(application, reply)
        due = list(_due(application, row, bodies(application, wanted, row, reply=reply, code=code, now=now)))
        outbox.enqueue(due)
        row.pushes = len(due)
        row.answer = _shown(reply, code) if reply else None
        row.save(update_fields=["pushes", "answer"])
        return row


def _due(application: Application, call: TestCall, made: Iterator[Body]) -> Iterator[DuePush]:
    cause = cause_of(call)
    for sequence, body in enumerate(made, start=1):
        url = getattr(application, body.url_field)
        if url:
            yield DuePush(
                application.pk, application.account_id, url, body.kind, cause, own_order(cause.int), sequence,
                call.asked_at, body.content, variant=sequence,
            )  # fmt: skip


def _code(application: Application, reply: CallReply | None) -> int:
    """Return with which stateCode the customer's answer ends the call, 0 when it connects (pushes.md 2.2)."""
    if reply is None:
        return 0
    if reply.problem:
        return NO_ANSWER if reply.problem == SILENT else UNUSABLE
    names = [n for n in (reply.waiting_voice, reply.record_voice, reply.last_minute_voice, reply.closing_voice) if n]
    if set(names) - set(voices.approved(application.account_id, names)):
        return NO_VOICE
    return CLOSED if reply.operation == control.CLOSE else 0


def _shown(reply: CallReply, code: int) -> dict[str, object]:
    """Return what is kept of the customer's answer: no number in full."""
    said = {"operation": reply.operation, "problem": reply.problem, "state_code": code}
    return said | {"callee": mask(reply.callee) if reply.callee else "", "max_minutes": reply.max_minutes}

"""Playing a test: its row, in X mode the question to the customer's server, and then its pushes, all at once.

A repeat under the same key finds the row. One that was cut short before its pushes were queued is finished by it.
"""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import Application
from common.errors import BadInput
from common.timeid import time_id
from notifications import outbox
from notifications.outbox import DuePush
from privacy.deciding import turns
from privacy.models import TestCall
from privacy.routing.facts import CallReply
from privacy.storing.pushes import own_order
from privacy.testcalls import asked
from privacy.testcalls.bodies import Body, bodies
from privacy.testcalls.wanted import Wanted, check


def play(application: Application, wanted: Wanted, *, key: str, asked_by: str, now: datetime) -> TestCall:
    """Play a test and return it; the same key again returns what was played.

    Call it outside a transaction: in X mode the customer's server is asked, and nothing is held while it thinks. Two
    at once under one key ask once. Raises BadInput naming the field, and NotReady when too many wait for an answer.
    """
    check(application, wanted)
    call = _claim(application, wanted, key, asked_by, now)
    if call.pushes:
        return call
    if not asked.asks(application, wanted):
        return _queue(application, wanted, call, None, 0, now)
    turn = f"testing:{call.session_id}"
    if turns.take(turn, lambda: b"played" if TestCall.objects.filter(pk=call.pk, pushes__gt=0).exists() else None):
        return TestCall.objects.get(pk=call.pk)
    try:
        return _queue(application, wanted, call, *asked.ask(application, wanted, call, now), now)
    finally:
        turns.give_back(turn)


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


def _queue(
    application: Application, wanted: Wanted, call: TestCall, reply: CallReply | None, code: int, now: datetime
) -> TestCall:
    """Queue the pushes of a test, once, and note them on its row."""
    with transaction.atomic():
        row = TestCall.objects.select_for_update().get(pk=call.pk)
        if row.pushes:
            return row
        due = list(_due(application, row, bodies(application, wanted, row, reply=reply, code=code, now=now)))
        outbox.enqueue(due)
        row.pushes = len(due)
        row.answer = asked.shown(reply, code) if reply else None
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

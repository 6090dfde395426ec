"""Asking a customer's server what to do, now, while a caller or a sender waits (pushes.md 2 and 4).

One attempt, within a deadline, recorded whatever becomes of it. Nothing of the database is held while waiting. Who may
be asked at all is decided by the turnstile of this process.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_noop

from accounts import app_secrets
from accounts.models import Application
from common.timeid import time_id
from notifications import attempts, outbox, sending, signing
from notifications.attempts import Made
from notifications.breaker import TOO_MANY, NoPlace, Place, Turnstile
from notifications.models import Attempt
from notifications.sending import Sent

T = TypeVar("T")
Result = Attempt.Result
OK = 200
SERVER_ERRORS = 500
NOT_200 = gettext_noop("The server answered, but not with HTTP 200.")
REDIRECTED = gettext_noop("The server answered with a redirect, which is never followed.")
TOO_LONG = gettext_noop("The answer is longer than 16 KiB.")
_turnstile = Turnstile()
# How many threads of this process wait for what others ask.
_room, _waiters = threading.Lock(), [0]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of whom. `body` is sent byte for byte; `session_id` finds the attempt again (SMS id of an SMS)."""

    application: Application
    url: str
    kind: str
    session_id: str
    body: bytes
    at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Understood(Generic[T]):
    """What an answer means; `reason`: why it cannot be used, in words without what it said."""

    meaning: T
    reason: str = ""


def ask(question: Question, understand: Callable[[bytes], Understood[T]]) -> T | None:
    """Ask and return what the answer means, understood by `understand`; None when no HTTP 200 came in time.

    Writes the attempt in every case. Raises DatabaseError when the database is away.
    """
    application = question.application
    endpoint_id = outbox.endpoint_id(application.pk, application.account_id, question.url)
    made = _made(question, endpoint_id)
    began = time.monotonic()
    try:
        place = _turnstile.enter(application.pk, endpoint_id, began, most_at_once())
    except NoPlace as refused:
        attempts.keep(replace(made, result=Result.NOT_ASKED, reason=str(refused)))
        return None
    sent = _send(question, made.push_id, place)
    made = replace(made, http_status=sent.status, duration_us=sent.duration_us, answer=sent.answer)
    result, reason = _result(sent)
    understood = None
    if result == Result.DELIVERED:
        understood = understand(b"" if sent.cut else sent.answer)
        reason = reason or understood.reason
        result = Result.BAD_ANSWER if reason else Result.DELIVERED
    attempts.keep(replace(made, result=result, reason=reason))
    return understood.meaning if understood else None


def most_at_once() -> int:
    """Return how many questions of this process may wait: half of its threads."""
    return max(1, int(settings.MASKLINE["web_threads"]) // 2)


@contextmanager
def waiting_room() -> Iterator[None]:
    """Let this thread wait for another one's question. Raises NoPlace when one less than may ask do already."""
    with _room:
        if _waiters[0] >= max(1, most_at_once() - 1):
            raise NoPlace(TOO_MANY)
        _waiters[0] += 1
    try:
        yield
    finally:
        with _room:
            _waiters[0] -= 1


def forget_failures() -> None:
    """Ask every server again, whatever it did before."""
    _turnstile.forget()


def _made(question: Question, endpoint_id: int) -> Made:
    application = question.application
    id = time_id(question.at, "question", application.pk, question.session_id, uuid4().bytes)
    return Made(
        push_id=id,
        endpoint_id=endpoint_id,
        account_id=application.account_id,
        application_id=application.pk,
        kind=question.kind,
        cause_id=id,
        at=question.at,
        result=Result.NOT_ASKED,
        session_id=question.session_id,
        question=True,
        body=question.body,
    )


def _send(question: Question, id: UUID, place: Place) -> Sent:
    """Send the question on this process's loop, its place given back in any case."""
    missed = True
    try:
        headers = _headers(question.application, id, question.at, question.body)
        if not connection.in_atomic_block:
            connection.close()
        sent = sending.send_and_wait(question.url, headers, question.body, total=question.seconds)
        missed = bool(sent.problem) or (sent.status or 0) >= SERVER_ERRORS
        return sent
    finally:
        _turnstile.leave(place, time.monotonic(), missed=missed)


def _headers(application: Application, id: UUID, at: datetime, body: bytes) -> dict[str, str]:
    valid = app_secrets.valid(application, at)
    vendor = signing.vendor_headers(
        application.app_key, valid[0], nonce=secrets.token_hex(16), at=at, wsse=application.wsse_pushes
    )
    return vendor | signing.webhook_headers(f"msg_{id.hex}", at, body, [signing.webhook_key(s) for s in valid])


def _result(sent: Sent) -> tuple[str, str]:
    if sent.problem:
        return sent.problem, sent.reason
    if sent.status != OK:
        redirect = sent.status is not None and 300 <= sent.status < 400
        return Result.REFUSED, REDIRECTED if redirect else NOT_200
    return Result.DELIVERED, TOO_LONG if sent.cut else ""

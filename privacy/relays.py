"""Questions of an upstream platform: a Block callin or SMS that arrives is asked on, and answered as the customer does.

The customer gets the platform's own body, with his app_key in it and signed by us; he answers with the voice files and
numbers he knows there, so they are passed on as they are. Each question is asked once: repeated, it is answered the
same, also while the first is still waiting. The answers are kept as those to the switch (`MessageAnswer`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection

from accounts import lookup
from accounts.models import Application, Upstream
from common.errors import NotReady
from common.prepared import execute
from common.sql import load
from notifications import asking
from notifications.asking import Question, Understood
from notifications.breaker import NoPlace
from notifications.models import Push
from privacy import asking as privacy_asking
from privacy.models import MessageAnswer
from privacy.models.arrivals import Kind
from privacy.storing.candidates import Candidate
from privacy.storing.directory import Loader
from privacy.storing.examining import examine
from privacy.wire import EventFacts, Item, MessageFacts, control
from privacy.wire import pushes as bodies

BLOCK = "block"
CALLIN = "callin"
KEY_BYTES = 16
LOOK_SECONDS = 0.2
# Beyond the deadline an asker is taken for dead.
GRACE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as it goes to the customer, and how his answer is passed on."""

    application: Application
    url: str
    kind: str
    session_id: str
    body: bytes
    seconds: float
    understand: Callable[[bytes], Understood[bytes | None]]


def question(items: Sequence[Item]) -> Item | None:
    """Return the one item of a request when it is a question, else None."""
    if len(items) != 1 or items[0].problem is not None:
        return None
    facts = items[0].facts
    if isinstance(facts, EventFacts):
        asks = facts.event_type == CALLIN and facts.notify_mode.lower() == BLOCK
    else:
        asks = isinstance(facts, MessageFacts) and facts.notification_mode.lower() == BLOCK
    return items[0] if asks else None


def answer(item: Item, *, upstream: Upstream, signed_app_key: str, now: datetime) -> bytes:
    """Return the answer to a platform's question, the same for the same question (pushes.md 2.1, 4.3).

    Whoever cannot be asked, or does not answer well in time, ends the call with the application's abnormal voice, or
    drops the SMS. Call it after the item was stored.
    """
    examined = examine(
        [item],
        upstream=upstream,
        loader=Loader(upstream),
        signed=signed_app_key,
        keyed=lookup.hasher(),
        now=now,
    )
    found = [*examined.candidates[Kind.EVENT], *examined.candidates[Kind.SMS]]
    if not found:
        return _no(item, None)
    return _once(found[0], upstream, now)


def _once(candidate: Candidate, upstream: Upstream, now: datetime) -> bytes:
    """Return the answer kept for the question; ask when there is none, and nobody is asking."""
    application = Application.objects.get(pk=candidate.owner.application.id)
    asked = _asked(candidate, application)
    key = sha256(b"relayed|%d|" % candidate.item.kind + candidate.key).digest()[:KEY_BYTES]
    if not _claim(upstream, key, candidate.fingerprint, now, asked.seconds):
        told = _of_another(upstream, key, candidate, asked, now)
        if told is not None:
            return told
    told = _ask(asked, upstream, now) or _no(candidate.item, application)
    MessageAnswer.objects.filter(upstream=upstream, key=key).update(answer=told)
    return told


def _of_another(upstream: Upstream, key: bytes, candidate: Candidate, asked: _Asked, now: datetime) -> bytes | None:
    """Return what the one who asks is told, or told already; None when he died and it is this one's turn.

    Raises NotReady when too many wait already.
    """
    kept = MessageAnswer.objects.filter(upstream=upstream, key=key)
    deadline, began = time.monotonic() + asked.seconds, now
    try:
        with asking.waiting_room():
            while (told := kept.values_list("answer", flat=True).first()) is None:
                if time.monotonic() >= deadline:
                    return _no(candidate.item, asked.application)
                if not connection.in_atomic_block:
                    connection.close()
                time.sleep(LOOK_SECONDS)
                began += timedelta(seconds=LOOK_SECONDS)
                if _claim(upstream, key, candidate.fingerprint, began, asked.seconds):
                    return None
            return bytes(told)
    except NoPlace as full:
        raise NotReady(str(full)) from None


def _ask(asked: _Asked, upstream: Upstream, now: datetime) -> bytes | None:
    if not asked.url:
        return None
    if asked.kind == Push.Kind.EVENT:
        privacy_asking.remember(upstream, asked.session_id)
    sent = Question(asked.application, asked.url, asked.kind, asked.session_id, asked.body, now, asked.seconds)
    return asking.ask(sent, asked.understand)


def _claim(upstream: Upstream, key: bytes, fingerprint: bytes, now: datetime, seconds: float) -> bool:
    values: dict[str, Any] = {
        "upstream": upstream.pk,
        "key": key,
        "asked": fingerprint[:KEY_BYTES],
        "now": now,
        "given_up": now - timedelta(seconds=seconds) - GRACE,
    }
    return bool(execute(load("privacy", "claim_relayed_answer"), values))


def _asked(candidate: Candidate, application: Application) -> _Asked:
    item, facts = candidate.item, candidate.facts
    if item.kind == Kind.EVENT:
        url, kind, session_id = application.callin_url or application.call_status_url, Push.Kind.EVENT, facts.session_id
        body = bodies.event(item, CALLIN)
        seconds, understand = settings.MASKLINE["ask_call_seconds"], _call_answer
    else:
        url, kind, session_id = application.sms_control_url, Push.Kind.SMS, facts.sms_id
        body = bodies.message(item, application.app_key, with_content=application.keep_sms_content)
        sender = facts.calling_number
        seconds, understand = settings.MASKLINE["ask_sms_seconds"], lambda said: _message_answer(said, sender)
    return _Asked(application, url or "", kind, session_id, body, seconds, understand)


def _call_answer(said: bytes) -> Understood[bytes | None]:
    problem = control.read_call_reply(said).problem
    reason = privacy_asking.REASONS.get(problem, "")
    return Understood(None if problem else control.relayed_call_reply(said), reason)


def _message_answer(said: bytes, sender: str) -> Understood[bytes | None]:
    reply = privacy_asking.message_reply(said, sender)
    return Understood(None if reply.reason else control.relayed_message_reply(said), reply.reason)


def _no(item: Item, application: Application | None) -> bytes:
    """Return the answer that ends a call or drops an SMS."""
    if item.kind == Kind.EVENT:
        return control.close((application.abnormal_voice if application else None) or "")
    return control.discard()

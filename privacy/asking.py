"""Asking the customer where a call or an SMS goes: X mode and Block SMS (pushes.md 2 and 4).

The question is the callin push: one attempt, recorded. Whatever comes back, or nothing, is a reply that says so; what
it means for the call or the SMS is decided by `privacy.routing`. Nothing of the database is held while waiting.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.utils.translation import gettext_noop

from accounts.models import Application, Upstream
from common import marks
from common.timeid import lower
from notifications import asking
from notifications.asking import Question, Understood
from notifications.models import Push
from privacy import voices
from privacy.models import Holding
from privacy.parts import parts
from privacy.routing.facts import CallAsked, CallFacts, CallReply, MessageAsked, MessageFacts, MessageReply
from privacy.storing import bulk
from privacy.wire import control
from privacy.wire.control import MessageQuestion

SILENT = "silent"
REASONS = {
    control.UNREADABLE: gettext_noop("The answer is none of the documented ones."),
    control.CALLEE: gettext_noop("The answer names a number that cannot be called."),
    control.SENDER: gettext_noop("The answer names another sender than the question."),
    control.USER_DATA: gettext_noop("The answer's userData holds braces, Chinese or other signs that are not allowed."),
}
VOICES = gettext_noop("The answer names a voice file that does not exist or is not approved.")
REMEMBER_SECONDS = 600
A_DAY = timedelta(days=1)
REGULAR = "1"


def call(upstream: Upstream, asked: CallAsked, facts: CallFacts) -> CallReply:
    """Ask the customer where a call at his X goes and return what he said; problem "silent" when he said nothing.

    `display` is X or another number that the application holds: what else he asks to show is X (carriers stop the call
    otherwise, and the caller's own number is nobody's to show).
    """
    application = _application(facts)
    url = application.callin_url or application.call_status_url
    if not url or facts.number is None:
        return CallReply(problem=SILENT)
    x = facts.number.number
    body = control.callin(asked.session_id, facts.at, asked.caller, x)
    remember(upstream, asked.session_id)
    seconds = settings.MASKLINE["ask_call_seconds"]
    question = Question(application, url, Push.Kind.EVENT, asked.session_id, body, facts.at, seconds)
    reply = asking.ask(question, lambda answer: _call_reply(answer, application, x))
    return reply or CallReply(problem=SILENT)


def message(upstream: Upstream, asked: MessageAsked, facts: MessageFacts) -> MessageReply:
    """Ask the customer what becomes of an SMS and return what he said; problem "silent" when he said nothing."""
    application = _application(facts)
    url = application.sms_control_url
    if not url or facts.number is None:
        return MessageReply(problem=SILENT)
    told = MessageQuestion(
        app_key=application.app_key,
        sms_id=asked.sms_id,
        at=facts.at,
        sender=asked.sender,
        x=facts.number.number,
        parts=parts(asked.text),
        direction=REGULAR,
        subscription_id=facts.binding.subscription_id if facts.binding else "",
        user_data=facts.binding.user_data if facts.binding else None,
        text=asked.text if application.keep_sms_content else None,
    )
    seconds = settings.MASKLINE["ask_sms_seconds"]
    question = Question(application, url, Push.Kind.SMS, asked.sms_id, control.message(told), facts.at, seconds)
    return asking.ask(question, lambda answer: message_reply(answer, asked.sender)) or MessageReply(problem=SILENT)


def message_reply(answer: bytes, sender: str) -> Understood[MessageReply]:
    """Return what an answer about an SMS means, and why it cannot be used, if so."""
    reply = control.read_message_reply(answer, sender)
    return Understood(reply, REASONS.get(reply.problem, ""))


def remember(upstream: Upstream, session_id: str) -> None:
    """Remember, while the answer is waited for, that a call is asked about: its callin event comes at the same time."""
    marks.put(_marker(upstream.pk, session_id), REMEMBER_SECONDS)  # the attempt says so too, once it is written


def asked_sessions(
    upstream_id: int, applications: Iterable[int], session_ids: Iterable[str], now: datetime
) -> set[str]:
    """Return those of the sessions about which the customer is asked, or was within a day: that was his callin push."""
    wanted = list(session_ids)
    values = {"applications": list(applications), "sessions": wanted, "since": lower(now - A_DAY)}
    found = {session_id for (session_id,) in bulk.run("asked_sessions", values)} if wanted else set()
    markers = {_marker(upstream_id, session_id): session_id for session_id in wanted if session_id not in found}
    return found | {markers[name] for name in marks.there(markers)}


def _application(facts: CallFacts | MessageFacts) -> Application:
    assert facts.application is not None
    return Application.objects.get(pk=facts.application.id)


def _call_reply(answer: bytes, application: Application, x: str) -> Understood[CallReply]:
    reply = control.read_call_reply(answer)
    if reply.problem or reply.callee == x:
        problem = reply.problem or control.CALLEE
        return Understood(CallReply(problem=problem), REASONS[problem])
    named = {reply.waiting_voice, reply.last_minute_voice, reply.record_voice, reply.closing_voice} - {""}
    missing = named - voices.approved(application.account_id, named)
    reply = replace(reply, display=_display(reply.display, application, x), missing_voices=tuple(sorted(missing)))
    return Understood(reply, VOICES if missing else "")


def _display(wanted: str, application: Application, x: str) -> str:
    if wanted in ("", x):
        return x
    held = Holding.objects.filter(number__number=wanted, application=application, valid_to__isnull=True)
    return wanted if held.exists() else x


def _marker(upstream_id: int, session_id: str) -> str:
    return f"asked:{upstream_id}:{sha256(session_id.encode('utf-8', 'replace')).hexdigest()[:32]}"

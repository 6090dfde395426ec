"""X mode: the customer's server is asked about a test as about a real call, and its answer judged by the same rules."""

from dataclasses import replace
from datetime import datetime

from django.conf import settings

from accounts.models import Application
from common.phone import mask
from notifications import asking
from notifications.asking import Question, Understood
from notifications.models import Push
from privacy import asking as questions
from privacy import voices
from privacy.deciding.calls import without_circles
from privacy.models import TestCall
from privacy.routing import replies
from privacy.routing.facts import CallAsked, CallDecision, CallFacts, CallReply, Outcome
from privacy.testcalls.wanted import CALL, CALLER, SCENARIOS, TEST_NUMBER, Wanted, X
from privacy.wire import control


def asks(application: Application, wanted: Wanted) -> bool:
    """Return whether a call like this is the customer's to decide."""
    return application.mode == X and SCENARIOS[wanted.scenario].kind == CALL


def ask(application: Application, wanted: Wanted, call: TestCall, now: datetime) -> tuple[CallReply, int]:
    """Return what the customer's server says, and with which stateCode the call ends for it, 0 when it connects."""
    x = wanted.x or TEST_NUMBER
    told = CallAsked(call.session_id, x, wanted.caller or CALLER)
    reply = without_circles(_reply(application, told, now))
    decision = replies.decide(told, CallFacts(now, None, None), reply)
    return _as_decided(reply, decision), decision.code


def shown(reply: CallReply, code: int) -> dict[str, object]:
    """Return what is kept of the customer's answer: no number in full."""
    said = {"operation": reply.operation, "problem": reply.problem, "state_code": code}
    return said | {"callee": mask(reply.callee) if reply.callee else "", "max_minutes": reply.max_minutes}


def _reply(application: Application, told: CallAsked, now: datetime) -> CallReply:
    url = application.callin_url or application.call_status_url
    if not url:
        return CallReply(problem=questions.SILENT)
    body = control.callin(told.session_id, now, told.caller, told.x)
    seconds = settings.MASKLINE["ask_call_seconds"]
    question = Question(application, url, Push.Kind.EVENT, told.session_id, body, now, seconds)
    reply = asking.ask(question, lambda answer: _understood(answer, application))
    return reply or CallReply(problem=questions.SILENT)


def _understood(answer: bytes, application: Application) -> Understood[CallReply]:
    reply = control.read_call_reply(answer)
    if reply.problem:
        return Understood(reply, questions.REASONS[reply.problem])
    named = {reply.waiting_voice, reply.last_minute_voice, reply.record_voice, reply.closing_voice} - {""}
    missing = named - voices.approved(application.account_id, named)
    return Understood(replace(reply, missing_voices=tuple(sorted(missing))), questions.VOICES if missing else "")


def _as_decided(reply: CallReply, decision: CallDecision) -> CallReply:
    """Return a reply as its test tells of it: a callee that is not called is none, and its problem is named."""
    if decision.outcome is Outcome.CONNECT:
        return reply
    problem = control.CALLEE if decision.rule == "customer_bad_callee" else reply.problem
    return replace(reply, problem=problem, callee="")

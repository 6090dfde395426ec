"""What a customer's answer makes of a call in X mode (pushes.md 2.1, 2.2). Pure."""

from dataclasses import replace

from privacy.routing.answers import TO_A, named, recorded, refuse
from privacy.routing.facts import CallAsked, CallDecision, CallFacts, CallReply, Outcome
from privacy.routing.rules import RULES

CONNECT, CLOSE = "connect", "close"
PROBLEMS = {
    "silent": "customer_silent",
    "unreadable": "customer_unreadable",
    "callee": "customer_bad_callee",
    "user_data": "customer_bad_user_data",
}


def decide(asked: CallAsked, facts: CallFacts, reply: CallReply) -> CallDecision:
    """Return what becomes of a call that the customer was asked about."""
    rule = _refusal(asked, facts, reply)
    if rule:
        return named(replace(refuse(rule, facts), direction=TO_A), facts)
    return named(_close(reply) if reply.operation == CLOSE else _connect(asked, facts, reply), facts)


def _refusal(asked: CallAsked, facts: CallFacts, reply: CallReply) -> str:
    """Return the rule that an unusable reply falls under, "" when it can be done."""
    if reply.problem:
        return PROBLEMS.get(reply.problem, "customer_unreadable")
    if reply.operation not in (CONNECT, CLOSE):
        return "customer_unreadable"
    # To X itself calls would go in circles, and nobody can be connected to himself.
    if reply.operation == CONNECT and reply.callee in ("", asked.x, asked.caller):
        return "customer_bad_callee"
    return "customer_voice_missing" if reply.missing_voices else ""


def _connect(asked: CallAsked, facts: CallFacts, reply: CallReply) -> CallDecision:
    record = recorded(facts, reply.record, reply.record_voice)
    return CallDecision(
        Outcome.CONNECT,
        "customer_connects",
        callee=reply.callee,
        # X, or another number of the application: whoever asked has seen to it.
        display=reply.display or asked.x,
        max_minutes=reply.max_minutes,
        last_minute_voice=reply.last_minute_voice if reply.max_minutes else "",
        record=record,
        record_voice=reply.record_voice if record else "",
        waiting_voice=reply.waiting_voice,
        user_data=reply.user_data,
        direction=TO_A,
    )


def _close(reply: CallReply) -> CallDecision:
    rule, voice = "customer_closes", reply.closing_voice
    outcome = Outcome.PLAY if voice else Outcome.REFUSE
    return CallDecision(outcome, rule, RULES[rule], voice=voice, user_data=reply.user_data, direction=TO_A)

"""What happens to an SMS: decided once, in the customer's own words where he is asked (pushes.md 4)."""

from dataclasses import replace

from accounts.models import Upstream
from common.errors import BadInput
from common.faults import fault_point
from privacy import asking, keywords
from privacy.bindings import statements
from privacy.control import rules as risk
from privacy.deciding import answers, lookup, questions
from privacy.parts import parts
from privacy.routing import messages as routing
from privacy.routing import suffix
from privacy.routing.facts import CallAsked, MessageAsked, MessageDecision, MessageFacts, Outcome

# Characters, as of the text of a notification (pushes.md 4.2).
LONGEST_TEXT = 70_000
LONGEST_ID = 64


def message(upstream: Upstream, asked: MessageAsked, *, app_key: str = "") -> MessageDecision:
    """Return what the switch is to do with an SMS; asked again within a day it is told the same.

    `app_key`: the upstream's own name of one application, when it signed with that. Raises BadInput naming the field,
    also for an SMS id that was used for another text, and NotReady while another request about the SMS is answered.
    """
    question = answers.question(upstream, normalised(asked), app_key=app_key)
    told = answers.claim(question)
    if told is not None:
        return told
    try:
        fault_point("sms.claimed")
        facts = message_facts(upstream, question.asked, app_key=app_key)
        decision = _decided(upstream, question.asked, facts)
        fault_point("sms.decided")
        decision = answers.keep(question, decision, facts)
        fault_point("sms.kept")
        return decision
    except BaseException:
        answers.release(question)
        raise


def normalised(asked: MessageAsked) -> MessageAsked:
    """Return the question with its numbers as they are bound. Raises BadInput naming the field."""
    if not 1 <= len(asked.sms_id) <= LONGEST_ID or not asked.sms_id.isprintable():
        raise BadInput(
            "sms_id", f"is not 1 to {LONGEST_ID} printable characters", "send the id the SMS is reported under"
        )
    if "\0" in asked.text:
        raise BadInput("text", "holds a NUL character", "send the text without it")
    if len(asked.text) > LONGEST_TEXT:
        raise BadInput("text", f"is longer than {LONGEST_TEXT} characters", "send one SMS")
    # Half a surrogate pair has no bytes to keep or to send.
    text = asked.text.encode("utf-8", "replace").decode()
    x, sender = questions.number("x", asked.x), questions.number("sender", asked.sender)
    return replace(asked, x=x, sender=sender, text=text)


def message_facts(upstream: Upstream, asked: MessageAsked, *, app_key: str = "") -> MessageFacts:
    """Return all that decides an SMS: who is bound to whom as of a call, and the words of X's account."""
    found = lookup.call_facts(upstream, CallAsked(asked.sms_id, asked.x, asked.sender), app_key=app_key)
    words = keywords.words(found.application.account_id) if found.application else keywords.Words((), ())
    named = suffix.split(asked.text) if found.binding and found.binding.kind == "AX" and found.way == "A" else None
    return MessageFacts(
        found.at,
        found.number,
        found.application,
        found.way,
        found.binding,
        required_words=words.required,
        forbidden_words=words.forbidden,
        ended=found.ended,
        own_numbers=_own(named[1]) if named else (),
    )


def _decided(upstream: Upstream, asked: MessageAsked, facts: MessageFacts) -> MessageDecision:
    decision = routing.decide(asked, facts, count=parts)
    if decision.outcome is Outcome.ASK:
        if _is_listed(asked.sender, "", facts):
            return routing.blocked(facts)
        reply = asking.message(upstream, asked, facts)
        facts = replace(facts, own_numbers=_own(suffix.receiver(reply.receiver)))
        decision = routing.decide_reply(asked, facts, reply, count=parts)
    if decision.outcome is Outcome.FORWARD and _is_listed(asked.sender, decision.receiver, facts):
        return routing.blocked(facts)
    return decision


def _own(number: str) -> tuple[str, ...]:
    """Return a number if it is one of the platform's own."""
    return (number,) if number and statements.run("own_numbers", {"numbers": [number]}) else ()


def _is_listed(sender: str, receiver: str, facts: MessageFacts) -> bool:
    """Return whether a blacklist of the application stops an SMS: windows and hours are of calls alone."""
    application, number = facts.application, facts.number
    if application is None or number is None or not application.risk_control:
        return False
    return risk.holding(risk.parties(application.id, number.id, sender, receiver), facts.at).entry is not None

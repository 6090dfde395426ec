"""Where an SMS at X goes (pushes.md 4): forwarded, discarded with its sendResult, or the customer is asked. Pure.

`decide` says what the rules say; where that is ASK, `decide_reply` says what the customer's answer makes of it. Whoever
forwards asks risk control first, and `blocked` is its no.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from privacy import segments
from privacy.routing import keywords, suffix
from privacy.routing.facts import ApplicationFacts, MessageAsked, MessageDecision, MessageFacts, MessageReply, Outcome

Counted = Callable[[str], int]

# Each rule with the sendResult of pushes.md 4.2.1 it gives; the first that applies decides. 9 and 10 (partly sent, all
# parts failed) are never decided: the carrier reports them. ask_* are never told to the switch.
RULES: dict[str, int] = {
    "sms_unknown_number": 2,
    "sms_application_suspended": 4,
    "sms_account_frozen": 1,
    "sms_number_unusable": 3,
    "sms_number_without_sms": 11,
    "sms_application_without_sms": 11,
    "sms_mode_without_sms": 11,
    "sms_short_code": 8,
    "sms_ended_binding": 2,
    "sms_no_binding": 2,
    "sms_binding_without_sms": 11,
    "sms_switched_off": 11,
    "sms_too_long": 5,
    "sms_required_word": 12,
    "sms_forbidden_word": 13,
    "sms_to_named": 0,
    "sms_to_a": 0,
    "sms_to_other": 0,
    "sms_ask_named": 0,
    "sms_ask_x": 0,
    "sms_customer_forwards": 0,
    "sms_customer_discards": 6,
    "sms_customer_silent": 7,
    "sms_customer_unusable": 7,
    "sms_customer_not_asked": 7,
    "sms_blacklist": 8,
}
FORWARD, DISCARD = "forward", "discard"
MODES = ("AX", "AXB", "X")
RECEIVING = ("normal", "binding_frozen")
# More parts than a carrier's SMS can count: 3GPP TS 23.040 numbers them in one byte.
MOST_PARTS = 255
REGULAR, ABNORMAL = "1", "2"


def decide(asked: MessageAsked, facts: MessageFacts, *, count: Counted = segments.parts) -> MessageDecision:
    """Return what becomes of an SMS. `count` gives the parts of a text as the installation counts them."""
    if rule := next(_refusals(asked, facts), ""):
        return _discard(rule, facts)
    planned = _planned(asked, facts, count)
    if planned.parts > MOST_PARTS:
        return _discard("sms_too_long", facts)
    body = _body(asked, facts)
    if keywords.lacks(body, facts.required_words):
        return _discard("sms_required_word", facts)
    if keywords.found(body, facts.forbidden_words):
        return _discard("sms_forbidden_word", facts)
    if planned.outcome is Outcome.ASK and not (facts.application and facts.application.asks_messages):
        return _discard("sms_customer_not_asked", facts)
    return planned


def decide_reply(
    asked: MessageAsked, facts: MessageFacts, reply: MessageReply, *, count: Counted = segments.parts
) -> MessageDecision:
    """Return what becomes of an SMS that the customer was asked about (pushes.md 4.3): unchanged, or discarded."""
    if reply.problem:
        return _discard("sms_customer_silent" if reply.problem == "silent" else "sms_customer_unusable", facts)
    if reply.operation == DISCARD:
        told = _discard("sms_customer_discards", facts)
        return replace(told, user_data=reply.user_data or told.user_data)
    receiver = suffix.receiver(reply.receiver)
    if reply.operation != FORWARD or not receiver or receiver in _loops(asked, facts):
        short = reply.operation == FORWARD and suffix.is_channel(reply.receiver)
        return _discard("sms_short_code" if short else "sms_customer_unusable", facts)
    told = _forward("sms_customer_forwards", facts, receiver, asked.text, count(asked.text))
    return replace(told, user_data=reply.user_data or told.user_data)


def blocked(facts: MessageFacts) -> MessageDecision:
    """Return the answer for an SMS that a blacklist stops, its caller's or its receiver's."""
    return _discard("sms_blacklist", facts)


def _refusals(asked: MessageAsked, facts: MessageFacts) -> Iterator[str]:
    """Yield the preconditions that do not hold, in the order in which they decide (pushes.md 4.4)."""
    number, application = facts.number, facts.application
    if number is None or application is None:
        yield "sms_unknown_number"
        return
    yield from _of_application(application)
    if number.state not in RECEIVING:
        yield "sms_number_unusable"
    if not number.sms:
        yield "sms_number_without_sms"
    if not application.sms:
        yield "sms_application_without_sms"
    if application.mode not in MODES:
        yield "sms_mode_without_sms"
    if suffix.is_channel(asked.sender):
        yield "sms_short_code"
    if facts.ended is not None:
        yield "sms_ended_binding"
    if application.mode != "X" and _binding(facts) is None:
        yield "sms_no_binding"
    if facts.binding is not None and not facts.binding.sms:
        yield "sms_binding_without_sms"
    if facts.binding is not None and facts.binding.kind == "AX" and not facts.binding.power:
        yield "sms_switched_off"


def _of_application(application: ApplicationFacts) -> Iterator[str]:
    if not application.active:
        yield "sms_application_suspended"
    if application.account_state == "arrears":
        yield "sms_account_frozen"


def _binding(facts: MessageFacts) -> object | None:
    """Return the binding the sender writes through, None where there is none of the application's mode."""
    binding, application = facts.binding, facts.application
    if binding is None or application is None or binding.kind != application.mode:
        return None
    return binding if facts.way in (("A", "anyone") if binding.kind == "AX" else ("A", "B")) else None


def _planned(asked: MessageAsked, facts: MessageFacts, count: Counted) -> MessageDecision:
    """Return where an SMS goes whose preconditions hold. Parts count with the suffix, or with [From…]."""
    binding = facts.binding
    if binding is None or (facts.application and facts.application.mode == "X"):
        return _ask("sms_ask_x", asked, facts, count)
    if binding.kind == "AXB":
        other = binding.b_number if facts.way == "A" else binding.a_number
        return _forward("sms_to_other", facts, other, asked.text, count(asked.text))
    if facts.way == "A":
        named = suffix.split(asked.text)
        if named is None or named[1] in _loops(asked, facts):
            return _ask("sms_ask_named", asked, facts, count)
        return _forward("sms_to_named", facts, named[1], named[0], count(asked.text))
    text = f"{asked.text}[From{suffix.as_dialled(asked.sender)}]"
    return _forward("sms_to_a", facts, binding.a_number, text, count(text))


def _loops(asked: MessageAsked, facts: MessageFacts) -> set[str]:
    """Return the numbers an SMS never goes to: X and the platform's others, from which it would go in circles."""
    return {asked.x, suffix.receiver(asked.x), *facts.own_numbers}


def _body(asked: MessageAsked, facts: MessageFacts) -> str:
    """Return what the sender wrote, which the account's words are looked for in: without A's suffix."""
    by_a = facts.binding is not None and facts.binding.kind == "AX" and facts.way == "A"
    named = suffix.split(asked.text) if by_a else None
    return named[0] if named else asked.text


def _forward(rule: str, facts: MessageFacts, receiver: str, text: str, parts: int) -> MessageDecision:
    told = MessageDecision(Outcome.FORWARD, rule, receiver=receiver, text=text, parts=parts, direction=REGULAR)
    return _of_binding(told, facts)


def _ask(rule: str, asked: MessageAsked, facts: MessageFacts, count: Counted) -> MessageDecision:
    return replace(_forward(rule, facts, "", asked.text, count(asked.text)), outcome=Outcome.ASK)


def _discard(rule: str, facts: MessageFacts) -> MessageDecision:
    """Return a refusal: no parts are sent; the direction is regular where sender and X belong together."""
    told = MessageDecision(Outcome.DISCARD, rule, code=RULES[rule], parts=0, direction=ABNORMAL)
    if rule == "sms_ended_binding" and facts.ended is not None:
        # Never the one who has X now, whose binding `facts.binding` may be.
        return replace(_of_binding(told, replace(facts, binding=None)), ended_binding_id=facts.ended.id)
    by_customer = facts.application is not None and facts.application.mode == "X"
    return replace(_of_binding(told, facts), direction=REGULAR if by_customer or _binding(facts) else ABNORMAL)


def _of_binding(told: MessageDecision, facts: MessageFacts) -> MessageDecision:
    """Return a decision that names the holder of X and the binding, as the switch reports them."""
    binding = facts.binding
    named = replace(told, app_key=facts.application.app_key if facts.application else "")
    if binding is None:
        return named
    id = binding.subscription_id or str(binding.id)
    return replace(named, binding_id=binding.id, subscription_id=id, user_data=binding.user_data)

"""Where a call at X goes, in each mode (northbound.md 3-6, pushes.md 1.3 and 6.1). Pure.

`decide` says what the rules say; where that is ASK, privacy.routing.replies says what the customer's answer makes of
it. Whoever connects asks risk control first, and `blocked` is its no.
"""

from dataclasses import replace

from privacy.routing.answers import connect, named, passed, refuse
from privacy.routing.axe import axe
from privacy.routing.axyb import axyb
from privacy.routing.callers import is_fixed_line, is_shown
from privacy.routing.facts import Block, CallAsked, CallDecision, CallFacts, Outcome
from privacy.routing.rules import ENDED, NO_BINDING, UNKNOWN

CALLABLE = ("normal", "binding_frozen")
ARREARS = "arrears"
ONLY_A, ONLY_OTHERS = 1, 2


def decide(asked: CallAsked, facts: CallFacts) -> CallDecision:
    """Return where a call goes. `asked` is in the stored form of numbers (privacy.deciding.questions)."""
    return named(_decided(asked, facts), facts)


def blocked(decision: CallDecision, block: Block, facts: CallFacts) -> CallDecision:
    """Return the refusal that risk control makes of a call that would have been put through, or asked about."""
    refusal = passed(refuse(block.rule, facts, code=block.code), decision)
    return named(replace(refusal, stopped_callee=decision.callee), facts)


def _decided(asked: CallAsked, facts: CallFacts) -> CallDecision:
    rule = _refusal(asked, facts)
    if rule:
        return refuse(rule, facts)
    assert facts.application is not None
    mode = facts.application.mode
    if facts.ended is not None:
        return refuse(ENDED, facts, code=NO_BINDING[mode])
    return MODES[mode](asked, facts)


def _refusal(asked: CallAsked, facts: CallFacts) -> str:
    """Return the rule of X and its holder that stops a call in every mode, "" when none does."""
    number, application = facts.number, facts.application
    if number is None or application is None:
        return UNKNOWN
    if not application.active:
        return "application_suspended"
    if application.account_state == ARREARS:
        return "account_frozen"
    if number.state not in CALLABLE:
        return "number_unusable"
    if is_fixed_line(asked.caller):
        return "landline_caller"
    return ""


def _axb(asked: CallAsked, facts: CallFacts) -> CallDecision:
    """AXB: each party reaches the other and sees X (northbound.md 3.1)."""
    binding = facts.binding
    if binding is None or facts.way not in ("A", "B"):
        return refuse("no_binding", facts)
    a_calls = facts.way == "A"
    if binding.call_direction == (ONLY_OTHERS if a_calls else ONLY_A):
        return refuse("direction", facts)
    if a_calls:
        return connect("a_calls_b", facts, binding.b_number, waiting_voice=binding.caller_voice)
    return connect("b_calls_a", facts, binding.a_number, waiting_voice=binding.callee_voice)


def _ax(asked: CallAsked, facts: CallFacts) -> CallDecision:
    """AX: anybody reaches A; A reaches the callee that was set before (northbound.md 4.1)."""
    binding = facts.binding
    if binding is None or facts.way not in ("A", "anyone"):
        return refuse("no_binding", facts)
    if not binding.power:
        return refuse("switched_off", facts)
    a_calls = facts.way == "A"
    if binding.call_direction == (ONLY_OTHERS if a_calls else ONLY_A):
        return refuse("direction", facts)
    if not a_calls:
        shown = asked.caller if binding.display == "1" and is_shown(asked.caller) else ""
        return connect("anyone_calls_a", facts, binding.a_number, display=shown, waiting_voice=binding.callee_voice)
    if facts.temporary_callee is None:
        return refuse("no_temporary_callee", facts)
    callee, user_data = facts.temporary_callee
    return connect(
        "a_calls_temporary_callee",
        facts,
        callee,
        waiting_voice=binding.caller_voice,
        user_data=binding.user_data if user_data is None else user_data,
    )


def _x(asked: CallAsked, facts: CallFacts) -> CallDecision:
    """X: the platform holds no binding, the customer says (pushes.md 2)."""
    assert facts.application is not None
    if not facts.application.asks_calls:
        return refuse("customer_not_asked", facts)
    return CallDecision(Outcome.ASK, "customer_asked", direction=0)


MODES = {"AXB": _axb, "AX": _ax, "AXE": axe, "AXYB": axyb, "X": _x}

"""Where a call at X or Y goes in AXYB mode (northbound.md 6.1). Pure.

X stands for A before every B, Y for one B before A: B dials X and A sees B's Y; A dials Y and B sees A's X.
"""

from dataclasses import replace

from privacy.routing.answers import connect, named, passed, refuse
from privacy.routing.callers import is_bindable
from privacy.routing.facts import BindingFacts, CallAsked, CallDecision, CallFacts

ONLY_A, ONLY_B = 1, 2


def axyb(asked: CallAsked, facts: CallFacts) -> CallDecision:
    """Return where a call goes; `allocates_y` where the caller has no Y yet."""
    binding = facts.binding
    if binding is None:
        return refuse("own_number" if facts.own_y else "no_ax", facts)
    if binding.kind == "YB":
        return _y(binding, facts)
    if facts.way == "A":
        return refuse("own_number", facts)
    if binding.call_direction == ONLY_A:
        return refuse("direction", facts)
    if facts.yb is None and not is_bindable(asked.caller):
        return refuse("caller_without_y", facts)
    to_a = connect("b_calls_a_by_x", facts, binding.a_number, waiting_voice=binding.callee_voice)
    if facts.yb is None:
        return replace(to_a, display="", allocates_y=True)
    return by_y(to_a, facts.yb.number)


def by_y(decision: CallDecision, y: str) -> CallDecision:
    """Return a call to A that shows him the caller's Y."""
    return replace(decision, display=y, allocates_y=False)


def without_y(decision: CallDecision, facts: CallFacts) -> CallDecision:
    """Return the refusal of a call for whose caller no Y is left."""
    return named(passed(refuse("no_y_left", facts), decision), facts)


def _y(binding: BindingFacts, facts: CallFacts) -> CallDecision:
    """A dials Y: what is recorded, and which way calls may go, the AX says."""
    ax = facts.parent
    if ax is None:
        return refuse("no_ax", facts)
    if ax.call_direction == ONLY_B:
        return refuse("direction", facts)
    return connect(
        "a_calls_b_by_y",
        facts,
        binding.b_number,
        display=ax.number,
        waiting_voice=binding.caller_voice,
        user_data=ax.user_data if binding.user_data is None else binding.user_data,
        recorded_as=ax,
    )

"""Where a call at X goes in AXE mode (northbound.md 5.1, pushes.md 1.3). Pure."""

from dataclasses import replace

from privacy.routing.answers import ABNORMAL_DIRECTION, connect, refuse
from privacy.routing.callers import is_callable, is_shown
from privacy.routing.facts import BindingFacts, CallAsked, CallDecision, CallFacts, Outcome
from privacy.routing.rules import RULES


def axe(asked: CallAsked, facts: CallFacts) -> CallDecision:
    """Return where a call goes: A calls back, whoever else is asked for the extension."""
    if facts.binding is not None and facts.way == "A":
        return _back(facts.binding, facts)
    if asked.digits is None:
        return _collect(facts)
    if not asked.digits:
        return refuse("empty_extension", facts)
    if facts.binding is None or facts.way != "extension":
        return replace(refuse("unknown_extension", facts), extension=asked.digits[:4])
    shown = asked.caller if facts.binding.display == "1" and is_shown(asked.caller) else ""
    return connect("extension_calls_a", facts, facts.binding.a_number, display=shown)


def leaves_callback(asked: CallAsked, decision: CallDecision) -> bool:
    """Return whether A can call this caller back from now on: his call was put through, and he has a number."""
    return decision.rule == "extension_calls_a" and is_callable(asked.caller)


def _collect(facts: CallFacts) -> CallDecision:
    if not facts.binds_extension:
        return refuse("no_extension_bound", facts)
    assert facts.application is not None
    rule, digits = "collects_extension", facts.application.extension_digits
    return CallDecision(Outcome.COLLECT, rule, RULES[rule], digits=digits, direction=ABNORMAL_DIRECTION)


def _back(binding: BindingFacts, facts: CallFacts) -> CallDecision:
    """A calls: his last caller, else the number he named, else his voice file."""
    if facts.last_caller:
        return connect("a_calls_last_caller", facts, facts.last_caller)
    if binding.callback_number:
        return connect("a_calls_callback_number", facts, binding.callback_number)
    if binding.callback_voice:
        played = refuse("plays_callback_voice", facts)
        return replace(played, outcome=Outcome.PLAY, voice=binding.callback_voice)
    return refuse("no_callback_record", facts)

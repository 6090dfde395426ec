"""What rules answer with: put through, refused, and what both say of the binding. Pure."""

from dataclasses import replace

from privacy.routing.facts import BindingFacts, CallDecision, CallFacts, Outcome
from privacy.routing.rules import ABNORMAL, ENDED, RULES

# The CDR's directions (pushes.md 3.1).
TO_A, FROM_A, ABNORMAL_DIRECTION = 0, 1, 2


def connect(
    rule: str,
    facts: CallFacts,
    callee: str,
    *,
    display: str = "",
    waiting_voice: str = "",
    user_data: str | None = None,
    recorded_as: BindingFacts | None = None,
) -> CallDecision:
    """Return a call put through by its binding; the callee sees X unless told otherwise.

    `recorded_as`: the binding that says whether to record, where it is another.
    """
    binding, number = facts.binding, facts.number
    assert binding is not None and number is not None
    terms = recorded_as or binding
    record = recorded(facts, terms.record, terms.record_voice)
    return replace(
        _answer(Outcome.CONNECT, rule, facts, RULES[rule]),
        callee=callee,
        display=display or number.number,
        max_minutes=binding.max_minutes,
        last_minute_voice=binding.last_minute_voice if binding.max_minutes else "",
        record=record,
        record_voice=terms.record_voice if record else "",
        waiting_voice=waiting_voice,
        user_data=binding.user_data if user_data is None else user_data,
    )


def recorded(facts: CallFacts, wanted: bool, announcement: str) -> bool:
    """Return whether a call is recorded: the application may, it is wanted, and there is an announcement to play.

    Carriers intercept a recorded call without one (northbound.md 3.2).
    """
    return facts.application is not None and facts.application.recording and wanted and bool(announcement)


def refuse(rule: str, facts: CallFacts, *, code: int | None = None) -> CallDecision:
    """Return a call refused by a rule, with the application's prompt."""
    code = RULES[rule] if code is None else code
    application = facts.application
    voice = ""
    if application is not None:
        voice = application.abnormal_voice if code == ABNORMAL else application.no_permission_voice
    return replace(_answer(Outcome.REFUSE, rule, facts, code), voice=voice)


def named(decision: CallDecision, facts: CallFacts) -> CallDecision:
    """Return a decision that names the holder of X and its mode: the switch writes them into its CDR."""
    application = facts.application
    return decision if application is None else replace(decision, app_key=application.app_key, mode=application.mode)


def passed(refusal: CallDecision, decision: CallDecision) -> CallDecision:
    """Return a refusal that keeps what an earlier decision said of the binding."""
    return replace(
        refusal,
        binding_id=decision.binding_id,
        subscription_id=decision.subscription_id,
        extension=decision.extension,
        user_data=decision.user_data,
        direction=decision.direction,
    )


def _answer(outcome: Outcome, rule: str, facts: CallFacts, code: int) -> CallDecision:
    if facts.ended is not None:
        # The new party's binding is nothing the caller has to do with.
        return CallDecision(outcome, rule, code, ended_binding_id=facts.ended.id if rule == ENDED else None)
    binding = facts.binding
    if binding is None:
        return CallDecision(outcome, rule, code)
    return CallDecision(
        outcome,
        rule,
        code,
        binding_id=binding.id,
        subscription_id=binding.subscription_id,
        extension=binding.extension,
        user_data=binding.user_data,
        direction=FROM_A if facts.way == "A" else TO_A,
    )

"""Who would it reach? What the switch was, or would be, told at any instant, without telling or counting anything."""

from dataclasses import dataclass, replace
from datetime import datetime

from privacy import control
from privacy.deciding import past
from privacy.deciding.questions import normalised
from privacy.routing import calls as routing
from privacy.routing.facts import Block, CallAsked, CallDecision, CallFacts, Outcome


@dataclass(frozen=True, slots=True)
class Reach:
    """The question in its stored form, what decided it at that instant, and the decision.

    Outcome ASK: the customer's server decides, nobody else knows what it would say. `allocates_y`: a Y would be bound
    for the caller first. `block` is what risk control holds against it.
    """

    asked: CallAsked
    facts: CallFacts
    decision: CallDecision
    block: Block | None = None


def reach(asked: CallAsked, at: datetime) -> Reach:
    """Return whom a call at X from a caller would reach at an instant, past or to come. Raises BadInput."""
    asked = normalised(asked)
    facts = past.call_facts(asked, at)
    decision = routing.decide(asked, facts)
    found = Reach(asked, facts, decision)
    application, number = facts.application, facts.number
    if application is None or number is None or decision.outcome not in (Outcome.CONNECT, Outcome.ASK):
        return found
    block = control.would(application, number.id, caller=asked.caller, callee=decision.callee, at=at)
    if block is None:
        return found
    return replace(found, decision=routing.blocked(decision, block, facts), block=block)

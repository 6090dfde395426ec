"""Where a call goes (design.md 2.2): looked up, decided, asked where the customer decides, held back where it must be.

Reads with one statement and writes with one. Nothing is held meanwhile: what has happened when this process dies
(a Y bound, a customer asked) is found again, or happens again, when the switch asks again.
"""

from dataclasses import replace
from functools import partial

from accounts.models import Upstream
from privacy import asking, control
from privacy.bindings import statements
from privacy.deciding import book, lookup, turns
from privacy.deciding.questions import normalised
from privacy.deciding.relations import Meanwhile, new_y
from privacy.routing import calls as routing
from privacy.routing import replies
from privacy.routing.axyb import by_y, without_y
from privacy.routing.facts import CallAsked, CallDecision, CallFacts, CallReply, Outcome
from privacy.storing.sessions import session_key


def call(upstream: Upstream, asked: CallAsked, *, app_key: str = "") -> CallDecision:
    """Return what the switch is to do with a call; asked the same again shortly after, it is told the same.

    A redial under the same session id after that (`repeat_seconds`) is decided anew, and so is every question with
    other digits. `app_key`: the upstream's own name of one application, when it signed with that. Raises BadInput
    naming the field, and NotReady. Not to be called within a transaction: the customer may be asked.
    """
    asked = normalised(asked)
    key = book.question_key(asked, app_key)
    look = partial(lookup.find, upstream, asked, app_key=app_key, asked_key=key)
    found = look()
    if found.answer is not None:
        return book.opened(found.answer).answer
    decision = routing.decide(asked, found.facts)
    if decision.outcome is not Outcome.ASK:
        return _kept(upstream, asked, found.facts, decision, app_key)
    turn = f"asking:{upstream.pk}:{session_key(asked.session_id).hex()}:{key.hex()}"
    told = turns.take(turn, lambda: look().answer)
    if told is not None:
        return book.opened(told).answer
    try:
        return _kept(upstream, asked, found.facts, _asked(upstream, asked, found.facts, decision), app_key)
    finally:
        turns.give_back(turn)


def _kept(upstream: Upstream, asked: CallAsked, facts: CallFacts, decision: CallDecision, app_key: str) -> CallDecision:
    """Return the answer that stands, once risk control let the call pass and its caller has a Y where he needs one."""
    decision = _held_back(upstream, asked, facts, decision)
    if decision.allocates_y:
        held, callee = facts, decision.callee
        facts, decision = _with_y(upstream, asked, facts, decision, app_key)
        if decision.outcome is not Outcome.CONNECT:
            _take_back(upstream, asked, held, callee)
    return book.write(upstream.pk, asked, facts, decision, app_key=app_key)


def _asked(upstream: Upstream, asked: CallAsked, facts: CallFacts, decision: CallDecision) -> CallDecision:
    """Return what the customer makes of a call that is his to decide; he is not asked about what risk control stops."""
    held = _held_back(upstream, asked, facts, decision)
    if held.outcome is not Outcome.ASK:
        return held
    return replies.decide(asked, facts, without_circles(asking.call(upstream, asked, facts)))


def without_circles(reply: CallReply) -> CallReply:
    """Return a reply whose callee is none of the platform's own numbers: calls would go in circles."""
    if reply.problem or not reply.callee:
        return reply
    return replace(reply, problem="callee") if statements.run("own_numbers", {"numbers": [reply.callee]}) else reply


def _held_back(upstream: Upstream, asked: CallAsked, facts: CallFacts, decision: CallDecision) -> CallDecision:
    """Return risk control's refusal of a call that would be put through, or asked about; it counts those that pass."""
    application, number = facts.application, facts.number
    if decision.outcome not in (Outcome.CONNECT, Outcome.ASK) or application is None or number is None:
        return decision
    if not application.risk_control:
        return decision
    block = control.check(
        application,
        number.id,
        caller=asked.caller,
        callee=decision.callee,
        at=facts.at,
        member=control.member_of(upstream.pk, asked.session_id),
    )
    return decision if block is None else routing.blocked(decision, block, facts)


def _take_back(upstream: Upstream, asked: CallAsked, facts: CallFacts, callee: str) -> None:
    """Let risk control count a call no more that it let pass and that then found no Y."""
    application, number = facts.application, facts.number
    if application is None or number is None:
        return
    name = control.member_of(upstream.pk, asked.session_id)
    control.take_back(application, number.id, caller=asked.caller, callee=callee, member=name)


def _with_y(
    upstream: Upstream, asked: CallAsked, facts: CallFacts, decision: CallDecision, app_key: str
) -> tuple[CallFacts, CallDecision]:
    """Return a decision with the caller's new Y; where somebody was quicker, the one that follows from that."""
    try:
        y = new_y(asked, decision)
    except Meanwhile:
        facts = lookup.call_facts(upstream, asked, app_key=app_key)
        decision = routing.decide(asked, facts)
        if not decision.allocates_y:
            return facts, decision
        y = None
    if y is None:
        return facts, without_y(decision, facts)
    return facts, by_y(decision, y)

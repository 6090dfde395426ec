"""POST /switch/v1/calls: where does this call go? (docs/switch-api.md)"""

from typing import Any

from django.http import HttpResponse

from accounts.models import Application
from privacy import causes, deciding
from privacy.api.switch import fields
from privacy.api.switch.door import Asked, answer, door
from privacy.routing.facts import CallAsked, CallDecision

# What a CDR names the modes (pushes.md 3.1, serviceType).
SERVICE_TYPES = {
    Application.Mode.AX: "003",
    Application.Mode.AXB: "004",
    Application.Mode.X: "004",
    Application.Mode.AXE: "005",
    Application.Mode.AXYB: "007",
}
SECONDS_A_MINUTE = 60


def decide(asked: Asked) -> HttpResponse:
    """Answer one question, or its follow-up with digits."""
    call = read(asked.parameters())
    return answer(shown(call, deciding.call(asked.upstream, call, app_key=asked.app_key)))


def read(sent: dict[str, Any]) -> CallAsked:
    """Return what is asked. Raises BadInput naming the field."""
    return CallAsked(
        session_id=fields.read_text(
            sent, "session_id", fields.LONGEST_SESSION_ID, "send the id under which events and CDR of the call come"
        ),
        x=fields.read_number(sent, "x", "send the number that was dialled"),
        caller=fields.read_number(sent, "caller", 'send who calls, "" when that is withheld', empty=True),
        digits=fields.read_digits(sent, "digits"),
    )


def shown(asked: CallAsked, decision: CallDecision) -> dict[str, Any]:
    """Return the answer's fields: all of them always, so that a routing script need not ask which there are."""
    return {
        "decision": decision.outcome,
        "rule": decision.rule,
        "session_id": asked.session_id,
        "x": asked.x,
        "caller": asked.caller,
        "app_key": decision.app_key,
        "service_type": SERVICE_TYPES.get(Application.Mode(decision.mode), "") if decision.mode else "",
        "direction": decision.direction,
        "subscription_id": decision.subscription_id,
        "user_data": decision.user_data or "",
        "extension": decision.extension,
        "state_code": decision.code,
        "state_description": causes.description(decision.code) if decision.code else "",
        "callee": decision.callee,
        "display": decision.display,
        "max_seconds": decision.max_minutes * SECONDS_A_MINUTE,
        "last_minute_voice": decision.last_minute_voice,
        "waiting_voice": decision.waiting_voice,
        "record": decision.record,
        "record_voice": decision.record_voice,
        "digits": decision.digits,
        "voice": decision.voice,
    }


calls = door(POST=decide)

"""POST /switch/v1/messages: what happens to this SMS? (docs/switch-api.md)"""

from typing import Any

from django.http import HttpResponse

from common.errors import BadInput
from privacy import causes
from privacy.api.switch import fields
from privacy.api.switch.door import Asked, answer, door
from privacy.deciding import messages as deciding
from privacy.routing.facts import MessageAsked, MessageDecision, Outcome

# 70,000 characters, each written as \uXXXX.
LARGEST_BODY = 512 * 1024
# smsIdentifier (pushes.md 4.2).
LONGEST_SMS_ID = 64


def decide(asked: Asked) -> HttpResponse:
    """Answer one question."""
    message = read(asked.parameters())
    return answer(shown(message, deciding.message(asked.upstream, message, app_key=asked.app_key)))


def read(sent: dict[str, Any]) -> MessageAsked:
    """Return what is asked. Raises BadInput naming the field."""
    text = sent.get("text")
    if text is not None and not isinstance(text, str):
        raise BadInput("text", "is no text", "send the parts of a long SMS joined")
    return MessageAsked(
        sms_id=fields.read_text(sent, "sms_id", LONGEST_SMS_ID, "send the id under which the SMS is reported"),
        x=fields.read_number(sent, "x", "send the number that the SMS was sent to"),
        sender=fields.read_number(sent, "sender", "send the number that it came from"),
        text=text or "",
    )


def shown(asked: MessageAsked, decision: MessageDecision) -> dict[str, Any]:
    """Return the answer's fields: all of them always. The receiver sees X as the sender (pushes.md 4.4)."""
    return {
        "decision": decision.outcome,
        "rule": decision.rule,
        "sms_id": asked.sms_id,
        "x": asked.x,
        "sender": asked.sender,
        "app_key": decision.app_key,
        "direction": decision.direction,
        "subscription_id": decision.subscription_id,
        "user_data": decision.user_data or "",
        "send_result": decision.code,
        "result_description": _described(decision),
        "receiver": decision.receiver,
        "display": asked.x if decision.receiver else "",
        "text": decision.text,
        "parts": decision.parts,
    }


def _described(decision: MessageDecision) -> str:
    cause = causes.send_result(decision.code) if decision.outcome is Outcome.DISCARD else None
    return cause.sentence("en") if cause else ""


messages = door(POST=decide, limit=LARGEST_BODY)

"""POST /switch/v1/messages: what happens to this SMS? (docs/switch-api.md)"""

from typing import Any

from common.errors import BadInput
from privacy.api.switch import fields
from privacy.routing.facts import MessageAsked, MessageDecision

# smsIdentifier (pushes.md 4.2).
LONGEST_SMS_ID = 64


def read(sent: dict[str, Any]) -> MessageAsked:
    """Return what is asked. Raises BadInput naming the field."""
    text = sent.get("text", "")
    if text is None:
        text = ""
    if not isinstance(text, str):
        raise BadInput("text", "is no text", "send the parts of a long SMS joined")
    if "\0" in text:
        raise BadInput("text", "holds a NUL character", "send the text without it")
    return MessageAsked(
        sms_id=fields.read_text(sent, "sms_id", LONGEST_SMS_ID, "send the id under which the SMS is reported"),
        x=fields.read_number(sent, "x", "send the number that the SMS was sent to"),
        sender=fields.read_number(sent, "sender", "send the number that it came from"),
        text=text,
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
        "subscription_id": str(decision.binding_id or ""),
        "user_data": decision.user_data or "",
        "send_result": decision.code,
        "receiver": decision.receiver,
        "display": asked.x if decision.receiver else "",
        "text": decision.text,
        "parts": decision.parts,
    }

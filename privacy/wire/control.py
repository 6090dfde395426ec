"""Questions to a customer's server and its answers (pushes.md 1.2, 1.5, 2 and 4): what is asked, what is understood.

Answers are read as customers write them: objects or arrays with one of them in it, texts or numbers, "true" or true,
operations in any case; unknown fields are passed over. What cannot be used has a `problem`, never an exception.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from common.errors import BadInput
from common.phone import parse_typed
from privacy import parties
from privacy.routing.facts import CallReply, MessageReply

MOST_NUMBER, MOST_VOICE, MOST_MINUTES = 31, 128, 1440
CONNECT, CLOSE, FORWARD, DISCARD = "connect", "close", "forward", "discard"
UNREADABLE, CALLEE, SENDER, USER_DATA = "unreadable", "callee", "sender", "user_data"
_OPERATIONS = {"vnumberroute": FORWARD, "discardmessage": DISCARD}
_VOICES = ("waitVoice", "recordHintTone", "lastMinVoice", "closeHintTone")
# Braces, Chinese and everything else that is no printable ASCII.
_USER_DATA = re.compile(r"[^{}\x00-\x1f\x7f-\U0010ffff]{0,256}")
_WRITTEN = re.compile(r"[0-9]{1,4}(?:\.0+)?")


class _Unusable(Exception):
    """The answer cannot be used: the problem."""


@dataclass(frozen=True, slots=True)
class MessageQuestion:
    """An SMS as the customer is asked about it; `text` only where the application has it told."""

    app_key: str
    sms_id: str
    at: datetime
    sender: str
    x: str
    parts: int
    direction: str
    subscription_id: str = ""
    user_data: str | None = None
    text: str | None = None


def callin(session_id: str, at: datetime, caller: str, x: str) -> bytes:
    """Return the body of a Block callin (pushes.md 1.2, 1.5)."""
    status = {
        "sessionId": session_id,
        "timestamp": at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "caller": caller,
        "called": x,
        "notifyMode": "Block",
    }
    return orjson.dumps({"eventType": "callin", "statusInfo": status})


def message(asked: MessageQuestion) -> bytes:
    """Return the body of a Block SMS (pushes.md 4.6)."""
    sms: dict[str, Any] = {
        "smsIdentifier": asked.sms_id,
        "notificationMode": "Block",
        "calling": asked.sender,
        "virtualNumber": asked.x,
        "event": "Text SMS",
        "timeStamp": asked.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if asked.subscription_id:
        sms["subscriptionId"] = asked.subscription_id
    if asked.text is not None:
        sms["smsContent"] = asked.text
    paras = {"splitNum": str(asked.parts), "direction": asked.direction}
    sms["extInfo"] = {"extParas": [{"key": key, "value": value} for key, value in paras.items()]}
    if asked.user_data:
        sms["userData"] = asked.user_data
    return orjson.dumps({"appKey": asked.app_key, "smsEvent": sms})


def read_call_reply(body: bytes) -> CallReply:
    """Return what a customer's server said of a call (pushes.md 2.1)."""
    try:
        said = _reply(body)
        operation = _text(said.get("operation")).lower()
        if operation == CONNECT:
            return _connect(_object(said.get("connectInfo")))
        if operation == CLOSE:
            return _close(_object(said.get("closeInfo") or {}))
    except _Unusable as unusable:
        return CallReply(problem=str(unusable))
    return CallReply(problem=UNREADABLE)


def read_message_reply(body: bytes, sender: str) -> MessageReply:
    """Return what a customer's server said of an SMS from `sender` (pushes.md 4.3): its first action counts."""
    try:
        action = _action(_reply(body))
        operation = _OPERATIONS.get(_text(action.get("operation")).lower(), "")
        if not operation:
            raise _Unusable(UNREADABLE)
        user_data = _user_data(action)
        if operation == DISCARD:
            return MessageReply(operation, user_data=user_data)
        routed = _object(action.get("message"))
        if routed.get("calling") and _number(routed["calling"]) != _number(sender):
            raise _Unusable(SENDER)
        receiver = _text(routed.get("called"))
        if not 0 < len(receiver) <= 64:
            raise _Unusable(CALLEE)
        return MessageReply(operation, receiver=receiver, user_data=user_data or _user_data(routed))
    except _Unusable as unusable:
        return MessageReply(problem=str(unusable))


def relayed_call_reply(body: bytes) -> bytes:
    """Return a good answer to a Block callin as it is passed on: plain objects, the customer's own words in them."""
    said = _reply(body)
    name = "connectInfo" if _text(said.get("operation")).lower() == CONNECT else "closeInfo"
    info = {name: _object(said[name])} if said.get(name) else {}
    return orjson.dumps({"operation": _text(said.get("operation")).lower(), **info})


def relayed_message_reply(body: bytes) -> bytes:
    """Return a good answer to a Block SMS as it is passed on: its first action, in plain objects."""
    action = dict(_action(_reply(body)))
    forwards = _OPERATIONS[_text(action.get("operation")).lower()] == FORWARD
    action["operation"] = "vNumberRoute" if forwards else "DiscardMessage"
    if action.get("message"):
        action["message"] = _object(action["message"])
    return orjson.dumps({"actions": [action]})


def close(voice: str = "") -> bytes:
    """Return the answer that ends a call, with a voice file where there is one."""
    return orjson.dumps({"operation": CLOSE, "closeInfo": {"closeHintTone": voice} if voice else {}})


def discard() -> bytes:
    """Return the answer that drops an SMS."""
    return orjson.dumps({"actions": [{"operation": "DiscardMessage"}]})


def _connect(info: dict[str, Any]) -> CallReply:
    callee = _number(info.get("calleeNum"))
    if not parties.is_bindable(callee):
        raise _Unusable(CALLEE)
    wait, hint, last_minute, _ = (_voice(info.get(name)) for name in _VOICES)
    minutes, record = _minutes(info.get("maxDuration")), _flag(info.get("recordFlag"))
    return CallReply(
        CONNECT,
        callee=callee,
        display=_number(info.get("displayCalleeNum")),
        max_minutes=minutes,
        last_minute_voice=last_minute if minutes else "",
        waiting_voice=wait,
        record=record,
        record_voice=hint if record else "",
        user_data=_user_data(info),
    )


def _close(info: dict[str, Any]) -> CallReply:
    return CallReply(CLOSE, closing_voice=_voice(info.get("closeHintTone")), user_data=_user_data(info))


def _reply(body: bytes) -> dict[str, Any]:
    try:
        return _object(orjson.loads(body.removeprefix(b"\xef\xbb\xbf")))
    except orjson.JSONDecodeError:
        raise _Unusable(UNREADABLE) from None


def _action(said: dict[str, Any]) -> dict[str, Any]:
    """Return the first action; demo code sends one without the array around it, or nothing but its operation."""
    actions = said.get("actions", said if "operation" in said else None)
    if isinstance(actions, list) and actions:
        actions = actions[0]
    return _object(actions)


def _object(value: Any) -> dict[str, Any]:
    """Return an object, also one that is alone in an array."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise _Unusable(UNREADABLE)
    return value


def _text(value: Any) -> str:
    """Return a text without blanks around it; a number as it would be written; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _Unusable(UNREADABLE)
    return str(value).strip()


def _number(value: Any) -> str:
    """Return a phone number in its stored form, "" for none. What is none keeps its text, if it is short."""
    text = _text(value)
    try:
        return parse_typed(text) if len(text) <= MOST_NUMBER else "?"
    except BadInput:
        return "?"


def _minutes(value: Any) -> int:
    text = str(value) if isinstance(value, float) else _text(value)
    if not text:
        return 0
    if not _WRITTEN.fullmatch(text) or int(float(text)) > MOST_MINUTES:
        raise _Unusable(UNREADABLE)
    return int(float(text))


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return _text(value).lower() in ("true", "1")


def _voice(value: Any) -> str:
    name = _text(value)
    if len(name) > MOST_VOICE or not name.isprintable():
        raise _Unusable(UNREADABLE)
    return name


def _user_data(info: dict[str, Any]) -> str | None:
    value = info.get("userData")
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else str(value) if type(value) is int else "{"
    if not _USER_DATA.fullmatch(text):
        raise _Unusable(USER_DATA)
    return text

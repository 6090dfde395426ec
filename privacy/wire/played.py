"""The bodies of a call or an SMS that is only played, for customers to try their servers (pushes.md 1, 3, 4, 5). Pure.

They go through the same writers as real ones, so that a server that understands these understands those.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from privacy.models.arrivals import Kind
from privacy.wire import pushes
from privacy.wire.facts import Item

CALLIN, COLLECTED = "callin", "collectInfo"
HOST = "test.maskline.example"
SERVICE_TYPES = {"AX": "003", "AXB": "004", "X": "004", "AXE": "005", "AXYB": "007"}
LATE_EXTENSION, X_MODE = "AXE", "X"


@dataclass(frozen=True, slots=True)
class PlayedCall:
    """A call that never was. Times None did not happen; a call without `forwarded_at` has no second leg."""

    session_id: str
    record_id: str
    app_key: str
    mode: str
    x: str
    caller: str
    callee: str
    began_at: datetime
    ended_at: datetime
    forwarded_at: datetime | None = None
    alerted_at: datetime | None = None
    answered_at: datetime | None = None
    code: int = 0
    description: str = ""
    q850: int = 0
    sip: int = 0
    subscription_id: str = ""
    user_data: str | None = None
    digits: str = ""


@dataclass(frozen=True, slots=True)
class PlayedMessage:
    """An SMS that never was."""

    sms_id: str
    app_key: str
    x: str
    sender: str
    receiver: str
    at: datetime
    text: str
    parts: int
    result: int
    subscription_id: str = ""
    user_data: str | None = None


def events(call: PlayedCall) -> Iterator[tuple[str, bytes]]:
    """Yield the events of a call in their order: type and body. In X mode callin is the question, no push."""
    for kind, at, fields in _steps(call):
        if at is not None:
            status = {"sessionId": call.session_id, "timestamp": _time(at), **_said(fields)}
            yield kind, pushes.event(_item(Kind.EVENT, {"eventType": kind, "statusInfo": status}), kind)


def fee(call: PlayedCall) -> bytes:
    """Return the body of a call's CDR."""
    info: dict[str, Any] = {
        "direction": 1 if call.forwarded_at else 2,
        "spId": "test",
        "appKey": call.app_key,
        "icid": call.record_id,
        "bindNum": call.x,
        "sessionId": call.session_id,
        "callerNum": call.caller,
        "calleeNum": call.x,
        "callInTime": _time(call.began_at),
        "callEndTime": _time(call.ended_at),
        "fwdUnaswRsn": call.q850,
        "ulFailReason": call.code,
        "sipStatusCode": call.sip,
        "callOutUnaswRsn": 0,
        "recordFlag": 0,
        "ttsPlayTimes": 0,
        "ttsTransDuration": 0,
        "serviceType": SERVICE_TYPES[call.mode],
        "hostName": HOST,
    }
    more = {
        "subscriptionId": call.subscription_id,
        "fwdDisplayNum": call.x if call.forwarded_at else "",
        "fwdDstNum": call.callee if call.forwarded_at else "",
        "fwdStartTime": _time(call.forwarded_at),
        "fwdAlertingTime": _time(call.alerted_at),
        "fwdAnswerTime": _time(call.answered_at),
        "failTime": _time(call.ended_at) if call.code else "",
        "userData": call.user_data,
        "extendNum": call.digits,
        "notifyMode": "Block" if call.mode == X_MODE else "",
    }
    return pushes.fee(_item(Kind.CDR, info | _said(more)), call.app_key)


def message(sms: PlayedMessage, *, with_content: bool) -> bytes:
    """Return the body of an SMS notification."""
    paras = {"splitNum": str(sms.parts), "direction": "1"}
    event: dict[str, Any] = {
        "smsIdentifier": sms.sms_id,
        "notificationMode": "Notify",
        "calling": sms.sender,
        "called": sms.receiver,
        "virtualNumber": sms.x,
        "event": "Text SMS",
        "timeStamp": sms.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "smsContent": sms.text,
        "sendResult": sms.result,
        "extInfo": {"extParas": [{"key": key, "value": value} for key, value in paras.items()]},
        **_said({"subscriptionId": sms.subscription_id, "userData": sms.user_data}),
    }
    item = _item(Kind.SMS, {"appKey": sms.app_key, "smsEvent": event})
    return pushes.message(item, sms.app_key, with_content=with_content)


def _steps(call: PlayedCall) -> Iterator[tuple[str, datetime | None, dict[str, Any]]]:
    """Yield what happened: up to callout it is the caller's leg, from then on the platform's own (pushes.md 1.2)."""
    bound: dict[str, Any] = {"subscriptionId": call.subscription_id}
    first: dict[str, Any] = {"caller": call.caller, "called": call.x}
    second: dict[str, Any] = {"caller": call.x, "called": call.callee, **bound}
    if call.mode == X_MODE:
        second |= {"notifyMode": "Notify", "userData": call.user_data}
    else:
        known: dict[str, Any] = {} if call.mode == LATE_EXTENSION else {**bound, "userData": call.user_data}
        yield CALLIN, call.began_at, first | known
    if call.digits and call.forwarded_at:
        yield COLLECTED, call.forwarded_at, {"digitInfo": call.digits}
    yield "callout", call.forwarded_at, second
    yield "alerting", call.alerted_at, second
    yield "answer", call.answered_at, second
    last = second if call.forwarded_at else first | bound
    yield "disconnect", call.ended_at, last | {"stateCode": call.code, "stateDesc": call.description}


def _item(kind: Kind, sent: dict[str, Any]) -> Item:
    return Item(kind, 1, sent)


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that say something: the platform leaves out the others."""
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else ""

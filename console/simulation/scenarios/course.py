"""The records of one call, made of what the switch was told and of what then became of it. Pure.

A switch that was told to connect starts the second leg to the callee it was given; any other call ends at once with
the code it was given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from console.simulation.calls import SERVICE_TYPES
from console.simulation.failures import NORMAL_TEXT, Stage
from console.simulation.records import Json, event, fee, recording, seconds, wire_time, wire_time_ms
from console.simulation.scenarios.words import EVENTS, Course, Reports, Sending

CONNECT = "connect"
HOST = "sim.switch1.example"
# What a call takes besides what the scenario says: to the second leg, to the ringing, to enter an extension.
SETUP, TO_RING, TO_ENTER = seconds(1), seconds(2), seconds(6)
GAVE_UP = 7516
GAVE_UP_TEXT = "The caller hung up before the transfer."
# The customer ended it: to the switch it is an ordinary release.
STOPPED = Course(answered=True)


@dataclass(frozen=True, slots=True)
class Dialled:
    """A call as the switch has it: who dialled which number when, and what it was told to do."""

    session_id: str
    record_id: str
    mode: str
    x: str
    caller: str
    at: datetime
    told: Mapping[str, Any]
    digits: str | None
    course: Course
    stopped_at: datetime | None = None

    @property
    def connected(self) -> bool:
        """Whether there is a second leg."""
        return self.told.get("decision") == CONNECT


@dataclass(frozen=True, slots=True)
class Times:
    """When what happened; None = did not."""

    forwarded: datetime | None
    alerted: datetime | None
    answered: datetime | None
    ended: datetime | None


def times(call: Dialled) -> Times:
    """Return when what happened; a call that goes on has no end yet."""
    began = call.at + (TO_ENTER if call.digits is not None else timedelta(0)) + SETUP
    if not call.connected:
        waited = seconds(4) if call.course.gives_up else timedelta(0)
        return Times(None, None, None, began + waited)
    failure = call.course.failure
    if failure and failure.stage is Stage.TRANSFER:
        return Times(began, None, None, began + seconds(failure.wait[0]))
    alerted = began + TO_RING
    if failure:
        return Times(began, alerted, None, alerted + seconds(failure.wait[0]))
    answered = alerted + seconds(call.course.rings)
    ended = call.stopped_at if call.course.talk is None else answered + seconds(call.course.talk)
    return Times(began, alerted, answered, ended)


def events(call: Dialled) -> dict[str, Json]:
    """Return the events of a call by their type, in their order (pushes.md 1.3)."""
    return {kind: made for kind, made in _events(call, times(call)) if made}


def _events(call: Dialled, when: Times) -> Iterator[tuple[str, Json | None]]:
    bound, data = call.told.get("subscription_id"), call.told.get("user_data")
    # At callin an extension is not known yet, and in X mode there is no binding and no data (pushes.md 1.2).
    early = call.mode in {"AXE", "X"}
    first = {"caller": call.caller, "called": call.x, "subscriptionId": None if early else bound}
    second = {"caller": call.told.get("display") or call.x, "called": call.told.get("callee"), "subscriptionId": bound}
    if call.mode == "X":
        second |= {"notifyMode": "Notify", "userData": data}
    yield "callin", _event(call, "callin", call.at, first | {"userData": None if early else data})
    if call.digits:
        yield "collectInfo", _event(call, "collectInfo", call.at + TO_ENTER, {"digitInfo": call.digits})
    yield "callout", _event(call, "callout", when.forwarded, second)
    yield "alerting", _event(call, "alerting", when.alerted, second)
    yield "answer", _event(call, "answer", when.answered, second)
    code, text = ending(call)
    last = second if when.forwarded else first | {"subscriptionId": bound}
    yield "disconnect", _event(call, "disconnect", when.ended, last | {"stateCode": code, "stateDesc": text})


def _event(call: Dialled, kind: str, at: datetime | None, fields: Json) -> Json | None:
    return event(kind, at, call.session_id, **fields) if at else None


def ending(call: Dialled) -> tuple[int, str]:
    """Return the stateCode with which a call ends, and its text."""
    if call.course.gives_up:
        return GAVE_UP, GAVE_UP_TEXT
    if not call.connected:
        return int(call.told.get("state_code") or 0), str(call.told.get("state_description") or "")
    failure = call.course.failure
    return (failure.state_code, failure.text) if failure else (0, NORMAL_TEXT)


def cdr(call: Dialled) -> Json:
    """Return the push of a call's CDR (pushes.md 3.1). The call must have ended."""
    when = times(call)
    assert when.ended is not None
    failure = call.course.failure if call.connected else None
    code, _ = ending(call)
    info: Json = {
        "direction": call.told.get("direction", 2),
        "spId": "simulated",
        "appKey": call.told.get("app_key", ""),
        "icid": call.record_id,
        "bindNum": call.x,
        "sessionId": call.session_id,
        "subscriptionId": call.told.get("subscription_id") or "",
        "callerNum": call.caller,
        "calleeNum": call.x,
        "callInTime": wire_time(call.at),
        "callEndTime": wire_time(when.ended),
        "fwdUnaswRsn": failure.cause if failure else 0,
        "ulFailReason": code,
        "sipStatusCode": failure.sip_status if failure else 0,
        "callOutUnaswRsn": 0,
        "recordFlag": 0,
        "serviceType": SERVICE_TYPES[call.mode],
        "hostName": HOST,
    }
    if code:
        info["failTime"] = info["callEndTime"]
    return fee(info | _second_leg(call, when) | _extras(call, when))


def redial_twin(call: Dialled) -> Json:
    """Return the CDR of a handset that dialled again: an id of its own, and no times of a second leg (pushes.md 3)."""
    info: Json = cdr(call)["feeLst"][0]
    ended = times(call).ended
    assert ended is not None
    again, over = wire_time(ended + seconds(2)), wire_time(ended + seconds(3))
    blank = dict.fromkeys(("fwdStartTime", "fwdAlertingTime", "fwdAnswerTime"), "")
    own = {"icid": f"{call.record_id}-2", "callInTime": again, "callEndTime": over, "failTime": over}
    return fee(info | blank | own)


def arrivals(call: Dialled, how: Reports) -> list[tuple[datetime, Json]]:
    """Return what is reported of a call and when it comes, in the order of coming; a call that goes on has no CDR."""
    made, ended = events(call), times(call).ended
    kinds = [kind for kind in (how.order or EVENTS) if kind in made] if how.events else []
    told = [(_arrives(made[kind], call, in_order=not how.order, ended=ended), made[kind]) for kind in kinds]
    if ended is not None and how.cdr:
        comes = ended + seconds(2) + how.cdr_after
        told = [(call.at, cdr(call)), *told] if how.cdr_first else [*told, (comes, cdr(call))]
    return [one for one in told for _ in range(how.times)]


def _arrives(push: Json, call: Dialled, *, in_order: bool, ended: datetime | None) -> datetime:
    """Return when an event comes: as it happens, or all of them after the call, in an order of their own."""
    if not in_order:
        return (ended or call.at) + seconds(1)
    at = datetime.strptime(push["statusInfo"]["timestamp"], "%Y-%m-%d %H:%M:%S")
    return at.replace(tzinfo=call.at.tzinfo)


def _second_leg(call: Dialled, when: Times) -> Json:
    if when.forwarded is None:
        return {}
    leg: Json = {"fwdDisplayNum": call.told.get("display") or call.x, "fwdDstNum": call.told.get("callee")}
    for name, at in (
        ("fwdStartTime", when.forwarded),
        ("fwdAlertingTime", when.alerted),
        ("fwdAnswerTime", when.answered),
    ):
        if at:
            leg[name] = wire_time(at)
    return leg


def _extras(call: Dialled, when: Times) -> Json:
    extras: Json = {}
    if call.told.get("record") and when.answered:
        extras |= recording(when.answered, call.record_id[-5:])
    if call.told.get("user_data"):
        extras["userData"] = call.told["user_data"]
    if call.digits:
        extras |= {"extendNumber": call.digits, "extendNum": call.digits}
    if call.mode == "X":
        extras["notifyMode"] = "Block"
    return extras


def notification(
    *, sms_id: str, x: str, sender: str, at: datetime, told: Mapping[str, Any], sending: Sending, text: str
) -> Json:
    """Return the Notify of an SMS that the switch forwarded or dropped (pushes.md 4.2)."""
    forwarded = told.get("decision") == "forward"
    parts = sending.parts or int(told.get("parts") or 1)
    result = sending.result if forwarded else int(told.get("send_result") or 0)
    extras = {"splitNum": str(parts if forwarded else 0), "direction": str(told.get("direction") or "2")}
    if sending.sent is not None and result == sending.result:
        extras["sentNum"] = str(sending.sent)
    sms: Json = {
        "smsIdentifier": sms_id,
        "notificationMode": "Notify",
        "calling": sender,
        "virtualNumber": x,
        "event": "Text SMS",
        "timeStamp": wire_time_ms(at),
        "smsContent": told.get("text") or text,
        "sendResult": result,
        "extInfo": {"extParas": [{"key": key, "value": value} for key, value in extras.items()]},
    }
    if forwarded:
        sms["called"] = told.get("receiver")
    for name, value in (("subscriptionId", told.get("subscription_id")), ("userData", told.get("user_data"))):
        if value:
            sms[name] = value
    return {"appKey": told.get("app_key", ""), "smsEvent": sms}

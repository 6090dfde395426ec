"""One simulated call: its events in order and its CDR, for every mode. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import log
from random import Random

from console.simulation import failures
from console.simulation.failures import Failure, Stage
from console.simulation.people import Line, Pair, digest, stranger
from console.simulation.records import Json, event, recording, seconds, wire_time

ANSWER_RATE = 0.6
MEDIAN_TALK_SECONDS = 70.0
TALK_SPREAD = 1.0
LONGEST_TALK_SECONDS = 2 * 3600
RECORDED_SHARE = 0.7
# No call takes longer than this from the dial to the answer or the failure.
LONGEST_SETUP = seconds(180)
# Shorter ones have no file to fetch (pushes.md 3.4).
SHORTEST_RECORDING_SECONDS = 3
SERVICE_TYPES = {"AX": "003", "AXB": "004", "AXE": "005", "AXYB": "007", "X": "004"}
HOSTS = ("ce01.switch1.example", "ce02.switch1.example", "ce03.switch1.example")


@dataclass(frozen=True, slots=True)
class Course:
    """When the second leg started, rang, was answered, and when all ended; in UTC, None = did not happen."""

    forwarded_at: datetime | None
    alerted_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """Everything that happened in one call."""

    key: str
    line: Line
    pair: Pair
    direction: int
    caller: str
    callee: str
    digits: str
    called_in_at: datetime
    course: Course
    failure: Failure | None
    recorded: bool
    host: str

    @property
    def session_id(self) -> str:
        """The link id that events and CDR share."""
        return f"1201_{int(self.key[:4], 16)}_{self.key[:16]}_{self.called_in_at:%Y%m%d%H%M%S}@{self.host}"

    @property
    def subscription_id(self) -> str:
        """The binding id, empty where none was found or the mode has none."""
        unbound = self.failure is not None and self.failure.state_code in failures.WITHOUT_BINDING
        return "" if unbound or self.line.mode == "X" else self.pair.subscription_id


def place(rng: Random, *, seed: str, index: int, line: Line, pair: Pair, at: datetime, cut: datetime) -> Call:
    """Return the call number `index` of the seed, which reaches `line` at `at` and ends before `cut`.

    `cut` lies at least LONGEST_SETUP after `at`; only talk is shortened.
    """
    key = digest(seed, "call", index).hex()
    failure = None if rng.random() < ANSWER_RATE else failures.choose(rng, line.mode)
    drawn = _direction(rng, line.mode)
    direction = drawn if pair.direction is None else pair.direction
    caller, callee = (pair.a, pair.b) if direction == 1 else (pair.b, pair.a)
    if failure and failure.state_code in failures.WITHOUT_BINDING:
        direction, caller = 2, stranger(rng)
    digits = pair.extension if _collects(line.mode, direction, failure) else ""
    course = _course(rng, failure, at + seconds(rng.randint(4, 12) if digits else 1), cut)
    talked = (course.ended_at - course.answered_at).total_seconds() if course.answered_at else 0
    return Call(
        key=key,
        line=line,
        pair=pair,
        direction=direction,
        caller=caller,
        callee=callee,
        digits=digits,
        called_in_at=at,
        course=course,
        failure=failure,
        recorded=line.recording and talked >= SHORTEST_RECORDING_SECONDS and rng.random() < RECORDED_SHARE,
        host=HOSTS[int(key[16:20], 16) % len(HOSTS)],
    )


def _course(rng: Random, failure: Failure | None, now: datetime, cut: datetime) -> Course:
    """Return what happened when, from the instant at which the second leg starts if it does."""
    if failure and failure.stage is Stage.BINDING:
        return Course(None, None, None, now + seconds(rng.randint(*failure.wait)))
    forwarded_at = now
    if failure and failure.stage is Stage.TRANSFER:
        return Course(forwarded_at, None, None, now + seconds(rng.randint(*failure.wait)))
    alerted_at = forwarded_at + seconds(rng.randint(1, 5))
    if failure:
        return Course(forwarded_at, alerted_at, None, alerted_at + seconds(rng.randint(*failure.wait)))
    answered_at = alerted_at + seconds(rng.randint(2, 25))
    ended_at = min(answered_at + seconds(_talk_seconds(rng)), cut - seconds(1))
    return Course(forwarded_at, alerted_at, answered_at, ended_at)


def events(call: Call) -> Iterator[tuple[datetime, Json]]:
    """Yield the events of a call in their order (pushes.md 1.3), each with its instant."""
    for kind, at, fields in _steps(call):
        if at:
            yield at, event(kind, at, call.session_id, **fields)


def _steps(call: Call) -> Iterator[tuple[str, datetime | None, Json]]:
    line, bound = call.line, call.subscription_id
    first = {"caller": call.caller, "called": line.number, "subscriptionId": bound}
    second = {"caller": call.pair.shown or line.number, "called": call.callee, "subscriptionId": bound}
    if line.mode == "X":
        # A callin in X mode is a question to the customer, not news: the switch asks it elsewhere.
        second |= {"notifyMode": "Notify", "userData": call.pair.user_data}
    else:
        told = "" if line.mode == "AXE" else bound
        data = call.pair.user_data if told else ""
        yield "callin", call.called_in_at, {**first, "subscriptionId": told, "userData": data}
    if call.digits:
        yield "collectInfo", (call.course.forwarded_at or call.course.ended_at) - seconds(1), {"digitInfo": call.digits}
    yield "callout", call.course.forwarded_at, second
    yield "alerting", call.course.alerted_at, second
    yield "answer", call.course.answered_at, second
    code, text = (call.failure.state_code, call.failure.text) if call.failure else (0, failures.NORMAL_TEXT)
    last = second if call.course.forwarded_at else first
    yield "disconnect", call.course.ended_at, {**last, "stateCode": code, "stateDesc": text}


def cdr(call: Call) -> Json:
    """Return the FeeInfo of a call (pushes.md 3.1)."""
    line, failure, course = call.line, call.failure, call.course
    info: Json = {
        "direction": call.direction,
        "spId": f"sp-{line.account}"[:32],
        "appKey": line.app_key,
        "icid": call.key[:32],
        "bindNum": line.number,
        "sessionId": call.session_id,
        "subscriptionId": call.subscription_id,
        "callerNum": call.caller,
        "calleeNum": line.number,
        "callInTime": wire_time(call.called_in_at),
        "callEndTime": wire_time(course.ended_at),
        "fwdUnaswRsn": failure.cause if failure else 0,
        "ulFailReason": failure.state_code if failure else 0,
        "sipStatusCode": failure.sip_status if failure else 0,
        "callOutUnaswRsn": 0,
        "recordFlag": 0,
        "ttsPlayTimes": 0,
        "ttsTransDuration": 0,
        "serviceType": SERVICE_TYPES[line.mode],
        "hostName": call.host,
    }
    if course.forwarded_at:
        info |= {
            "fwdDisplayNum": call.pair.shown or line.number,
            "fwdDstNum": call.callee,
            "fwdStartTime": wire_time(course.forwarded_at),
        }
    if course.alerted_at:
        info["fwdAlertingTime"] = wire_time(course.alerted_at)
    if course.answered_at:
        info["fwdAnswerTime"] = wire_time(course.answered_at)
    if failure:
        info["failTime"] = info["callEndTime"]
    return info | _extras(call)


def redial_twin(call: Call, at: datetime) -> Json:
    """Return the second CDR of a call whose handset dialled again: an id of its own, and no times of a second leg."""
    blank = dict.fromkeys(("fwdStartTime", "fwdAlertingTime", "fwdAnswerTime"), "")
    ended = wire_time(at + seconds(1))
    own = {
        "icid": digest(call.key, "twin").hex()[:32],
        "callInTime": wire_time(at),
        "callEndTime": ended,
        "failTime": ended,
    }
    return cdr(call) | blank | own


def _extras(call: Call) -> Json:
    """Return the fields that only some calls have: recording, binding, extension, X mode."""
    extras: Json = {}
    if call.recorded and call.course.answered_at:
        extras |= recording(call.course.answered_at, f"{int(call.key[:8], 16):010d}")
    if call.subscription_id:
        extras |= {"mptyId": call.subscription_id, "userData": call.pair.user_data}
    if call.digits:
        extras |= {"extendNumber": call.digits, "extendNum": call.digits}
    if call.line.mode == "X":
        extras |= {"notifyMode": "Block", "userData": call.pair.user_data}
    return extras


def _direction(rng: Random, mode: str) -> int:
    """Return 1 when A calls, 0 when the others do (AXE: A's call-back is rare)."""
    return int(rng.random() < {"AXE": 0.1, "AX": 0.5, "AXYB": 0.4, "X": 0.0}.get(mode, 0.5))


def _collects(mode: str, direction: int, failure: Failure | None) -> bool:
    """Return whether an extension was entered: AXE, not A's call-back, and the caller stayed for it."""
    return mode == "AXE" and direction != 1 and (failure is None or failure.state_code != 7516)


def _talk_seconds(rng: Random) -> int:
    return min(LONGEST_TALK_SECONDS, max(1, round(rng.lognormvariate(log(MEDIAN_TALK_SECONDS), TALK_SPREAD))))

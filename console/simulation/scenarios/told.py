"""What came of a scenario, in the scenario's own words: decisions, questions, pushes as queued, CDRs, charges.

Numbers, binding ids, session ids and times differ from run to run; "A", "A with B on X" and "0:18" do not.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from billing.models import Charge
from console.simulation.records import Json
from console.simulation.scenarios.player import Played
from notifications.models import Attempt, Push
from privacy.models import Call, Message

Rows = list[Json]
DECISION = (
    *("decision", "rule", "state_code", "send_result", "direction", "callee", "receiver", "display", "text", "parts"),
    *("subscription_id", "user_data", "extension", "max_seconds", "last_minute_voice", "waiting_voice", "record"),
    *("record_voice", "digits", "voice"),
)
EVENT = ("timestamp", "caller", "called", "subscriptionId", "digitInfo", "notifyMode", "userData", "stateCode")
CDR = (
    *("direction", "callerNum", "fwdDisplayNum", "fwdDstNum", "subscriptionId", "callInTime", "fwdAnswerTime"),
    *("callEndTime", "fwdUnaswRsn", "ulFailReason", "sipStatusCode", "recordFlag", "extendNum", "userData"),
    *("notifyMode", "serviceType"),
)
SMS = (
    *("notificationMode", "calling", "called", "subscriptionId", "timeStamp", "smsContent", "sendResult", "extInfo"),
    "userData",
)
STATUS = ("number", "status", "cause")
# Where 0 says something; elsewhere it is left out, as what is empty.
ZERO_COUNTS = {"direction", "stateCode", "sendResult", "release_reason", "result", "talk_seconds"}
EXTENSIONS = {"digits", "digitInfo", "extendNum", "extension"}


def tell(played: Played) -> Json:
    """Return what came of a run."""
    names = Names(played)
    told: Json = {
        "decisions": [_decision(names, answer.name, answer.told) for answer in played.answers],
        "pushes": list(_pushes(names, played)),
        "cdrs": list(_cdrs(names, played)),
        "messages": list(_messages(names, played)),
        "charges": list(_charges(names, played)),
    }
    asked = [_question(names, question) for question in played.asked]
    refused = [{"step": name, "code": code} for name, code in played.refusals]
    wrong = {"quarantined": played.tally.quarantined} if played.tally.quarantined else {}
    more = {"asked": asked, "refused": refused}
    return told | {name: rows for name, rows in more.items() if rows} | wrong


class Names:
    """The scenario's word for each value of a run."""

    def __init__(self, played: Played) -> None:
        setting = played.setting
        self._start = setting.starts_at
        people = {**setting.people, **setting.numbers}
        self._numbers = {number: symbol for symbol, number in people.items()}
        self._words: dict[str, str] = dict(self._numbers)
        self._words |= {made.subscription_id: name for name, made in played.orders.made.items()}
        self.calls = {session_id: name for name, session_id in played.sessions.items()}
        self.messages = {sms_id: name for name, sms_id in played.messages.items()}
        self._extensions = {digits: f"extension of {a}" for a, digits in played.orders.extensions.items()}

    def word(self, field: str, value: Any) -> Any:
        """Return a value in the scenario's words."""
        if isinstance(value, dict):
            return {name: self.word(name, inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.word(field, inner) for inner in value]
        if not isinstance(value, str):
            return value
        if field in EXTENSIONS and value in self._extensions:
            return self._extensions[value]
        return self._words.get(value) or self._time(value) or self._text(value)

    def at(self, moment: datetime | None) -> str | None:
        """Return an instant as so long after the start: "0:18"."""
        if moment is None:
            return None
        past: timedelta = moment.astimezone(UTC) - self._start
        minutes, seconds = divmod(int(past.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}" if minutes >= 60 else f"{minutes}:{seconds:02d}"

    def _time(self, value: str) -> str | None:
        for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%fZ"):
            try:
                return self.at(datetime.strptime(value, form).replace(tzinfo=UTC))
            except ValueError:
                continue
        return None

    def _text(self, value: str) -> str:
        for number, symbol in self._numbers.items():
            value = value.replace(number, f"{{+{symbol}}}").replace(number.removeprefix("+86"), f"{{{symbol}}}")
        return value


def _kept(names: Names, fields: Iterable[str], said: Json) -> Json:
    """Return the fields that say something, in the scenario's words."""
    return {name: names.word(name, said[name]) for name in fields if said.get(name) or _is_zero(name, said)}


def _is_zero(name: str, said: Json) -> bool:
    return name in ZERO_COUNTS and type(said.get(name)) is int


def _decision(names: Names, name: str, told: Json) -> Json:
    about = {"sms" if "sms_id" in told else "call": name}
    return about | _kept(names, DECISION, told)


def _question(names: Names, question: Json) -> Json:
    """Return what the customer was asked."""
    body = question.get("statusInfo") or question.get("smsEvent") or {}
    kept = {name: value for name, value in body.items() if name in {*EVENT, *SMS}}
    about = _about(names, body)
    # When it was asked is the present, not the scenario's time.
    return {"path": question["path"], **about, **_kept(names, (n for n in kept if n.lower() != "timestamp"), kept)}


def _about(names: Names, body: Json) -> Json:
    if "smsIdentifier" in body:
        return {"sms": names.messages.get(body["smsIdentifier"], "another SMS")}
    return {"call": names.calls.get(body.get("sessionId", ""), "another call")}


def _pushes(names: Names, played: Played) -> Iterator[Json]:
    """Yield the pushes in the order in which they leave: those of a call or an SMS, then those of numbers."""
    application = played.setting.application()
    waiting = Push.objects.filter(application=application).select_related("endpoint")
    rows = [(push.order_key, push.sequence, push.endpoint.url, push.body) for push in waiting]
    left = Attempt.objects.filter(application=application, question=False, body__isnull=False)
    assert not left.exists(), "a dispatcher has sent some of the pushes already"
    groups: dict[int, list[tuple[int, str, Json]]] = {}
    for order_key, sequence, url, body in rows:
        groups.setdefault(order_key, []).append((sequence, url, orjson.loads(bytes(body))))
    told = [list(_group(names, sorted(group, key=lambda one: one[0]))) for group in groups.values()]
    known = [*played.sessions, *played.messages]
    for pushes in sorted(told, key=lambda group: _turn(known, group[0])):
        yield from pushes


def _turn(known: list[str], push: Json) -> tuple[int, str]:
    name = push.get("call") or push.get("sms") or ""
    return (known.index(name) if name in known else len(known), str(push.get("number")))


def _group(names: Names, group: list[tuple[int, str, Json]]) -> Iterator[Json]:
    for order, (_, url, body) in enumerate(group, start=1):
        yield {"order": order, "to": url.rpartition("/")[2], **_push(names, body)}


def _push(names: Names, body: Json) -> Json:
    if "smsEvent" in body:
        return {**_about(names, body["smsEvent"]), "kind": "sms", **_kept(names, SMS, _flat(body["smsEvent"]))}
    kind = body.get("eventType")
    if kind == "fee":
        info = body["feeLst"][0]
        return {**_about(names, info), "kind": "fee", **_kept(names, CDR, info)}
    if kind == "numStatus":
        return {"kind": kind, **_kept(names, STATUS, body["numInfo"][0])}
    return {**_about(names, body["statusInfo"]), "kind": kind, **_kept(names, EVENT, body["statusInfo"])}


def _flat(sms: Json) -> Json:
    """Return an SMS with its extParas as an object: easier to read."""
    paras = sms.get("extInfo", {}).get("extParas", [])
    return {**sms, "extInfo": {para["key"]: para["value"] for para in paras}}


def _cdrs(names: Names, played: Played) -> Iterator[Json]:
    """Yield the calls as they are stored, each CDR once."""
    for name, session_id in played.sessions.items():
        for call in Call.objects.filter(session_id=session_id).order_by("call_in_at", "record_id"):
            talked = (call.ended_at - call.answered_at).total_seconds() if call.answered_at else None
            said = {
                "direction": call.direction,
                "caller": str(call.caller_number or ""),
                "callee": str(call.destination_number or ""),
                "binding": call.subscription_id,
                "extension": call.extension,
                "answered": names.at(call.answered_at),
                "ended": names.at(call.ended_at),
                "talk_seconds": int(talked) if talked is not None else None,
                "release_reason": call.release_reason,
                "recorded": call.recorded,
                "user_data": call.user_data,
            }
            yield {"call": name, **_kept(names, said, said)}


def _messages(names: Names, played: Played) -> Iterator[Json]:
    for name, sms_id in played.messages.items():
        for message in Message.objects.filter(sms_id=sms_id):
            said = {
                "sender": str(message.calling_number or ""),
                "receiver": str(message.called_number or ""),
                "binding": message.subscription_id,
                "result": message.send_result,
                "parts": message.parts,
                "parts_sent": message.parts_sent,
            }
            yield {"sms": name, **_kept(names, said, said)}


def _charges(names: Names, played: Played) -> Iterator[Json]:
    rows = Charge.objects.filter(account=played.setting.application().account)
    of_messages = {row.pk: names.messages[row.sms_id] for row in Message.objects.filter(sms_id__in=names.messages)}
    of_calls = {row.pk: names.calls[row.session_id] for row in Call.objects.filter(session_id__in=names.calls)}
    for row in rows.order_by("rated_at", "pk"):
        usage = row.reverses or row.pk
        about = {"call": of_calls[usage]} if usage in of_calls else {"sms": of_messages.get(usage, "another SMS")}
        money = {"units": row.units, "from_package": row.package_units, "overage": row.overage_units}
        late = {"late": True} if row.late else {}
        reversed_ = {"reverses": True} if row.reverses else {}
        yield {**about, "item": row.item, **money, "amount": f"{row.amount.normalize():f}", **late, **reversed_}

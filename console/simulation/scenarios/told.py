"""What came of a scenario, in the scenario's own words: decisions, questions, pushes as queued, CDRs, charges.

Numbers, binding ids, session ids and times differ from run to run; "A", "A with B on X" and "0:18" do not.
"""

from collections.abc import Iterator

import orjson

from common.errors import MasklineError
from console.simulation.records import Json
from console.simulation.scenarios import stored
from console.simulation.scenarios.names import Names
from console.simulation.scenarios.player import Played
from notifications.models import Attempt, Push

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


class Sent(MasklineError):
    """The outbox no longer holds every push of the run."""


def tell(played: Played) -> Json:
    """Return what came of a run. Raises Sent."""
    names = Names(played)
    told: Json = {
        "decisions": [_decision(names, answer.name, answer.told) for answer in played.answers],
        "pushes": list(_pushes(names, played)),
        "calls": list(stored.calls(names, played)),
        "cdrs": list(stored.cdrs(names, played)),
        "messages": list(stored.messages(names, played)),
        "charges": list(stored.charges(names, played)),
    }
    asked = [_question(names, question) for question in played.asked]
    refused = [{"step": name, "code": code} for name, code in played.refusals]
    wrong = {"quarantined": played.tally.quarantined} if played.tally.quarantined else {}
    more = {"asked": asked, "refused": refused}
    return told | {name: rows for name, rows in more.items() if rows} | wrong


def _decision(names: Names, name: str, told: Json) -> Json:
    about = {"sms" if "sms_id" in told else "call": name}
    return about | names.kept(DECISION, told)


def _question(names: Names, question: Json) -> Json:
    """Return what the customer was asked."""
    body = question.get("statusInfo") or question.get("smsEvent") or {}
    kept = {name: value for name, value in body.items() if name in {*EVENT, *SMS}}
    about = _about(names, body)
    # When it was asked is the present, not the scenario's time.
    wrong = {"signature": question["signature"]} if "signature" in question else {}
    return {
        "path": question["path"],
        **wrong,
        **about,
        **names.kept((n for n in kept if n.lower() != "timestamp"), kept),
    }


def _about(names: Names, body: Json) -> Json:
    if "smsIdentifier" in body:
        return {"sms": names.messages.get(body["smsIdentifier"], "another SMS")}
    return {"call": names.calls.get(body.get("sessionId", ""), "another call")}


def _pushes(names: Names, played: Played) -> Iterator[Json]:
    """Yield the pushes in the order in which they leave: those of a call or an SMS, then those of numbers."""
    application = played.setting.application()
    waiting = Push.objects.filter(application=application).select_related("endpoint")
    rows = [(push.order_key, push.sequence, push.endpoint.url, push.body) for push in waiting]
    if Attempt.objects.filter(application=application, question=False).exists():
        raise Sent("a dispatcher has sent some of the pushes already: play it where none runs")
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
        return {**_about(names, body["smsEvent"]), "kind": "sms", **names.kept(SMS, _flat(body["smsEvent"]))}
    kind = body.get("eventType")
    if kind == "fee":
        info = body["feeLst"][0]
        return {**_about(names, info), "kind": "fee", **names.kept(CDR, info)}
    if kind == "numStatus":
        return {"kind": kind, **names.kept(STATUS, body["numInfo"][0])}
    return {**_about(names, body["statusInfo"]), "kind": kind, **names.kept(EVENT, body["statusInfo"])}


def _flat(sms: Json) -> Json:
    """Return an SMS with its extParas as an object: easier to read."""
    paras = sms.get("extInfo", {}).get("extParas", [])
    return {**sms, "extInfo": {para["key"]: para["value"] for para in paras}}

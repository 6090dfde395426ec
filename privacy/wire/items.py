"""One item of the wire to facts, or to the reason why not. Here stand the vendor's field names."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from privacy import reasons
from privacy.models.arrivals import Kind
from privacy.reasons import Problem
from privacy.wire.facts import CallFacts, EventFacts, Item, MessageFacts, StatusFacts
from privacy.wire.fields import OLDEST, SMALL, WHOLE, Field, Unfit, code, flag, phone, text, time, whole

HOUR_AHEAD = timedelta(hours=1)
DAY = timedelta(days=1)

FEE: dict[str, Field] = {
    "direction": Field("direction", whole(SMALL)),
    "spId": Field("sp_id", text(32)),
    "appKey": Field("app_key", text(128)),
    "icid": Field("record_id", text(64)),
    "bindNum": Field("number", phone),
    "sessionId": Field("session_id", text(256)),
    "subscriptionId": Field("subscription_id", text(64)),
    "callerNum": Field("caller_number", phone),
    "calleeNum": Field("callee_number", phone),
    "fwdDisplayNum": Field("display_number", phone),
    "fwdDstNum": Field("destination_number", phone),
    "callInTime": Field("call_in_at", time),
    "fwdStartTime": Field("forward_started_at", time),
    "fwdAlertingTime": Field("alerting_at", time),
    "fwdAnswerTime": Field("answered_at", time),
    "callEndTime": Field("ended_at", time),
    "failTime": Field("failed_at", time),
    "fwdUnaswRsn": Field("unanswered_reason", whole(SMALL)),
    "ulFailReason": Field("release_reason", whole(WHOLE)),
    "sipStatusCode": Field("sip_status", whole(SMALL)),
    "callOutUnaswRsn": Field("callout_unanswered_reason", whole(SMALL)),
    "recordFlag": Field("recorded", flag),
    "recordStartTime": Field("record_started_at", time),
    "recordObjectName": Field("record_object", text(256)),
    "recordBucketName": Field("record_bucket", text(128)),
    "recordDomain": Field("record_domain", text(128)),
    "recordFileDownloadUrl": Field("record_download_url", text(1024)),
    "recordPushURL": Field("record_push_url", text(1024)),
    "ttsPlayTimes": Field("tts_play_times", whole(WHOLE)),
    "ttsTransDuration": Field("tts_duration", whole(WHOLE)),
    "mptyId": Field("mpty_id", text(64)),
    "serviceType": Field("service_type", text(32)),
    "hostName": Field("host_name", text(128)),
    "userData": Field("user_data", text(256)),
    "notifyMode": Field("notify_mode", text(32)),
    "extendNum": Field("extension", code(8)),
    "extendNumber": Field("extension", code(8)),
    "voiceCheckType": Field("voice_check_type", whole(SMALL)),
}
EVENT: dict[str, Field] = {
    "timestamp": Field("occurred_at", time),
    "sessionId": Field("session_id", text(256)),
    "caller": Field("caller_number", phone),
    "called": Field("called_number", phone),
    "subscriptionId": Field("subscription_id", text(64)),
    "userData": Field("user_data", text(256)),
    "notifyMode": Field("notify_mode", text(32)),
    "digitInfo": Field("digits", code(64)),
    "stateCode": Field("state_code", whole(WHOLE)),
    "stateDesc": Field("state_description", text(256)),
}
SMS: dict[str, Field] = {
    "smsIdentifier": Field("sms_id", text(64)),
    "notificationMode": Field("notification_mode", text(8)),
    "calling": Field("calling_number", phone),
    "called": Field("called_number", phone),
    "virtualNumber": Field("number", phone),
    "event": Field("event", text(32)),
    "timeStamp": Field("occurred_at", time),
    "subscriptionId": Field("subscription_id", text(64)),
    "smsContent": Field("content", text(70_000, nul=True)),
    "sendResult": Field("send_result", whole(SMALL)),
    "areaCode": Field("area_code", code(32)),
    "userData": Field("user_data", text(256)),
    "sentNum": Field("sent_count", whole(WHOLE)),
}
STATUS: dict[str, Field] = {
    "number": Field("number", phone),
    "status": Field("status", whole(SMALL)),
    "cause": Field("cause", code(8)),
}
EVENT_TYPES = {name.lower(): name for name in ("callin", "collectInfo", "callout", "alerting", "answer", "disconnect")}
NOTIFICATION_MODES = {"notify": "Notify", "block": "Block"}
NUMBER_STATUSES = frozenset({5, 9, 10, 11})
SEND_RESULTS = range(14)
MOST_PARTS = 1000
ANY_SIZE = 1 << 1100  # beyond the largest float
CALL_TIMES = [name for name, field in FEE.items() if field.read is time]
_call_times = attrgetter(*(FEE[name].attribute for name in CALL_TIMES))
IN_SMS_PUSH = frozenset({"appKey", "smsEvent"})
IN_EVENT_PUSH = frozenset({"eventType", "statusInfo"})


def read_item(kind: Kind, sent: Mapping[str, Any], now: datetime, line: int) -> Item:
    """Return an item with its facts or its problem. `now` decides what lies in the future."""
    item = Item(kind, line, sent)
    try:
        _READERS[kind](item, now)
    except Unfit as unfit:
        item.problem = Problem(unfit.reason, unfit.field, unfit.detail)
    return item


def _read_call(item: Item, now: datetime) -> None:
    values, unknown = _values(item.sent, FEE)
    facts = item.facts = CallFacts.of(values, unknown)
    facts.number = facts.number or facts.callee_number or ""
    _need(facts.app_key, "appKey")
    _need(facts.number, "bindNum")
    in_order = (facts.call_in_at, facts.forward_started_at, facts.answered_at, facts.failed_at, facts.ended_at)
    times = [at for at in in_order if at is not None]
    _need(times, "callInTime")
    facts.first_at = times[0]
    if not facts.record_id:
        _need(facts.session_id, "icid")
        _need(facts.call_in_at, "callInTime")
    latest = now + HOUR_AHEAD
    for name, at in zip(CALL_TIMES, _call_times(facts), strict=True):
        if at is not None and not OLDEST <= at <= latest:
            _plausible(at, latest, name)
    _judge_duration(facts)
    if facts.ended_at is None:
        facts.ended_at = facts.failed_at or max(times)


def _judge_duration(facts: CallFacts) -> None:
    if facts.answered_at is None:
        return
    if facts.ended_at is None:
        raise Unfit(reasons.NO_END, "callEndTime")
    if facts.ended_at < facts.answered_at:
        raise Unfit(reasons.END_BEFORE_ANSWER, "callEndTime")
    if facts.ended_at - facts.answered_at > DAY:
        raise Unfit(reasons.OVER_A_DAY, "callEndTime")


def _read_event(item: Item, now: datetime) -> None:
    event_type = item.sent.get("eventType") or ""
    values, unknown = _values(item.sent["statusInfo"], EVENT)
    facts = item.facts = EventFacts.of(values, _outer(item.sent, IN_EVENT_PUSH, "statusInfo", unknown))
    _need(event_type, "eventType")
    if event_type.strip().lower() not in EVENT_TYPES:
        raise Unfit(reasons.UNKNOWN_EVENT, "eventType")
    facts.event_type = EVENT_TYPES[event_type.strip().lower()]
    _need(facts.session_id, "sessionId")
    _need(facts.occurred_at, "timestamp")
    assert facts.occurred_at is not None
    _plausible(facts.occurred_at, now + HOUR_AHEAD, "timestamp")


def _read_message(item: Item, now: datetime) -> None:
    sms = item.sent["smsEvent"]
    extra = _extra(sms.get("extInfo"))
    plain = {name: value for name, value in sms.items() if name != "extInfo"}
    values, unknown = _values(plain | extra.known, SMS_WITH_EXTRA)
    if extra.unknown:
        unknown = {**(unknown or {}), "extInfo": extra.unknown}
    facts = item.facts = MessageFacts.of(values, _outer(item.sent, IN_SMS_PUSH, "smsEvent", unknown))
    facts.app_key = _app_key(item.sent)
    _need(facts.sms_id, "smsIdentifier")
    _need(facts.notification_mode, "notificationMode")
    _need(facts.calling_number, "calling")
    _need(facts.number, "virtualNumber")
    _need(facts.occurred_at, "timeStamp")
    assert facts.occurred_at is not None
    _plausible(facts.occurred_at, now + HOUR_AHEAD, "timeStamp")
    if facts.notification_mode.lower() not in NOTIFICATION_MODES:
        raise Unfit(reasons.UNKNOWN_VALUE, "notificationMode")
    facts.notification_mode = NOTIFICATION_MODES[facts.notification_mode.lower()]
    if facts.notification_mode == "Notify":
        _need(facts.send_result is not None, "sendResult")
        if facts.send_result not in SEND_RESULTS:
            raise Unfit(reasons.UNKNOWN_VALUE, "sendResult")


def _read_status(item: Item, now: datetime) -> None:
    values, unknown = _values(item.sent, STATUS)
    facts = item.facts = StatusFacts.of(values, unknown)
    _need(facts.number, "number")
    _need("status" in values, "status")
    if facts.status not in NUMBER_STATUSES:
        raise Unfit(reasons.UNKNOWN_VALUE, "status")
    if facts.status != 10:
        facts.cause = ""


_READERS = {Kind.CDR: _read_call, Kind.EVENT: _read_event, Kind.SMS: _read_message, Kind.NUMBER_STATUS: _read_status}


def _values(sent: Mapping[str, Any], fields: dict[str, Field]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the values of the known fields and the unknown ones. Absent, null and "" are the same."""
    values: dict[str, Any] = {}
    unknown: dict[str, Any] | None = None
    for name, value in sent.items():
        if value is None or value == "":
            continue
        field = fields.get(name)
        if field is None:
            unknown = unknown or {}
            unknown[name] = value
            continue
        attribute, read = field
        try:
            values[attribute] = read(value)
        except Unfit as unfit:
            unfit.field = name
            raise
    return values, unknown


class _Extra:
    """The extParas of an SMS: what we know of them, and the whole when there is more."""

    def __init__(self, known: dict[str, Any], unknown: Any) -> None:
        self.known = known
        self.unknown = unknown


def _direction(value: Any) -> str:
    return code(8)(value)  # type: ignore[no-any-return]


def _count(value: Any) -> int | None:
    """Return a count of parts if it is an integer >= 1; anything else counts as not said (billing.md 1).

    More than any text has is refused: it would be charged.
    """
    try:
        number = whole(ANY_SIZE)(value)
    except Unfit:
        return None
    if number > MOST_PARTS:
        raise Unfit(reasons.UNKNOWN_VALUE, detail=f"> {MOST_PARTS}")
    return number if number >= 1 else None


_EXTRA = {
    "direction": Field("direction", _direction),
    "splitNum": Field("split_count", _count),
    "sentNum": Field("sent_count", _count),
}
SMS_WITH_EXTRA = SMS | _EXTRA


def _extra(ext_info: Any) -> _Extra:
    if not ext_info:
        return _Extra({}, None)
    paras = ext_info.get("extParas") if isinstance(ext_info, dict) else None
    if not isinstance(paras, list):
        return _Extra({}, ext_info)
    known: dict[str, Any] = {}
    strange = len(ext_info) > 1
    for para in paras:
        key = para.get("key") if isinstance(para, dict) else None
        if isinstance(key, str) and key in _EXTRA and para.keys() <= {"key", "value"}:
            known[key] = para.get("value")
        else:
            strange = True
    return _Extra(known, ext_info if strange else None)


def _app_key(push: Mapping[str, Any]) -> str:
    try:
        app_key: str = FEE["appKey"].read(push.get("appKey") or "")
    except Unfit as unfit:
        unfit.field = "appKey"
        raise
    _need(app_key, "appKey")
    return app_key


def _outer(
    push: Mapping[str, Any], known: frozenset[str], inside: str, unknown: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Return the unknown fields of a push and, under the name of its object, those of the object."""
    outer = {name: value for name, value in push.items() if name not in known}
    if unknown:
        outer[inside] = unknown
    return outer or None


def _need(value: Any, name: str) -> None:
    if not value:
        raise Unfit(reasons.MISSING, name)


def _plausible(at: datetime, latest: datetime, name: str) -> None:
    if at > latest:
        raise Unfit(reasons.FUTURE, name)
    if at < OLDEST:
        raise Unfit(reasons.ABSURD_TIME, name)

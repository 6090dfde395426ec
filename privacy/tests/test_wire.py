"""Reading the wire: what is accepted, what is quarantined naming its field, what is no body at all."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import BadInput
from privacy.models.arrivals import Kind
from privacy.reasons import Problem
from privacy.tests import wires
from privacy.wire import CallFacts, MessageFacts, corrections, pushes, read_body, read_entry, read_line

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)


def read(*bodies: Any) -> Any:
    """Return the items of a body."""
    return read_body(wires.body(*bodies), NOW)


def problem(push: Any) -> tuple[str, str] | None:
    """Return reason and field of the one item's problem."""
    found = read(push)[0].problem
    return (found.reason, found.field) if found else None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"callerNum": "anonymous"}, None),
        ({"callerNum": "10086", "direction": "1", "recordFlag": "1", "voiceCheckType": None}, None),
        ({"icid": ""}, None),
        ({"bindNum": ...}, None),
        ({"extendNum": 42}, None),
        ({"callerNum": ..., "sessionId": ...}, None),
        ({"appKey": ...}, ("missing_field", "appKey")),
        ({"appKey": None}, ("missing_field", "appKey")),
        ({"bindNum": "", "calleeNum": ""}, ("missing_field", "bindNum")),
        ({"icid": ..., "sessionId": ...}, ("missing_field", "icid")),
        ({"icid": ..., "callInTime": ...}, ("missing_field", "callInTime")),
        ({"callEndTime": ...}, ("answered_without_end", "callEndTime")),
        ({"callEndTime": "2026-03-01 02:03:45"}, ("end_before_answer", "callEndTime")),
        ({"fwdAnswerTime": "2026-02-28 01:00:00"}, ("longer_than_24_hours", "callEndTime")),
        ({"callEndTime": "2026-03-01 05:00:01"}, ("in_the_future", "callEndTime")),
        ({"callInTime": "1970-01-01 00:00:00"}, ("absurd_time", "callInTime")),
        ({"callInTime": "0001-01-01 00:00:00"}, ("absurd_time", "callInTime")),
        ({"callInTime": "2026-02-30 00:00:00"}, ("bad_time", "callInTime")),
        ({"callInTime": "2026-03-01T02:03:04+08:00"}, ("bad_time", "callInTime")),
        ({"callInTime": 1772330584}, ("wrong_type", "callInTime")),
        ({"callerNum": "+86\u0000139"}, ("nul_character", "callerNum")),
        ({"hostName": "a\u0000"}, ("nul_character", "hostName")),
        ({"hostName": "h" * 129}, ("too_long", "hostName")),
        ({"callerNum": "1" * 33}, ("too_long", "callerNum")),
        ({"direction": 1.5}, ("wrong_type", "direction")),
        ({"direction": True}, ("wrong_type", "direction")),
        ({"ulFailReason": 10**12}, ("wrong_type", "ulFailReason")),
        ({"ulFailReason": 1e30}, ("wrong_type", "ulFailReason")),
        ({"sipStatusCode": "-" * 500}, ("wrong_type", "sipStatusCode")),
        ({"sipStatusCode": "٣"}, ("wrong_type", "sipStatusCode")),
        ({"recordFlag": 2}, ("wrong_type", "recordFlag")),
        ({"sessionId": ["s"]}, ("wrong_type", "sessionId")),
        ({"icid": {"a": 1}}, ("wrong_type", "icid")),
    ],
)  # fmt: skip
def test_a_cdr_is_sound_or_its_problem_names_the_field(fields, expected):
    assert problem(wires.fees(wires.fee(**fields))) == expected


@pytest.mark.parametrize(
    ("push", "expected"),
    [
        (wires.event("CALLIN"), None),
        (wires.event("ringing"), ("unknown_event", "eventType")),
        (wires.event(timestamp=...), ("missing_field", "timestamp")),
        (wires.event(sessionId=...), ("missing_field", "sessionId")),
        (wires.event(stateCode="0"), None),
        (wires.event(timestamp="2026-03-01 05:00:01"), ("in_the_future", "timestamp")),
        (wires.sms(event="TextSMS"), None),
        (wires.sms(smsContent="a\u0000b"), None),
        (wires.sms(smsContent="汉" * 70_001), ("too_long", "smsContent")),
        (wires.sms(result=...), ("missing_field", "sendResult")),  # type: ignore[arg-type]
        (wires.sms(result=14), ("unknown_value", "sendResult")),
        (wires.sms(app_key=""), ("missing_field", "appKey")),
        (wires.sms(app_key=5), ("wrong_type", "appKey")),  # type: ignore[arg-type]
        (wires.sms(notificationMode="Tell"), ("unknown_value", "notificationMode")),
        (wires.sms(extInfo={"extParas": [{"key": ["a"], "value": 1}, 5]}), None),
        (wires.sms(extInfo="none"), None),
        (wires.number_status(status=9), None),  # type: ignore[arg-type]
        (wires.number_status(status="6"), ("unknown_value", "status")),
        ({"eventType": "numStatus", "numInfo": ["x"]}, ("wrong_type", "numInfo")),
    ],
)
def test_other_items_are_sound_or_their_problem_names_the_field(push, expected):
    assert problem(push) == expected


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"\xff", "body"),
        (b"NaN", "body"),
        (b'{"eventType":"fee","feeLst":[{"direction":NaN}]}', "body"),
        (b'{"eventType":"fee","feeLst":[{"direction":1e400}]}', "body"),
        (b'{"eventType":"fee","feeLst":[{"icid":"\\ud800"}]}', "body"),
        (b"[" * 100_000, "body"),
        (b'{"eventType":"fee","x":' + b"[" * 70 + b"]" * 70 + b',"feeLst":[{}]}', "body"),
        (b'{"eventType":"fee","feeLst":[{"icid":"a","icid":"b"}]}', "icid"),
        (b'{"eventType":"fee","feeLst":[{"icid":"a\\":","icid" :"b"}]}', "icid"),
        (b"[]", "body"),
        (b'"fee"', "body"),
        (b"5", "body"),
        (b"null", "body"),
        (b"[5]", "[0]"),
        (b"{}", "eventType"),
        (b'{"eventType":5}', "eventType"),
        (b'{"eventType":"fee"}', "feeLst"),
        (b'{"eventType":"fee","feeLst":{}}', "feeLst"),
        (b'{"eventType":"fee","feeLst":[]}', "body"),
        (b'[{"eventType":"fee","feeLst":[]},{"eventType":"numStatus"}]', "[1].numInfo"),
        (b'{"eventType":"answer"}', "statusInfo"),
        (b'{"smsEvent":[]}', "smsEvent"),
    ],
)
def test_a_body_that_is_none_names_the_field(body, field):
    with pytest.raises(BadInput) as raised:
        read_body(body, NOW)
    assert raised.value.field == field


def test_a_thousand_items_are_read_and_one_more_is_refused():
    infos = [wires.fee(str(n)) for n in range(1001)]
    assert len(read(wires.fees(*infos[:1000]))) == 1000
    with pytest.raises(BadInput, match="more than 1000"):
        read(wires.fees(*infos[:500]), wires.fees(*infos[500:]))


def test_unknown_fields_are_kept():
    facts = read(wires.fees(wires.fee(newField={"a": [1]}, other="x")))[0].facts
    assert facts.unknown == {"newField": {"a": [1]}, "other": "x"}
    facts = read({**wires.event(), "outer": 1, "statusInfo": {**wires.event()["statusInfo"], "inner": 2}})[0].facts
    assert facts.unknown == {"outer": 1, "statusInfo": {"inner": 2}}


def test_the_parts_an_upstream_counted_are_read():
    paras = [{"key": "splitNum", "value": "2"}, {"key": "sentNum", "value": 1}, {"key": "direction", "value": "1"}]
    facts: MessageFacts = read(wires.sms(extInfo={"extParas": paras}))[0].facts
    assert (facts.split_count, facts.sent_count, facts.direction, facts.unknown) == (2, 1, "1", None)
    facts = read(wires.sms(extInfo={"extParas": [{"key": "splitNum", "value": "0"}]}))[0].facts
    assert facts.split_count is None


@pytest.mark.parametrize("name", ["splitNum", "sentNum"])
@pytest.mark.parametrize("value", [1001, "1001", 10**12, 3e9])
def test_more_parts_than_any_text_has_are_refused(name, value):
    assert problem(wires.sms(extInfo={"extParas": [{"key": name, "value": value}]})) == ("unknown_value", name)
    assert problem(wires.sms(extInfo={"extParas": [{"key": name, "value": 1000}]})) is None
    assert problem(wires.sms(sentNum=value)) == ("unknown_value", "sentNum")


@pytest.mark.parametrize("name", ["ttsPlayTimes", "ttsTransDuration", "ulFailReason"])
@pytest.mark.parametrize("value", [1 << 31, "-2147483649", 1e300])
def test_a_number_too_large_for_its_column_is_refused(name, value):
    assert problem(wires.fees(wires.fee(**{name: value}))) == ("wrong_type", name)


def test_a_push_carries_our_app_key_and_both_names_of_the_extension():
    item = read(wires.fees(wires.fee(appKey="vendorKey", extendNum="0042")))[0]
    info = orjson.loads(pushes.fee(item, "acmeAppKey01"))["feeLst"][0]
    assert (info["appKey"], info["extendNum"], info["extendNumber"]) == ("acmeAppKey01", "0042", "0042")
    assert {**info, "appKey": "vendorKey"} == {**item.sent, "extendNumber": "0042"}


def test_the_text_of_a_message_leaves_only_where_it_was_asked_for():
    item = read(wires.sms())[0]
    assert b"hello" in pushes.message(item, "k", with_content=True)
    assert b"hello" not in pushes.message(item, "k", with_content=False)


def test_a_correction_changes_fields_where_they_stand():
    changed = corrections.changed(Kind.SMS, wires.sms(), {"called": None, "appKey": "other", "sendResult": 4})
    assert (changed["appKey"], changed["smsEvent"]["sendResult"]) == ("other", 4)
    assert "called" not in changed["smsEvent"]
    with pytest.raises(BadInput):
        corrections.changed(Kind.CDR, wires.fee(), {"nonsense": 1})


def test_an_event_type_taken_away_is_missing():
    emptied = corrections.changed(Kind.EVENT, wires.event(), {"eventType": ""})
    assert read_entry(Kind.EVENT, emptied, NOW, 1).problem == Problem("missing_field", "eventType")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(sorted({*wires.fee(), *wires.event()["statusInfo"], *wires.sms()["smsEvent"], "extInfo"}))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["fee", "event", "sms", "numStatus"]), st.dictionaries(NAMES, JSON, max_size=8))
def test_whatever_stands_in_a_field_the_item_is_sound_or_has_a_problem(kind, fields):
    push: Any = {
        "fee": lambda: wires.fees({**wires.fee(), **fields}),
        "event": lambda: {"eventType": "answer", "statusInfo": {**wires.event()["statusInfo"], **fields}},
        "sms": lambda: {"appKey": "k", "smsEvent": {**wires.sms()["smsEvent"], **fields}},
        "numStatus": lambda: {
            "eventType": "numStatus",
            "numInfo": [{"number": "+8617100000001", "status": "9", **fields}],
        },
    }[kind]()
    try:
        body = orjson.dumps(push)
    except (TypeError, ValueError):
        return
    item = read_body(body, NOW)[0]
    assert (item.problem is None) <= (item.facts is not None)


def test_a_line_of_a_file_is_a_fee_info_or_a_fee_push():
    assert isinstance(read_line(orjson.dumps(wires.fee()), NOW, 3)[0].facts, CallFacts)
    assert len(read_line(orjson.dumps(wires.fees(wires.fee("a"), wires.fee("b"))), NOW, 3)) == 2
    with pytest.raises(BadInput):
        read_line(orjson.dumps(wires.event()), NOW, 3)

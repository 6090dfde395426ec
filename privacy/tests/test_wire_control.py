"""Bodies of the questions to customers, and how their answers are read (pushes.md 1.5, 2, 4.3, 4.6)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.routing.facts import CallReply, MessageReply
from privacy.wire import control
from privacy.wire.control import MessageQuestion

AT = datetime(2026, 3, 1, 2, 3, 4, 123456, UTC)
A, B, X = "+8613900000101", "+8613900000404", "+8617100000009"
CONNECT: dict[str, Any] = {
    "operation": "connect",
    "connectInfo": {
        "displayCalleeNum": X,
        "calleeNum": B,
        "maxDuration": 60,
        "waitVoice": "wait01.wav",
        "recordFlag": "true",
        "recordHintTone": "rec01.wav",
        "lastMinVoice": "last01.wav",
        "userData": "ticket-17",
    },
}
GOOD = CallReply(
    "connect",
    callee=B,
    display=X,
    max_minutes=60,
    last_minute_voice="last01.wav",
    waiting_voice="wait01.wav",
    record=True,
    record_voice="rec01.wav",
    user_data="ticket-17",
)


def test_a_block_callin_is_what_the_reference_shows() -> None:
    assert json.loads(control.callin("s-1", AT, A, X)) == {
        "eventType": "callin",
        "statusInfo": {
            "sessionId": "s-1",
            "timestamp": "2026-03-01 02:03:04",
            "caller": A,
            "called": X,
            "notifyMode": "Block",
        },
    }


def test_a_block_sms_is_byte_for_byte_the_example() -> None:
    asked = MessageQuestion("demoAppKey01", "sms-0001", AT, A, X, 2, "1")
    assert control.message(asked) == (
        b'{"appKey":"demoAppKey01","smsEvent":{"smsIdentifier":"sms-0001","notificationMode":"Block",'
        b'"calling":"+8613900000101","virtualNumber":"+8617100000009","event":"Text SMS",'
        b'"timeStamp":"2026-03-01T02:03:04.123Z","extInfo":{"extParas":[{"key":"splitNum","value":"2"},'
        b'{"key":"direction","value":"1"}]}}}'
    )


def test_an_sms_of_a_binding_names_it_and_its_text_where_that_is_wanted() -> None:
    asked = MessageQuestion("k", "sms-1", AT, A, X, 1, "1", "sub-1", "order-7", "hello")
    sms = json.loads(control.message(asked))["smsEvent"]
    assert (sms["subscriptionId"], sms["userData"], sms["smsContent"]) == ("sub-1", "order-7", "hello")


def read(said: Any) -> CallReply:
    return control.read_call_reply(said if isinstance(said, bytes) else json.dumps(said).encode())


def changed(**fields: Any) -> dict[str, Any]:
    info = {name: value for name, value in {**CONNECT["connectInfo"], **fields}.items() if value is not ...}
    return {**CONNECT, "connectInfo": info}


@pytest.mark.parametrize(
    "said",
    [
        CONNECT,
        [CONNECT],
        {**CONNECT, "connectInfo": [CONNECT["connectInfo"]]},
        {**CONNECT, "operation": " Connect "},
        {**CONNECT, "unknown": {"a": [1]}, "closeInfo": None},
        changed(maxDuration="60", recordFlag=True),
        changed(maxDuration=60.0, recordFlag="TRUE"),
        changed(recordFlag=1, more="x"),
        changed(calleeNum="13900000404", displayCalleeNum="8617100000009"),
        changed(calleeNum=13900000404),
        b"\xef\xbb\xbf" + json.dumps(CONNECT).encode(),
    ],
)
def test_a_good_reply_is_understood_however_it_is_written(said: Any) -> None:
    assert read(said) == GOOD


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"maxDuration": 0}, {"max_minutes": 0, "last_minute_voice": ""}),
        ({"maxDuration": ...}, {"max_minutes": 0, "last_minute_voice": ""}),
        ({"maxDuration": ""}, {"max_minutes": 0, "last_minute_voice": ""}),
        ({"maxDuration": 1440}, {"max_minutes": 1440}),
        ({"recordFlag": "false"}, {"record": False, "record_voice": ""}),
        ({"recordFlag": False}, {"record": False, "record_voice": ""}),
        ({"recordFlag": None}, {"record": False, "record_voice": ""}),
        ({"displayCalleeNum": ...}, {"display": ""}),
        ({"calleeNum": "+8675512345678"}, {"callee": "+8675512345678"}),
        ({"calleeNum": "075512345678"}, {"callee": "+8675512345678"}),
        ({"userData": ""}, {"user_data": None}),
        ({"userData": 17}, {"user_data": "17"}),
        ({"waitVoice": None}, {"waiting_voice": ""}),
    ],
)
def test_each_field_means_what_the_reference_says(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    reply = read(changed(**fields))
    assert {name: getattr(reply, name) for name in expected} == expected
    assert reply.problem == ""


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (b"", "unreadable"),
        (b"OK", "unreadable"),
        (b"null", "unreadable"),
        (b"[]", "unreadable"),
        (b"\xff", "unreadable"),
        (b"[" * 100_000, "unreadable"),
        ({}, "unreadable"),
        ([CONNECT, CONNECT], "unreadable"),
        ({"operation": "connect"}, "unreadable"),
        ({"operation": "connect", "connectInfo": []}, "unreadable"),
        ({"operation": "connect", "connectInfo": "x"}, "unreadable"),
        ({"operation": "vNumberRoute", "message": {}}, "unreadable"),
        ({"operation": ["connect"], "connectInfo": {}}, "unreadable"),
        ({"resultcode": "0"}, "unreadable"),
        (changed(maxDuration=1441), "unreadable"),
        (changed(maxDuration=-1), "unreadable"),
        (changed(maxDuration="an hour"), "unreadable"),
        (changed(maxDuration=1e400), "unreadable"),
        (changed(maxDuration=1.5), "unreadable"),
        (changed(maxDuration=True), "unreadable"),
        (changed(waitVoice="x" * 129), "unreadable"),
        (changed(calleeNum=...), "callee"),
        (changed(calleeNum=""), "callee"),
        (changed(calleeNum="+86139"), "callee"),
        (changed(calleeNum="anonymous"), "callee"),
        (changed(calleeNum="10086"), "callee"),
        (changed(calleeNum="+" + "1" * 40), "callee"),
        (changed(calleeNum={"a": 1}), "unreadable"),
        (changed(userData="订单"), "user_data"),
        (changed(userData="{a}"), "user_data"),
        (changed(userData="x" * 257), "user_data"),
        (changed(userData={"a": 1}), "user_data"),
        ({"operation": "close", "closeInfo": {"userData": "订单"}}, "user_data"),
    ],
)
def test_what_cannot_be_used_has_a_problem(said: Any, problem: str) -> None:
    assert read(said) == CallReply(problem=problem)


@pytest.mark.parametrize(
    ("said", "voice", "user_data"),
    [
        ({"operation": "close"}, "", None),
        ({"operation": "CLOSE", "closeInfo": None}, "", None),
        ({"operation": "close", "closeInfo": {"closeHintTone": "bye.wav", "userData": "t-18"}}, "bye.wav", "t-18"),
        ([{"operation": "close", "closeInfo": [{"closeHintTone": "bye.wav"}]}], "bye.wav", None),
    ],
)
def test_a_close_is_understood(said: Any, voice: str, user_data: str | None) -> None:
    assert read(said) == CallReply("close", closing_voice=voice, user_data=user_data)


ROUTE = {"operation": "vNumberRoute", "message": {"called": B, "calling": A}}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"actions": [ROUTE]}, MessageReply("forward", receiver=B)),
        ({"actions": ROUTE}, MessageReply("forward", receiver=B)),
        ([{"actions": [ROUTE]}], MessageReply("forward", receiver=B)),
        (ROUTE, MessageReply("forward", receiver=B)),
        ({"actions": [{**ROUTE, "message": [ROUTE["message"]]}]}, MessageReply("forward", receiver=B)),
        ({"actions": [{**ROUTE, "message": {"called": B, "calling": "13900000101"}}]},
         MessageReply("forward", receiver=B)),
        ({"actions": [{**ROUTE, "message": {"called": B}}]}, MessageReply("forward", receiver=B)),
        ({"actions": [{**ROUTE, "userData": "t-1", "extParas": []}]},
         MessageReply("forward", receiver=B, user_data="t-1")),
        ({"actions": [{"operation": "DiscardMessage"}]}, MessageReply("discard")),
        ({"actions": [{"operation": "discardmessage", "userData": "t"}]}, MessageReply("discard", user_data="t")),
        ({"actions": [{"operation": "vNumberRoute"}]}, MessageReply(problem="unreadable")),
        ({"operation": "vNumberRoute"}, MessageReply(problem="unreadable")),
        ({"actions": []}, MessageReply(problem="unreadable")),
        ({"actions": [{"operation": "connect"}]}, MessageReply(problem="unreadable")),
        ({"actions": [{**ROUTE, "message": {"called": B, "calling": B}}]}, MessageReply(problem="sender")),
        ({"actions": [{**ROUTE, "message": {"calling": A}}]}, MessageReply(problem="callee")),
        ({"actions": [{**ROUTE, "message": {"called": "1" * 65, "calling": A}}]}, MessageReply(problem="callee")),
        ({"actions": [{**ROUTE, "userData": "订单"}]}, MessageReply(problem="user_data")),
        ("OK", MessageReply(problem="unreadable")),
    ],
)  # fmt: skip
def test_an_answer_about_an_sms_is_understood(said: Any, expected: MessageReply) -> None:
    assert control.read_message_reply(json.dumps(said).encode(), A) == expected


def test_what_is_passed_on_is_in_plain_objects_with_the_customers_own_words() -> None:
    said = [{"operation": "Connect", "connectInfo": [{"calleeNum": "13900000404", "calleeHint": "x.wav"}]}]
    told = json.loads(control.relayed_call_reply(json.dumps(said).encode()))
    assert told == {"operation": "connect", "connectInfo": {"calleeNum": "13900000404", "calleeHint": "x.wav"}}
    told = json.loads(control.relayed_message_reply(json.dumps({"actions": ROUTE}).encode()))
    assert told == {"actions": [ROUTE]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["operation", "connectInfo", "closeInfo", "calleeNum", "maxDuration", "recordFlag", "actions",
                         "message", "called", "calling", "userData", "waitVoice"]) | st.text(), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@given(said=JSON, operation=st.sampled_from(["connect", "close", "vNumberRoute", "DiscardMessage"]))
def test_no_answer_breaks_the_reader(said: Any, operation: str) -> None:
    wrapped = {"operation": operation, "connectInfo": said, "closeInfo": said, "message": said, "actions": said}
    for body in (json.dumps(said).encode(), json.dumps(wrapped).encode()):
        assert isinstance(control.read_call_reply(body), CallReply)
        assert isinstance(control.read_message_reply(body, A), MessageReply)

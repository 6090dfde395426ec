"""POST /switch/v1/calls and /switch/v1/messages over HTTP: what is asked, how it is read, what every answer holds."""

from unittest.mock import patch

import pytest
from django.db import OperationalError

from accounts.models import UpstreamApplication
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common.errors import NotReady
from config.openapi import switch as openapi
from privacy.models import RoutingDecision, Session
from privacy.tests.northbound_client import Client
from privacy.tests.switch_client import CALLS, MESSAGES, ask

pytestmark = pytest.mark.django_db
X, A, B, STRANGER = "+8617100000001", "+8613800000101", "+8613800000202", "+8613800000303"
CALL = {"session_id": "s-1", "x": X, "caller": A}
SMS = {"sms_id": "m-1", "x": X, "sender": A, "text": "hello"}


@pytest.fixture
def bound(acme, switch1):
    """A and B of Acme's, bound on X; the binding's id."""
    terms = {"relationNum": X, "callerNum": A, "calleeNum": B, "maxDuration": 30, "userData": "order-1"}
    return Client(acme.application).bind(**terms)["subscriptionId"]


def test_a_call_is_put_through_with_all_the_switch_must_know(bound):
    answer = ask("POST", CALLS, CALL)
    assert (answer.status_code, list(answer.json())) == (200, list(openapi.CALL_DECISION))
    told = answer.json()
    assert {name: value for name, value in told.items() if value not in ("", 0, False)} == {
        "resultcode": "0", "resultdesc": "Success", "decision": "connect", "rule": "a_calls_b", "session_id": "s-1",
        "x": X, "caller": A, "app_key": "acmeAppKey01", "service_type": "004", "direction": 1,
        "subscription_id": bound, "user_data": "order-1", "callee": B, "display": X, "max_seconds": 1800,
    }  # fmt: skip
    assert ask("POST", CALLS, CALL).json() == told
    assert RoutingDecision.objects.count() == 1


def test_a_stranger_is_refused_in_words(bound):
    told = ask("POST", CALLS, {**CALL, "caller": STRANGER}).json()
    assert (told["decision"], told["rule"], told["state_code"], told["direction"]) == ("refuse", "no_binding", 8014, 2)
    assert told["state_description"] and told["callee"] == told["subscription_id"] == ""
    unknown = ask("POST", CALLS, {**CALL, "x": "+8617199999999"}).json()
    assert (unknown["state_code"], unknown["app_key"], unknown["service_type"]) == (8025, "", "")


@pytest.mark.parametrize(
    ("x", "caller"),
    [("17100000001", "13800000101"), ("008617100000001", "008613800000101"), ("8617100000001", "+86 138-0000-0101")],
)
def test_numbers_are_understood_as_they_are_dialled(bound, x, caller):
    told = ask("POST", CALLS, {**CALL, "x": x, "caller": caller}).json()
    assert (told["callee"], told["x"], told["caller"]) == (B, X, A)


def test_a_caller_may_be_withheld_but_not_forgotten(bound):
    assert ask("POST", CALLS, {**CALL, "caller": ""}).json()["rule"] == "no_binding"
    for body in ({"session_id": "s-1", "x": X}, {**CALL, "caller": None}):
        assert "caller: is missing" in ask("POST", CALLS, body).json()["resultdesc"]


@pytest.mark.parametrize(
    ("path", "change", "named"),
    [
        (CALLS, {"session_id": None}, "session_id: is missing"),
        (CALLS, {"session_id": ""}, "session_id: is missing"),
        (CALLS, {"session_id": 7}, "session_id: is no text"),
        (CALLS, {"session_id": "x" * 257}, "session_id: is longer than 256"),
        (CALLS, {"session_id": "a\0b"}, "session_id: holds a NUL"),
        (CALLS, {"session_id": "a\nb"}, "session_id: holds characters"),
        (CALLS, {"x": None}, "x: is missing"),
        (CALLS, {"x": 17100000001}, "x: is no text"),
        (CALLS, {"x": "1" * 65}, "x: is longer than 64"),
        (CALLS, {"x": "1" * 40}, "x: is longer than 32"),
        (CALLS, {"caller": ["a"]}, "caller: is no text"),
        (CALLS, {"caller": "a\0"}, "caller: holds a NUL"),
        (CALLS, {"digits": 42}, "digits: is no text"),
        (CALLS, {"digits": "1" * 33}, "digits: "),
        (CALLS, {"digits": "\u0661"}, "digits: "),
        (MESSAGES, {"sms_id": None}, "sms_id: is missing"),
        (MESSAGES, {"sms_id": "x" * 65}, "sms_id: is longer than 64"),
        (MESSAGES, {"x": None}, "x: is missing"),
        (MESSAGES, {"sender": None}, "sender: is missing"),
        (MESSAGES, {"sender": ""}, "sender: is missing"),
        (MESSAGES, {"text": 7}, "text: is no text"),
        (MESSAGES, {"text": "a\0"}, "text: holds a NUL"),
        (MESSAGES, {"text": "x" * 70_001}, "text: is longer than 70000"),
    ],
)
def test_what_is_missing_or_no_good_is_named_and_nothing_is_kept(acme, switch1, path, change, named):
    answer = ask("POST", path, {**(CALL if path == CALLS else SMS), **change})
    assert (answer.status_code, answer.json()["resultcode"]) == (400, "1010002"), answer.content
    assert answer.json()["resultdesc"].startswith(f"Invalid request. {named}"), answer.json()
    assert not RoutingDecision.objects.exists() and not Session.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b'{"x":1,"x":2}', b'{"session_id":"\\ud800"}', b"\xff", b"{" * 1000])
def test_what_is_no_question_is_refused(switch1, body):
    for path in (CALLS, MESSAGES):
        assert ask("POST", path, body).status_code == 400


def test_only_post_asks(switch1):
    for path in (CALLS, MESSAGES):
        answer = ask("GET", path)
        assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_an_sms_is_forwarded_or_discarded_with_its_result(bound):
    answer = ask("POST", MESSAGES, SMS)
    assert (answer.status_code, list(answer.json())) == (200, list(openapi.MESSAGE_DECISION))
    told = answer.json()
    assert (told["decision"], told["receiver"], told["display"], told["text"]) == ("forward", B, X, "hello")
    assert (told["parts"], told["direction"], told["subscription_id"], told["send_result"]) == (1, "1", bound, 0)
    assert ask("POST", MESSAGES, SMS).json() == told
    told = ask("POST", MESSAGES, {**SMS, "sms_id": "m-2", "sender": STRANGER, "text": None}).json()
    assert (told["decision"], told["send_result"], told["direction"], told["display"]) == ("discard", 2, "2", "")
    assert told["result_description"]


def test_the_longest_sms_fits_and_a_longer_body_does_not(bound):
    longest = b'{"sms_id":"m-1","x":"%s","sender":"%s","text":"%s"}' % (X.encode(), A.encode(), b"\\u4e2d" * 70_000)
    assert ask("POST", MESSAGES, longest).status_code == 200
    assert ask("POST", MESSAGES, longest + b" " * 200_000).status_code == 413


def test_an_app_key_listed_for_the_upstream_sees_its_own_numbers_only(bound, acme, corp, switch1):
    for key, company in (("vendorAcme", acme), ("vendorCorp", corp)):
        UpstreamApplication.objects.create(
            upstream=switch1, app_key=key, app_secret=cast.SECRET, application=company.application
        )
    assert ask("POST", CALLS, CALL, key="vendorAcme").json()["decision"] == "connect"
    assert ask("POST", CALLS, {**CALL, "session_id": "s-2"}, key="vendorCorp").json()["state_code"] == 8025
    assert ask("POST", MESSAGES, SMS, key="vendorCorp").json()["send_result"] == 2


@pytest.mark.parametrize("generation", ["AKSK", "WSSE"])
def test_both_generations_of_signature_are_taken(bound, generation):
    assert ask("POST", CALLS, CALL, generation=generation).json()["decision"] == "connect"


@pytest.mark.parametrize("fault", [OperationalError("gone"), NotReady("busy")])
def test_while_nothing_can_be_decided_the_switch_is_told_to_ask_again(bound, fault):
    for path, body, where in ((CALLS, CALL, "calls.lookup.find"), (MESSAGES, SMS, "messages.message_facts")):
        with patch(f"privacy.deciding.{where}", side_effect=fault):
            answer = ask("POST", path, body)
        assert (answer.status_code, answer["Retry-After"], answer.json()["resultcode"]) == (503, "5", "1010001")
        assert ask("POST", path, body).status_code == 200

"""The test application: real pushes, and nothing of it anywhere else."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Application
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from notifications import asking
from notifications.models import Attempt, Push
from privacy import models, testcalls
from privacy.models import (
    ApiRequest,
    Call,
    CallEvent,
    Message,
    NumberStatus,
    RoutingDecision,
    Session,
    Usage,
)
from privacy.testcalls import Wanted
from privacy.wire import read_body

PATH = "/api/v1/test/calls"
URLS = {
    "call_status_url": "https://acme.example/status",
    "cdr_url": "https://acme.example/fee",
    "sms_url": "https://acme.example/sms",
}
NOW = datetime(2026, 3, 1, 2, 3, 4, tzinfo=UTC)
Played = models.TestCall  # under its own name pytest takes it for tests
REAL = (Call, CallEvent, Message, NumberStatus, RoutingDecision, Session, Usage)


@pytest.fixture
def application(acme: Company) -> Application:
    Application.objects.filter(pk=acme.application.pk).update(**URLS)
    acme.application.refresh_from_db()
    return acme.application


def ask(application: Application, body: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
    """Order a test; return status and answer."""
    signed = cast.signed_headers(application.app_key)
    answer = Client().post(PATH, json.dumps(body), content_type="application/json", headers=signed | headers)
    return answer.status_code, answer.json()


def look(application: Application, path: str = PATH) -> dict[str, Any]:
    found: dict[str, Any] = Client().get(path, headers=cast.signed_headers(application.app_key)).json()
    return found


def bodies() -> list[dict[str, Any]]:
    return [json.loads(bytes(push.body)) for push in Push.objects.order_by("order_key", "sequence")]


COURSES = [
    ("answered", ["callin", "callout", "alerting", "answer", "disconnect", "fee"], 0),
    ("busy", ["callin", "callout", "disconnect", "fee"], 8102),
    ("no_answer", ["callin", "callout", "alerting", "disconnect", "fee"], 8101),
    ("refused", ["callin", "callout", "alerting", "disconnect", "fee"], 7503),
    ("caller_hangs_up", ["callin", "callout", "alerting", "disconnect", "fee"], 7502),
    ("powered_off", ["callin", "callout", "disconnect", "fee"], 8104),
    ("not_bound", ["callin", "disconnect", "fee"], 8014),
]


@pytest.mark.parametrize(("scenario", "kinds", "code"), COURSES)
def test_a_call_leaves_the_pushes_of_a_real_one_in_order(
    application: Application, scenario: str, kinds: list[str], code: int
) -> None:
    status, told = ask(application, {"scenario": scenario, "user_data": "order-1"})
    assert status == 201 and told["resultcode"] == "0" and told["not_queued"] == []
    assert [push["event"] or push["kind"] for push in told["pushes"]] == kinds
    assert {push["state"] for push in told["pushes"]} == {"queued"}
    queued = bodies()
    assert [body["eventType"] for body in queued] == kinds
    assert {body["statusInfo"]["sessionId"] for body in queued[:-1]} == {told["session_id"]}
    assert queued[-2]["statusInfo"]["stateCode"] == code == queued[-1]["feeLst"][0]["ulFailReason"]
    assert queued[0]["statusInfo"]["called"] == queued[-1]["feeLst"][0]["bindNum"] == testcalls.TEST_NUMBER
    assert {push.endpoint.url for push in Push.objects.select_related("endpoint")} == {
        URLS["call_status_url"],
        URLS["cdr_url"],
    }


@pytest.mark.parametrize("scenario", [name for name in testcalls.SCENARIOS if name != "x_mode"])
@pytest.mark.parametrize("mode", ["AX", "AXB", "AXE", "AXYB"])
def test_every_body_is_one_that_our_own_door_can_read(application: Application, mode: str, scenario: str) -> None:
    Application.objects.filter(pk=application.pk).update(mode=mode)
    application.refresh_from_db()
    testcalls.play(application, Wanted(scenario), key="", asked_by="", now=datetime.now(UTC))
    items = [item for push in Push.objects.all() for item in read_body(bytes(push.body), datetime.now(UTC))]
    assert items and [item.problem for item in items if item.problem] == []


def test_an_sms_is_told_of_with_its_parts_and_without_its_text_unless_that_is_wanted(application: Application) -> None:
    assert ask(application, {"scenario": "sms", "text": "a" * 161})[0] == 201
    (told,) = bodies()
    assert told["smsEvent"]["extInfo"]["extParas"][0] == {"key": "splitNum", "value": "2"}
    assert told["smsEvent"]["sendResult"] == 0 and "smsContent" not in told["smsEvent"]


def test_nothing_but_the_test_and_its_pushes_is_written(application: Application) -> None:
    for scenario in ("answered", "sms", "number_status"):
        assert ask(application, {"scenario": scenario})[0] == 201
    assert {model.__name__ for model in REAL if model.objects.exists()} == set()
    assert (Played.objects.count(), Push.objects.count()) == (3, 6 + 1 + 2)
    assert set(ApiRequest.objects.values_list("operation", flat=True)) == {"test.play"}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "Invalid request. scenario: is missing"),
    ({"scenario": "lunch"}, "Invalid request. scenario: is none of answered"),
    ({"scenario": "x_mode"}, "Invalid request. scenario: is for applications of mode X; this one has AXB"),
    ({"scenario": "busy", "caller": "10086"}, "Invalid request. caller: is no real number"),
    ({"scenario": "busy", "callee": ["x"]}, "Invalid request. callee: is no text"),
    ({"scenario": "busy", "x": "+8617100000002"}, "Invalid request. x: is none of the application's numbers"),
    ({"scenario": "busy", "user_data": "u" * 257}, "Invalid request. user_data: is longer than 256"),
    ({"scenario": "sms", "text": "t" * 1001}, "Invalid request. text: is longer than 1000"),
]


@pytest.mark.parametrize(("body", "said"), REFUSED)
def test_what_cannot_be_played_is_refused_by_its_field(
    application: Application, body: dict[str, Any], said: str
) -> None:
    status, told = ask(application, body)
    assert (status, told["resultcode"]) == (403, "1010002") and told["resultdesc"].startswith(said), told
    assert not Played.objects.exists()


def test_without_a_url_the_field_to_set_is_named(acme: Company) -> None:
    status, told = ask(acme.application, {"scenario": "busy"})
    assert status == 403 and told["resultdesc"].startswith("Invalid request. call_status_url: is not set")
    Application.objects.filter(pk=acme.application.pk).update(cdr_url=URLS["cdr_url"])
    status, told = ask(acme.application, {"scenario": "busy"})
    assert status == 201 and [push["url_field"] for push in told["pushes"]] == ["cdr_url"]
    assert [one["url_field"] for one in told["not_queued"]] == ["call_status_url"]


def test_where_number_status_is_switched_off_the_switch_is_named_and_nothing_is_pushed(
    application: Application,
) -> None:
    Application.objects.filter(pk=application.pk).update(push_number_status=False)
    status, told = ask(application, {"scenario": "number_status"})
    assert status == 403 and told["resultdesc"].startswith("Invalid request. push_number_status: is off")
    assert not Push.objects.exists()


def test_the_same_key_plays_once_and_another_wish_under_it_is_refused(application: Application) -> None:
    first = ask(application, {"scenario": "busy"}, **{"Idempotency-Key": "k-1"})
    again = ask(application, {"scenario": "busy"}, **{"Idempotency-Key": "k-1"})
    assert first == again and Played.objects.count() == 1 and Push.objects.count() == 4
    status, told = ask(application, {"scenario": "refused"}, **{"Idempotency-Key": "k-1"})
    assert status == 403 and "Idempotency-Key: was used with another request" in told["resultdesc"]


@pytest.mark.django_db(transaction=True)
def test_a_test_cut_short_before_its_pushes_is_finished_under_its_key(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as cut:
        cut.setattr("privacy.testcalls.playing.outbox.enqueue", lambda due: 1 / 0)
        assert ask(application, {"scenario": "busy"}, **{"Idempotency-Key": "k-1"})[0] == 500
    assert (Played.objects.get().pushes, Push.objects.count()) == (0, 0)
    assert ask(application, {"scenario": "busy"}, **{"Idempotency-Key": "k-1"})[0] == 201
    assert (Played.objects.get().pushes, Push.objects.count()) == (4, 4)


def test_tests_are_found_again_by_their_application_only(application: Application, corp: Company) -> None:
    _, told = ask(application, {"scenario": "busy"})
    path = f"{PATH}/{told['session_id']}"
    again = look(application, path)
    assert {name: told[name] for name in again} == again
    assert [one["session_id"] for one in look(application)["test_calls"]] == [told["session_id"]]
    assert look(application, f"{PATH}/a%00b%FF")["resultcode"] == "1012007"
    assert look(corp.application, path)["resultcode"] == "1012007" and look(corp.application)["test_calls"] == []


def test_what_has_left_the_outbox_is_told_by_its_attempts(application: Application) -> None:
    _, told = ask(application, {"scenario": "busy"})
    for push in Push.objects.filter(kind="fee"):
        Attempt.objects.create(
            id=push.pk, push_id=push.pk, endpoint=push.endpoint, account=application.account, application=application,
            kind=push.kind, cause_id=push.cause_id, number=1, result="delivered", duration_us=1, body=push.body,
        )  # fmt: skip
        push.delete()
    states = {push["kind"]: push["state"] for push in look(application, f"{PATH}/{told['session_id']}")["pushes"]}
    assert states == {"event": "queued", "fee": "delivered"}


def test_test_calls_use_up_the_applications_share_of_requests(application: Application, settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "flow_rate": 1, "flow_burst": 2}
    told = [ask(application, {"scenario": "busy"}) for _ in range(3)]
    assert [status for status, _ in told] == [201, 201, 403] and told[2][1]["resultcode"] == "1010010"


class Server(BaseHTTPRequestHandler):
    """The customer's server of an X-mode application."""

    says: bytes = b""
    asked: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.says)))
        self.end_headers()
        self.wfile.write(self.says)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server(settings: Any) -> Iterator[str]:
    Server.asked = []
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": ("1",), "ask_call_seconds": 1}
    asking.forget_failures()
    yield f"http://127.0.0.1:{listening.server_port}/status"
    listening.shutdown()
    listening.server_close()


ANSWERS = [
    (b'{"operation":"connect","connectInfo":{"calleeNum":"+8613900000404","userData":"t-1"}}', 0, "connect"),
    (b'{"operation":"close","closeInfo":{"userData":"t-1"}}', 8017, "close"),
    (b"<html>", 8014, ""),
    (b'{"operation":"close","closeInfo":{"closeHintTone":"none.wav"}}', 8006, "close"),
]


@pytest.mark.parametrize(("says", "code", "operation"), ANSWERS)
def test_in_x_mode_the_customers_server_is_asked_and_obeyed(
    application: Application, server: str, says: bytes, code: int, operation: str
) -> None:
    Application.objects.filter(pk=application.pk).update(mode="X", call_status_url=server)
    Server.says = says
    status, told = ask(application, {"scenario": "x_mode"}, **{"Idempotency-Key": "k-1"})
    assert status == 201 and (told["answer"]["state_code"], told["answer"]["operation"]) == (code, operation)
    (asked,) = Server.asked
    assert asked["statusInfo"]["notifyMode"] == "Block" and asked["statusInfo"]["sessionId"] == told["session_id"]
    assert told["answer"]["callee"] == ("" if code else "+86139****0404")
    disconnect, fee = bodies()[-2:]
    assert disconnect["statusInfo"]["stateCode"] == code
    assert fee["feeLst"][0]["notifyMode"] == "Block" and ("fwdDstNum" in fee["feeLst"][0]) == (not code)
    assert Attempt.objects.get().question and not Session.objects.exists()


def test_a_server_that_is_not_there_ends_the_test_with_8020(application: Application, settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": ("1",), "ask_call_seconds": 1}
    asking.forget_failures()
    Application.objects.filter(pk=application.pk).update(mode="X", call_status_url="http://127.0.0.1:9099/")
    _, told = ask(application, {"scenario": "x_mode"})
    assert (told["answer"]["problem"], told["answer"]["state_code"]) == ("silent", 8020)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_under_one_key_play_one_test(application: Application) -> None:
    def once(_: int) -> int:
        try:
            return ask(application, {"scenario": "busy"}, **{"Idempotency-Key": "k-1"})[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(once, range(8))) == {201}
    assert (Played.objects.count(), Push.objects.count()) == (1, 4)

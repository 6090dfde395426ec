"""The customer is asked, over real sockets; his server is a process of its own and may do anything (pushes.md 2, 4)."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache

from accounts.models import Application, Upstream
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from notifications import asking as questions
from notifications.models import Attempt, Push
from notifications.tests.hostile import Ports, hostile_server
from privacy import asking, deciding
from privacy.models import CallEvent, VoiceFile
from privacy.routing.facts import CallAsked, CallFacts, MessageAsked, MessageFacts, Outcome
from privacy.tests import wires
from privacy.tests.deliveries import deliver

pytestmark = pytest.mark.django_db
A, B, X = "+8613900000101", "+8613900000404", "+8617100000001"
CONNECT = {"operation": "connect", "connectInfo": {"calleeNum": B, "userData": "ticket-17"}}
CALL = CallAsked("session-1", X, A)


@pytest.fixture(scope="module")
def hostile() -> Iterator[Ports]:
    with hostile_server() as ports:
        yield ports


@pytest.fixture
def server(settings: Any, hostile: Ports) -> Ports:
    """The customer's server, which may be reached; deadlines of a second."""
    allowed = [f"127.0.0.1:{hostile.plain}"]
    short = {"ask_call_seconds": 1, "ask_sms_seconds": 1, "push_allow_private": allowed}
    settings.MASKLINE = {**settings.MASKLINE, **short}
    questions.forget_failures()
    return hostile


@pytest.fixture
def x_mode(acme: Any, server: Ports) -> Application:
    """Acme's application in X mode, whose server connects every call."""
    application: Application = acme.application
    application.mode = "X"
    return answering(application, server, CONNECT)


def answering(application: Application, server: Ports, said: Any) -> Application:
    reply = said if isinstance(said, str) else json.dumps(said)
    application.call_status_url = application.sms_control_url = server.url("well", reply)
    application.save()
    return application


def at_path(application: Application, server: Ports, *path: object) -> None:
    application.call_status_url = application.sms_control_url = server.url(*path)
    application.save()


def decide(upstream: Any, session_id: str = "session-1") -> Any:
    return deciding.call(upstream, CallAsked(session_id, X, A))


def test_a_customer_connects_and_his_attempt_is_kept(x_mode, switch1, server):
    decision = decide(switch1)
    assert (decision.outcome, decision.callee, decision.display) == (Outcome.CONNECT, B, X)
    assert decision.user_data == "ticket-17"
    attempt = Attempt.objects.get()
    assert (attempt.result, attempt.http_status, attempt.question, attempt.session_id) == (
        "delivered",
        200,
        True,
        "session-1",
    )
    assert attempt.duration_us > 0
    assert json.loads(bytes(attempt.answer or b"")) == CONNECT
    request = server.seen()[-1]
    body = json.loads(request["body"])
    assert body["statusInfo"] | {"timestamp": ""} == {
        "sessionId": "session-1", "timestamp": "", "caller": A, "called": X, "notifyMode": "Block",
    }  # fmt: skip
    assert bytes(attempt.body or b"") == request["body"].encode()
    assert request["headers"]["authorization"].startswith("AKSK ")
    assert f'Username="{x_mode.app_key}"' in request["headers"]["x-aksk"]
    assert request["headers"]["webhook-id"] == f"msg_{attempt.push_id.hex}"
    assert cast.SECRET not in str(request)


def test_the_older_form_of_signature_where_the_application_wants_it(x_mode, switch1, server):
    Application.objects.update(wsse_pushes=True)
    decide(switch1)
    assert "x-wsse" in server.seen()[-1]["headers"]


@pytest.mark.parametrize(
    ("path", "result", "code"),
    [
        (["status", "500"], "refused", 8020),
        (["status", "204"], "bad_answer", 8020),
        (["status", "404"], "refused", 8020),
        (["never"], "timeout", 8020),
        (["drip"], "timeout", 8020),
        (["slow", "3", "{}"], "timeout", 8020),
        (["redirect", "302", "CANARY"], "refused", 8020),
        (["redirect", "307", "CANARY"], "refused", 8020),
        (["huge"], "bad_answer", 8014),
        (["bomb"], "bad_answer", 8014),
        (["rst"], "unreachable", 8020),
        (["garbage"], "bad_answer", 8020),
        (["well", "OK"], "bad_answer", 8014),
        (["well", ""], "bad_answer", 8014),
        (["bad_json"], "bad_answer", 8014),
        (["well", json.dumps({"operation": "vNumberRoute"})], "bad_answer", 8014),
        (["well", json.dumps({"operation": "connect", "connectInfo": {"calleeNum": "139"}})], "bad_answer", 8014),
        (["well", json.dumps({"operation": "connect", "connectInfo": {"calleeNum": X}})], "bad_answer", 8014),
        (["well", json.dumps({"operation": "connect", "connectInfo": {"calleeNum": B, "waitVoice": "no.wav"}})],
         "bad_answer", 8006),
        (["well", json.dumps({"operation": "close"})], "delivered", 8017),
        (["well", json.dumps({"operation": "close", "closeInfo": {"closeHintTone": "no.wav"}})], "bad_answer", 8006),
    ],
    ids=lambda value: "/".join(value)[:40] if isinstance(value, list) else None,
)  # fmt: skip
def test_every_bad_late_or_missing_reply_gives_the_documented_result(x_mode, switch1, server, path, result, code):
    VoiceFile.objects.create(account=x_mode.account, name="abnormal.wav", state="approved", size=1, milliseconds=1)
    Application.objects.update(abnormal_voice="abnormal.wav")
    x_mode.refresh_from_db()
    at_path(x_mode, server, *[str(server.canary) if part == "CANARY" else part for part in path])
    began = time.monotonic()
    decision = decide(switch1)
    assert time.monotonic() - began < 1.8
    assert (decision.code, Attempt.objects.get().result) == (code, result)
    assert decision.outcome in (Outcome.PLAY, Outcome.REFUSE)
    if code == 8020:
        assert decision.voice == "abnormal.wav"
    assert server.reached() == 0


def test_a_server_at_a_forbidden_address_gets_nothing(x_mode, switch1, server):
    Application.objects.update(call_status_url=f"http://127.0.0.1:{server.canary}/")
    assert decide(switch1).code == 8020
    attempt = Attempt.objects.get()
    assert (attempt.result, attempt.http_status) == ("forbidden", None)
    assert "127.0.0.1" not in attempt.reason
    assert server.reached() == 0


def test_the_callin_url_is_asked_where_there_is_one(x_mode, switch1, server):
    Application.objects.update(callin_url=server.url("well", json.dumps({"operation": "close"})))
    assert decide(switch1).code == 8017


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [(X, X), ("+8617100000007", "+8617100000007"), ("+8617100000003", X), (A, X), ("13900000101", X), ("nobody", X)],
)
def test_only_numbers_of_the_application_are_shown(x_mode, corp, switch1, server, wanted, shown):
    cast.make_number(x_mode, "+8617100000007")
    answering(x_mode, server, {"operation": "connect", "connectInfo": {"calleeNum": B, "displayCalleeNum": wanted}})
    assert decide(switch1).display == shown


def facts(application: Application, kind: type[Any]) -> Any:
    found = deciding.lookup.call_facts(cast.make_upstream("switch9"), CALL)
    if kind is CallFacts:
        return found
    return MessageFacts(datetime.now(UTC), found.number, found.application)


def test_an_sms_is_asked_about_and_its_text_told_only_where_that_is_wanted(x_mode, switch1, server):
    route = {"actions": [{"operation": "vNumberRoute", "message": {"called": B, "calling": A}}]}
    answering(x_mode, server, route)
    for keep in (False, True):
        Application.objects.update(keep_sms_content=keep)
        asked = MessageAsked(f"sms-{keep}", X, A, "see you at noon")
        reply = asking.message(switch1, asked, facts(x_mode, MessageFacts))
        assert (reply.operation, reply.receiver, reply.problem) == ("forward", B, "")
        sms = json.loads(server.seen()[-1]["body"])
        assert sms["appKey"] == x_mode.app_key
        assert sms["smsEvent"].get("smsContent") == ("see you at noon" if keep else None)
        attempt = Attempt.objects.get(session_id=asked.sms_id)
        assert (attempt.kind, b"noon" in bytes(attempt.body or b"")) == ("sms", keep)
        Upstream.objects.filter(code="switch9").delete()


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        (["never"], "silent"),
        (["status", "500"], "silent"),
        (["well", "{}"], "unreadable"),
        (["well", json.dumps({"operation": "vNumberRoute"})], "unreadable"),
        (["well", json.dumps({"actions": [{"operation": "vNumberRoute", "message": {"called": B, "calling": B}}]})],
         "sender"),
    ],
    ids=["never", "500", "empty", "no message", "other sender"],
)  # fmt: skip
def test_an_sms_without_a_good_answer_has_its_problem(x_mode, switch1, server, path, problem):
    at_path(x_mode, server, *path)
    reply = asking.message(switch1, MessageAsked("sms-1", X, A, "hello"), facts(x_mode, MessageFacts))
    assert reply.problem == problem
    assert Attempt.objects.filter(session_id="sms-1", question=True).exists()


def test_after_five_misses_the_answer_comes_at_once(x_mode, switch1, server):
    at_path(x_mode, server, "status", "503")
    for turn in range(5):
        decide(switch1, f"session-{turn}")
    before = len(server.seen())
    answering(x_mode, server, CONNECT)
    at_path(x_mode, server, "status", "503")
    began = time.monotonic()
    assert decide(switch1, "session-6").code == 8020
    assert time.monotonic() - began < 0.5
    assert len(server.seen()) == before
    assert Attempt.objects.filter(result="not_asked").count() == 1


def test_a_callin_event_of_a_call_that_was_asked_about_is_stored_and_not_pushed(x_mode, switch1, server):
    decide(switch1, "session-rec-1")
    now = datetime.now(UTC)
    sent = {"timestamp": f"{now:%Y-%m-%d %H:%M:%S}", "subscriptionId": ...}
    for forget in (False, True):
        if forget:
            cache.clear()  # the attempt remembers as well
        other = {**sent, "sessionId": f"other-{forget}"}
        again = {**sent, "caller": A if forget else B}
        deliver(switch1, wires.event("callin", **again), wires.event("callin", **other), now=now)
    deliver(switch1, wires.event("answer", **sent), now=now)
    assert CallEvent.objects.count() == 5
    bodies = [json.loads(bytes(push.body)) for push in Push.objects.all()]
    assert sorted((body["eventType"], body["statusInfo"]["sessionId"]) for body in bodies) == [
        ("answer", "session-rec-1"),
        ("callin", "other-False"),
        ("callin", "other-True"),
    ]


def test_without_redis_the_customer_is_asked_all_the_same(x_mode, switch1, server, settings):
    nowhere = {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/redis.sock"}
    settings.CACHES = {"default": nowhere}
    assert decide(switch1, "session-rec-1").outcome is Outcome.CONNECT
    now = datetime.now(UTC)
    deliver(switch1, wires.event("callin", timestamp=f"{now:%Y-%m-%d %H:%M:%S}", subscriptionId=...), now=now)
    assert (CallEvent.objects.count(), Push.objects.count()) == (1, 0)


def test_a_question_that_is_not_let_out_is_kept_with_its_reason(x_mode, switch1, server):
    at_path(x_mode, server, "status", "503")
    for turn in range(6):
        decide(switch1, f"session-{turn}")
    last = Attempt.objects.get(session_id="session-5")
    assert (last.result, last.http_status, last.answer) == ("not_asked", None, None)
    assert last.reason == "Not asked: the server failed five times in a row; it is tried again every 15 seconds."
    assert last.duration_us == 0


def test_no_secret_and_no_number_reaches_the_log(x_mode, switch1, server, caplog):
    caplog.set_level("DEBUG")
    for path in (["well", json.dumps(CONNECT)], ["well", "OK"], ["rst"], ["garbage"], ["status", "500"]):
        at_path(x_mode, server, *path)
        decide(switch1, f"session-{path[0]}")
    logged = caplog.text
    for secret in (cast.SECRET, A, B, A[3:], B[3:]):
        assert secret not in logged

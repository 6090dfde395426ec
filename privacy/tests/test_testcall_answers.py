"""A test in X mode ends as the real call would: the same question, the same rules, one question under one key."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from accounts.models import Application, Upstream
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from notifications import asking
from notifications.models import Push
from privacy import deciding, testcalls
from privacy.models import Number, VoiceFile
from privacy.routing.facts import CallAsked
from privacy.testcalls import Wanted
from privacy.tests.customer_server import CustomerServer, customer_server
from privacy.tests.test_testcalls import ask

__all__ = ["customer_server"]
pytestmark = pytest.mark.django_db
B, CORPS = "+8613900000404", "+8617100000003"


@pytest.fixture
def application(acme: Company, corp: Company, customer_server: CustomerServer, settings: Any) -> Application:
    """Acme's in X mode; corp holds a number too, CORPS."""
    settings.MASKLINE = {**settings.MASKLINE, "ask_call_seconds": 2}
    asking.forget_failures()
    rows = Application.objects.filter(pk=acme.application.pk)
    rows.update(mode="X", call_status_url=customer_server.url, cdr_url="https://acme.example/fee")
    acme.application.refresh_from_db()
    VoiceFile.objects.create(account=acme.account, name="mine.wav", state="approved", size=1, milliseconds=1)
    return acme.application


def connects(**info: Any) -> dict[str, Any]:
    return {"operation": "connect", "connectInfo": {"calleeNum": B, **info}}


REPLIES: list[tuple[str, Any, int]] = [
    ("connects", connects(), 0),
    ("connects with everything", connects(userData="t-1", maxDuration=5, waitVoice="mine.wav"), 0),
    ("to X itself", connects(calleeNum="X"), 8014),
    ("to another account's number", connects(calleeNum=CORPS), 8014),
    ("to the same, as people write it", connects(calleeNum="0086 171 0000 0003"), 8014),
    ("to nobody", connects(calleeNum=""), 8014),
    ("to a short number", connects(calleeNum="10086"), 8014),
    ("with braces in userData", connects(userData="{}"), 8014),
    ("with a voice file that is none", connects(waitVoice="none.wav"), 8006),
    ("closes", {"operation": "close"}, 8017),
    ("closes with a voice file", {"operation": "close", "closeInfo": {"closeHintTone": "mine.wav"}}, 8017),
    ("closes with none", {"operation": "close", "closeInfo": {"closeHintTone": "none.wav"}}, 8006),
    ("another operation", {"operation": "vNumberRoute"}, 8014),
    ("an empty object", {}, 8014),
    ("no JSON", b"<html>", 8014),
    ("nothing", None, 8020),
]


@pytest.mark.parametrize(("said", "code"), [row[1:] for row in REPLIES], ids=[row[0] for row in REPLIES])
def test_a_test_ends_with_the_code_of_the_real_call(
    application: Application, switch1: Upstream, customer_server: CustomerServer, said: Any, code: int
) -> None:
    x = Number.objects.get(holdings__application=application).number
    if said is not None and not isinstance(said, bytes):
        said = json.loads(json.dumps(said).replace('"X"', f'"{x}"'))
    customer_server.answers(said)
    real = deciding.call(switch1, CallAsked("s-1", x, testcalls.NOBODYS[1])).code
    played = testcalls.play(application, Wanted("x_mode", x=x), key="", asked_by="", now=datetime.now(UTC))
    assert played.answer is not None
    assert (played.answer["state_code"], real) == (code, code)
    assert bool(played.answer["callee"]) == (not code)


def test_without_a_server_to_ask_it_ends_with_8020(application: Application, switch1: Upstream) -> None:
    Application.objects.filter(pk=application.pk).update(call_status_url=None)
    application.refresh_from_db()
    x = Number.objects.get(holdings__application=application).number
    assert deciding.call(switch1, CallAsked("s-1", x, B)).code == 8020
    played = testcalls.play(application, Wanted("answered", x=x), key="", asked_by="", now=datetime.now(UTC))
    assert played.answer is not None and played.answer["state_code"] == 8020


@pytest.mark.django_db(transaction=True)
def test_two_at_once_under_one_key_ask_the_customer_once(
    application: Application, customer_server: CustomerServer
) -> None:
    customer_server.answers(connects(), after=0.3)

    def once(_: int) -> tuple[int, Any]:
        try:
            status, told = ask(application, {"scenario": "x_mode"}, **{"Idempotency-Key": "k-1"})
            return status, (told["session_id"], told["answer"])
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(once, range(3)))
    assert [status for status, _ in told] == [201] * 3 and told[0] == told[1] == told[2]
    assert len(customer_server.received) == 1 and len({push.cause_id for push in Push.objects.all()}) == 1

"""Block callin and Block SMS of an upstream platform: stored, asked on, answered with what the customer says."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Application, Upstream, UpstreamApplication
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import company
from notifications import asking as questions
from notifications.models import Attempt, Push
from notifications.tests.hostile import Ports, hostile_server
from privacy.models import CallEvent, Message, MessageAnswer, Quarantined, Source
from privacy.tests import wires

URL = "/upstream/v1/notifications"
A, B, X = "+8613900000101", "+8613900000404", wires.X
CONNECT = {"operation": "connect", "connectInfo": {"calleeNum": B, "displayCalleeNum": X, "waitVoice": "theirs.wav"}}
ROUTE = {"actions": [{"operation": "vNumberRoute", "message": {"called": B, "calling": A}}]}
DISCARD = {"actions": [{"operation": "DiscardMessage"}]}


@pytest.fixture(scope="module")
def hostile() -> Iterator[Ports]:
    with hostile_server() as ports:
        yield ports


@pytest.fixture
def server(settings: Any, hostile: Ports) -> Ports:
    """The customer's server, which may be reached; deadlines of a second."""
    short = {"ask_call_seconds": 1, "ask_sms_seconds": 1, "push_allow_private": [f"127.0.0.1:{hostile.plain}"]}
    settings.MASKLINE = {**settings.MASKLINE, **short}
    questions.forget_failures()
    return hostile


@pytest.fixture
def relayed(acme: Any, switch1: Upstream, server: Ports) -> Application:
    """Acme's application, which a vendor knows as vendorAcme, and whose server answers well."""
    application: Application = acme.application
    application.mode = "X"
    application.call_status_url = server.url("well", json.dumps([CONNECT]))
    application.sms_control_url = server.url("well", json.dumps(ROUTE))
    application.abnormal_voice = "abnormal.wav"
    application.save()
    UpstreamApplication.objects.create(
        upstream=switch1, app_key="vendorAcme", app_secret=cast.SECRET, application=application
    )
    return application


def callin(**fields: Any) -> dict[str, Any]:
    return wires.event("callin", notifyMode="Block", subscriptionId=..., **fields)


def sms(**fields: Any) -> dict[str, Any]:
    block: dict[str, Any] = {"notificationMode": "Block", "called": ..., "result": ..., "app_key": "vendorAcme"}
    return wires.sms(**block, **fields)


def post(*pushes: Any, key: str = "vendorAcme") -> Any:
    return Client().post(URL, wires.body(*pushes), content_type="application/json", headers=cast.signed_headers(key))


@pytest.mark.django_db
def test_a_block_callin_is_asked_on_and_answered_as_the_customer_does(relayed, server):
    answer = post(callin())
    assert (answer.status_code, answer["Content-Type"], answer.json()) == (200, "application/json", CONNECT)
    assert answer["X-Request-Id"]
    request = server.seen()[-1]
    assert json.loads(request["body"]) == callin()
    assert f'Username="{relayed.app_key}"' in request["headers"]["x-aksk"]
    assert (CallEvent.objects.count(), Push.objects.count()) == (1, 0)
    attempt = Attempt.objects.get()
    assert (attempt.result, attempt.application_id, attempt.session_id) == ("delivered", relayed.pk, "session-rec-1")


@pytest.mark.django_db
def test_a_block_sms_is_asked_on_under_our_app_key_its_text_only_where_wanted(relayed, server):
    for keep in (False, True):
        Application.objects.update(keep_sms_content=keep)
        answer = post(sms(sms_id=f"sms-{keep}"))
        assert (answer.status_code, answer.json()) == (200, ROUTE)
        asked = json.loads(server.seen()[-1]["body"])
        assert asked["appKey"] == relayed.app_key
        assert ("smsContent" in asked["smsEvent"]) is keep
    assert (Message.objects.count(), Push.objects.count()) == (2, 0)


@pytest.mark.django_db
def test_a_repeat_is_answered_the_same_and_the_customer_asked_once(relayed, server):
    before = len(server.seen())
    first = [post(callin()).json(), post(sms()).json()]
    Application.objects.update(call_status_url=server.url("never"), sms_control_url=server.url("never"))
    assert [post(callin()).json(), post(sms()).json()] == first
    assert len(server.seen()) == before + 2
    assert Source.objects.filter(repeated=1).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", [["never"], ["status", "500"], ["well", "OK"], ["rst"], ["huge"], ["redirect", "302", "1"]], ids="/".join
)
def test_an_unreachable_customer_closes_the_call_and_drops_the_sms(relayed, server, path):
    Application.objects.update(call_status_url=server.url(*path), sms_control_url=server.url(*path))
    closed = {"operation": "close", "closeInfo": {"closeHintTone": "abnormal.wav"}}
    assert post(callin()).json() == closed
    assert post(sms()).json() == DISCARD
    assert Attempt.objects.count() == 2
    assert [post(callin()).json(), post(sms()).json()] == [closed, DISCARD]
    assert Attempt.objects.count() == 2


@pytest.mark.django_db
def test_without_a_url_or_an_owner_nobody_is_asked(relayed, server):
    Application.objects.update(call_status_url=None, sms_control_url=None, abnormal_voice=None)
    assert post(callin()).json() == {"operation": "close", "closeInfo": {}}
    assert post(sms()).json() == DISCARD
    stranger = callin(called="+8617199999999", sessionId="s-2")
    assert post(stranger, key="switch1").json() == {"operation": "close", "closeInfo": {}}
    assert Quarantined.objects.count() == 1
    assert not Attempt.objects.exists()


@pytest.mark.django_db
def test_what_does_not_ask_is_answered_as_ever(relayed, server):
    for pushes in ([callin(), sms()], [wires.event("callin", notifyMode="Notify")], [callin(sessionId=...)]):
        assert post(*pushes).json()["resultcode"] == "0"
    assert not Attempt.objects.exists()
    assert MessageAnswer.objects.count() == 0


@pytest.mark.django_db
def test_the_callin_url_is_asked_before_the_call_status_url(relayed, server):
    Application.objects.update(callin_url=server.url("well", json.dumps({"operation": "close"})))
    assert post(callin()).json() == {"operation": "close"}


@pytest.mark.django_db
def test_one_who_died_while_asking_is_followed_by_the_next(relayed, server, switch1):
    post(callin())
    dead = datetime.now(UTC) - timedelta(seconds=10)
    MessageAnswer.objects.update(answer=None, decided_at=dead)
    assert post(callin()).json() == CONNECT
    assert Attempt.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_several_at_once_one_asks_all_are_answered_the_same_and_none_holds_a_connection(server, settings):
    settings.MASKLINE = {**settings.MASKLINE, "ask_call_seconds": 5}
    acme = company("acme", X)
    acme.application.call_status_url = server.url("slow", "2", json.dumps(CONNECT))
    acme.application.save()
    UpstreamApplication.objects.create(
        upstream=cast.make_upstream(), app_key="vendorAcme", app_secret=cast.SECRET, application=acme.application
    )

    def ask(_: int) -> Any:
        try:
            return post(callin()).json()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, turn) for turn in range(4)]
        wait_until(lambda: any(request["path"].startswith("/slow") for request in server.seen()))
        # Those that wait for the first one look now and then.
        assert any(other_sessions() == 0 for _ in range(150))
    assert [one.result() for one in asked] == [CONNECT] * 4
    assert Attempt.objects.count() == 1


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def other_sessions() -> int:
    """Return how many sessions of the database there are beside this one."""
    time.sleep(0.01)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])

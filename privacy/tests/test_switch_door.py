"""The doors of the switch as it sees them: who may ask, what is no question, stop orders, voices."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from accounts.models import Lockout, UpstreamApplication
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from privacy.models import StopOrder, VoiceFile
from privacy.tests import wires
from privacy.tests.deliveries import deliver
from privacy.tests.sounds import *  # noqa: F403
from privacy.tests.sounds import a_law, make_voice
from privacy.tests.switch_client import STOPS, VOICES, ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(acme, switch1):
    """Two calls of Acme's that came in just now, ordered to end; the sessions' ids."""
    now = timezone.now()
    for session in ("s-1", "s-2"):
        deliver(switch1, wires.event("callin", sessionId=session, timestamp=f"{now:%Y-%m-%d %H:%M:%S}"), now=now)
        headers = cast.signed_headers(acme.application.app_key)
        body = {"sessionid": session, "signal": "call_stop"}
        Client().post("/rest/httpsessions/callStop/v2.0", body, "application/json", headers=headers)
    return acme


def test_stop_orders_are_handed_out_until_they_are_taken(live, switch1):
    given = ask("GET", STOPS)
    assert (given.status_code, given.json()["resultcode"]) == (200, "0")
    orders = given.json()["stops"]
    assert [order["session_id"] for order in orders] == ["s-1", "s-2"]
    assert abs(timezone.now() - datetime.fromisoformat(orders[0]["ordered_at"])) < timedelta(minutes=1)
    assert ask("GET", STOPS).json()["stops"] == orders
    assert ask("POST", STOPS, {"ids": [orders[0]["id"], 4711]}).json()["taken"] == 1
    assert ask("POST", STOPS, {"ids": [str(orders[0]["id"])]}).json()["taken"] == 0
    assert [order["session_id"] for order in ask("GET", STOPS).json()["stops"]] == ["s-2"]


def test_anothers_orders_are_neither_shown_nor_taken(live, switch1):
    cast.make_upstream("switch2")
    assert ask("GET", STOPS, key="switch2").json()["stops"] == []
    ids = list(StopOrder.objects.values_list("pk", flat=True))
    assert ask("POST", STOPS, {"ids": ids}, key="switch2").json()["taken"] == 0
    assert len(ask("GET", STOPS).json()["stops"]) == 2


def test_an_app_key_sees_and_takes_the_orders_of_its_own_application_only(live, bolt, switch1):
    for app_key, application, seen in (("theirs", bolt.application, 0), ("ours", live.application, 2)):
        UpstreamApplication.objects.create(
            upstream=switch1, app_key=app_key, app_secret=cast.SECRET, application=application
        )
        ids = list(StopOrder.objects.values_list("pk", flat=True))
        assert len(ask("GET", STOPS, key=app_key).json()["stops"]) == seen
        assert ask("POST", STOPS, {"ids": ids}, key=app_key).json()["taken"] == seen


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "body: is not JSON"),
        (b"[]", "body: is not a JSON object"),
        (b'{"ids":[1],"ids":[2]}', "ids"),
        (b'{"ids":"\\ud800"}', "body"),
        ({}, "ids: is missing or no array"),
        ({"ids": 7}, "ids: is missing or no array"),
        ({"ids": [1, True]}, "ids[1]: is no id"),
        ({"ids": [1.5]}, "ids[0]: is no id"),
        ({"ids": [2**63]}, "ids[0]: is no id"),
        ({"ids": [-1]}, "ids[0]: is no id"),
        ({"ids": ["x"]}, "ids[0]: is no id"),
        ({"ids": list(range(101))}, "ids: holds more than 100"),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_named(switch1, body, named):
    answer = ask("POST", STOPS, body)
    assert (answer.status_code, answer.json()["resultcode"]) == (400, "1010002")
    assert answer.json()["resultdesc"].startswith("Invalid request. ")
    assert named in answer.json()["resultdesc"]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", "x"])
def test_a_body_is_read_whatever_it_is_called(switch1, content_type):
    assert ask("POST", STOPS, {"ids": []}, content_type=content_type).json()["taken"] == 0
    assert ask("POST", STOPS, b'\xef\xbb\xbf{"ids": []}', content_type=content_type).status_code == 200


def test_every_answer_has_an_id_and_is_not_kept_by_caches(switch1):
    first, second = ask("GET", STOPS), ask("POST", STOPS, {})
    assert UUID(first["X-Request-Id"]) != UUID(second["X-Request-Id"])
    assert {answer["Cache-Control"] for answer in (first, second)} == {"no-store"}
    assert first["Content-Length"] == str(len(first.content))


def test_only_an_upstream_may_ask(acme, switch1):
    for key, secret, status, code in (
        ("nobody", cast.SECRET, 403, "1010003"),
        (acme.application.app_key, cast.SECRET, 403, "1010003"),
        ("switch1", "another-secret-0000", 401, "1010010"),
    ):
        answer = ask("GET", STOPS, key=key, secret=secret)
        assert (answer.status_code, answer.json()["resultcode"]) == (status, code)
    assert Client().get(STOPS).json()["resultcode"] == "1023006"


def test_the_lock_out_holds_here_and_flow_control_does_not(switch1, settings):
    settings.MASKLINE = {**settings.MASKLINE, "lockout_failures": 2, "flow_rate": 1, "flow_burst": 1}
    assert {ask("GET", STOPS).status_code for _time in range(5)} == {200}
    for _time in range(2):
        ask("GET", STOPS, secret="another-secret-0000")
    assert ask("GET", STOPS).json()["resultcode"] == "1020176"
    assert Lockout.objects.get().key == "switch1"


def test_other_methods_are_refused_and_told_which_there_are(switch1):
    answer = ask("DELETE", STOPS)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST")
    assert answer.json() == {"resultcode": "1010006", "resultdesc": "Not allowed here. Send GET, HEAD, POST."}
    head = ask("HEAD", STOPS)
    assert (head.status_code, head.content) == (200, b"") and int(head["Content-Length"]) > 0


def test_a_body_over_64_kib_is_too_large(switch1):
    answer = ask("POST", STOPS, b'{"ids": [' + b" " * 70_000 + b"]}")
    assert (answer.status_code, answer.json()["resultdesc"]) == (413, "body: larger than 65536 bytes")


def test_while_the_database_is_away_the_switch_is_told_to_come_again(switch1):
    with patch("privacy.stopping.open_orders", side_effect=OperationalError("gone")):
        answer = ask("GET", STOPS)
    assert (answer.status_code, answer["Retry-After"], answer.json()["resultcode"]) == (503, "5", "1010001")


def test_a_fault_of_ours_says_nothing_of_itself(switch1):
    with patch("privacy.stopping.open_orders", side_effect=ZeroDivisionError("+8613900000101")):
        answer = ask("GET", STOPS)
    assert (answer.status_code, answer.json()["resultdesc"]) == (500, "Internal system error.")


def test_what_is_no_door_is_a_bare_404(switch1):
    answer = ask("GET", "/switch/v1/nothing")
    assert (answer.status_code, answer.content) == (404, b"Not Found")


@pytest.fixture
def hello(acme, switch1, stores):
    """An approved voice file of Acme's, with its sound."""
    return keep(make_voice(acme.account, "hello.wav", sha256="ab" * 32))


def keep(voice: VoiceFile) -> VoiceFile:
    sound = a_law()
    voice.stored_as = storages["voices"].save(voice.stored_as, ContentFile(sound))
    voice.size = len(sound)
    voice.save()
    return voice


def fetch(name: str = "hello.wav", app_key: str = "acmeAppKey01", method: str = "GET", **headers: Any) -> Any:
    query = f"?app_key={app_key}" if app_key else ""
    return ask(method, f"{VOICES}{name}{query}", headers=headers)


def test_a_voice_is_fetched_whole_in_part_and_not_again(hello):
    whole = fetch()
    assert (whole.status_code, whole["Content-Type"], b"".join(whole)) == (200, "audio/wav", a_law())
    assert (whole["ETag"], whole["Cache-Control"]) == (f'"{"ab" * 32}"', "private, no-cache")
    part = fetch(Range="bytes=0-3")
    assert (part.status_code, b"".join(part), part["ETag"]) == (206, b"RIFF", whole["ETag"])
    assert fetch(Range="bytes=999999-").status_code == 416
    for known in (whole["ETag"], f"W/{whole['ETag']}", f'"x", {whole["ETag"]}', "*"):
        again = fetch(**{"If-None-Match": known})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", whole["ETag"])
    assert fetch(**{"If-None-Match": '"another"'}).status_code == 200
    head = fetch(method="HEAD")
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", str(hello.size))


@pytest.mark.parametrize("state", ["waiting", "refused"])
def test_only_an_approved_voice_is_given(hello, state):
    VoiceFile.objects.update(state=state)
    answer = fetch()
    assert (answer.status_code, answer.json()["resultcode"]) == (404, "1012007")


def test_a_voice_is_found_by_its_own_name_only(hello):
    for name in ("HELLO.wav", "other.wav", "hello", "..%2Fhello.wav", "hello.wav%00", "%F0%9F%94%8A.wav"):
        assert fetch(name).status_code == 404, name


def test_the_application_must_be_named_known_and_served(hello, acme, corp, switch1):
    missing = fetch(app_key="")
    assert (missing.status_code, missing.json()["resultdesc"]) == (
        400,
        "Invalid request. app_key: is missing; send the app_key that the decision named",
    )
    assert fetch(app_key="nobody").status_code == 404
    assert fetch(app_key="%00").status_code == 404
    assert fetch(app_key="corpAppKey01").status_code == 404  # it has no such file
    switch1.every_account = False
    switch1.save()
    switch1.accounts.set([corp.account])
    assert fetch().status_code == 404
    switch1.accounts.add(acme.account)
    assert fetch().status_code == 200


def test_a_vendors_app_key_fetches_for_its_application_only(hello, acme, corp, switch1):
    for key, company in (("vendorAcme", acme), ("vendorCorp", corp)):
        UpstreamApplication.objects.create(
            upstream=switch1, app_key=key, app_secret=cast.SECRET, application=company.application
        )
    path = f"{VOICES}hello.wav?app_key=acmeAppKey01"
    assert ask("GET", path, key="vendorAcme").status_code == 200
    assert ask("GET", path, key="vendorCorp").status_code == 404


def test_a_sound_the_storage_has_lost_is_no_fault_that_stays(hello):
    storages["voices"].delete(hello.stored_as)
    answer = fetch()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")

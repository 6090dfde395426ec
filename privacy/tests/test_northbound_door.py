"""The door of the northbound API: the order of its checks, its answers (northbound.md 2, 9, 11)."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import Client

from accounts import flow
from accounts.models import Account, Application, Upstream
from accounts.refusals import REFUSALS
from accounts.tests import cast
from accounts.tests.cast import make_application, signed_headers
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy.api.northbound import codes
from privacy.tests.echo import Echo, ask, described, told

KEY = "acmeAppKey01"


@pytest.fixture(autouse=True)
def _afresh() -> None:
    Echo.done = 0


def without(headers: dict[str, str], attribute: str) -> dict[str, str]:
    return {name: value.replace(f"{attribute}=", "other=") for name, value in headers.items()}


def changed(headers: dict[str, str], old: str, new: str) -> dict[str, str]:
    return {name: value.replace(old, new) for name, value in headers.items()}


WSSE, AKSK = ({"generation": name} for name in ("WSSE", "AKSK"))
FAULTS_OF_FORM: list[tuple[str, Any]] = [
    ("1023006", lambda sign: {}),
    ("1023007", lambda sign: without(sign(), "realm")),
    ("1023008", lambda sign: without(sign(), "profile")),
    ("1023009", lambda sign: changed(sign(), "SDP", "sdp")),
    ("1023010", lambda sign: changed(sign(), '"UsernameToken"', '"Token"')),
    ("1023011", lambda sign: changed(sign(), '"Appkey"', '"app_key"')),
    ("1023012", lambda sign: without(sign(), "type")),
    ("1023012", lambda sign: changed(sign(), "type=", "dsl=")),
    ("1023013", lambda sign: {**sign(**WSSE), "Authorization": 'Basic realm="SDP"'}),
    ("1023026", lambda sign: {"Authorization": sign(**WSSE)["Authorization"]}),
    ("1023027", lambda sign: without(sign(**WSSE), "Username")),
    ("1023028", lambda sign: without(sign(**WSSE), "Nonce")),
    ("1023029", lambda sign: without(sign(**WSSE), "Created")),
    ("1023030", lambda sign: without(sign(**WSSE), "PasswordDigest")),
    ("1023031", lambda sign: changed(sign(**WSSE), 'Z"', '+08:00"')),
    ("1023032", lambda sign: {**sign(**AKSK), "Authorization": "Bearer x"}),
    ("1023033", lambda sign: {"Authorization": sign(**AKSK)["Authorization"]}),
    ("1023034", lambda sign: without(sign(**AKSK), "Username")),
    ("1023035", lambda sign: without(sign(**AKSK), "Nonce")),
    ("1023036", lambda sign: without(sign(**AKSK), "Created")),
    ("1023037", lambda sign: without(sign(**AKSK), "PasswordDigest")),
    ("1023038", lambda sign: changed(sign(**AKSK), 'Z"', '.123Z"')),
]


@pytest.mark.parametrize(("code", "headers"), FAULTS_OF_FORM)
def test_each_fault_of_the_headers_has_its_code(acme: Company, code: str, headers: Any) -> None:
    response = ask(headers=headers(lambda **how: signed_headers(KEY, **how)))
    assert (told(response), described(response)) == (f"400 {code}", REFUSALS[code][2])


def bring_about(fault: str, acme: Company, settings: Any) -> dict[str, Any]:
    """Make a fault true; return what the request that has it is sent with."""
    match fault:
        case "flow":
            settings.MASKLINE = {**settings.MASKLINE, "flow_rate": 1, "flow_burst": 1}
            ask("GET")
        case "mode":
            Application.objects.update(mode="AX")
        case "frozen":
            Account.objects.update(state=Account.State.ARREARS)
        case "parameters":
            return {"body": b"["}
    return {"body": {"fault": "business"}}


LATER_FAULTS = {
    "flow": "403 1010010",
    "mode": "403 1010040",
    "frozen": "403 1010029",
    "parameters": "403 1010002",
    "business": "403 1012010",
}


@pytest.mark.parametrize("first", range(len(LATER_FAULTS)))
def test_of_several_faults_the_first_is_told(acme: Company, settings: Any, first: int) -> None:
    names = list(LATER_FAULTS)[first:]
    sent: dict[str, Any] = {}
    for name in reversed(names):
        made = bring_about(name, acme, settings)
        sent = made if name in ("parameters", "business") else sent
    assert told(ask(**sent)) == LATER_FAULTS[names[0]]


@pytest.mark.parametrize("fault", LATER_FAULTS)
def test_each_fault_alone_has_its_code_and_text(acme: Company, settings: Any, fault: str) -> None:
    response = ask(**bring_about(fault, acme, settings))
    assert told(response) == LATER_FAULTS[fault]
    assert described(response).startswith(codes.TEXTS[LATER_FAULTS[fault][4:]][1])


def test_a_wrong_signature_is_told_before_flow_mode_and_parameters(acme: Company, settings: Any) -> None:
    for fault in ("flow", "mode", "frozen"):
        bring_about(fault, acme, settings)
    assert told(ask(body=b"[", headers=signed_headers(KEY, secret="another-secret"))) == "401 1010010"


def test_a_parameter_at_fault_is_named(acme: Company) -> None:
    response = ask(body={"fault": "input"})
    assert (told(response), described(response)) == ("403 1010002", "Invalid request. callerNum: is no phone number")


def test_a_handler_may_refuse_with_any_code(acme: Company) -> None:
    response = ask(body={"fault": "code"})
    assert (told(response), described(response)) == ("403 1020152", "Invalid sessionId.")


def test_a_fault_of_ours_gives_nothing_away(acme: Company) -> None:
    response = ask(body={"fault": "ours"})
    assert json.loads(response.content) == {"resultcode": "1010001", "resultdesc": "Internal system error."}
    assert response.status_code == 500


def test_while_the_database_is_away_clients_are_told_to_come_again(acme: Company) -> None:
    with patch("accounts.known.first", side_effect=OperationalError("gone")):
        response = ask()
    assert (told(response), response["Retry-After"]) == ("503 1010001", "5")


def test_an_order_that_finds_no_turn_may_come_again(acme: Company) -> None:
    response = ask(body={"fault": "busy"})
    assert (told(response), response["Retry-After"]) == ("503 1010001", "5")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PATCH", "CONNECT", "BREW"])
@pytest.mark.parametrize("signed", [True, False])
def test_any_other_method_is_no_rest_api(acme: Company, method: str, signed: bool) -> None:
    response = ask(method, headers=None if signed else {})
    assert response.status_code == 403
    assert method == "HEAD" or json.loads(response.content)["resultcode"] == "1010006"
    assert int(response["Content-Length"]) == 57 and bool(response.content) == (method != "HEAD")


def test_an_address_is_held_back_whatever_it_says_of_itself(acme: Company, bolt: Company, settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "flow_rate": 1, "flow_burst": 2}
    other = make_application(acme.account, "acmeAppKey02")
    told_in_turn = []
    for number, key in enumerate((KEY, other.app_key, other.app_key)):
        response = ask("GET", headers=signed_headers(key), also={"X-Forwarded-For": f"192.0.2.{number}"})
        told_in_turn.append(told(response))
    assert told_in_turn == ["200 0", "200 0", "403 1011006"]
    assert (response["Retry-After"], described(response)) == ("1", "Under traffic control status")
    elsewhere = ask("GET", headers=signed_headers(other.app_key), REMOTE_ADDR="198.51.100.7")
    assert told(elsewhere) == "200 0"


def test_records_from_upstream_are_not_held_back(client: Client, switch1: Upstream, settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "flow_rate": 1, "flow_burst": 1}
    for _ in range(3):
        sent = client.post("/upstream/v1/notifications", b"[]", "application/json", headers=signed_headers("switch1"))
        assert (sent.status_code, sent.json()["resultcode"]) == (400, "1010002")


def test_what_is_held_back_says_when_to_come_again(acme: Company, settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "flow_rate": 1, "flow_burst": 1}
    responses = [ask("GET") for _ in range(2)]
    assert [told(response) for response in responses] == ["200 0", "403 1010010"]
    assert responses[1]["Retry-After"] == "1" and not responses[0].has_header("Retry-After")
    assert (flow.use(acme.application.pk).taken_last_minute, flow.use(acme.application.pk).refused_last_minute) == (
        1,
        1,
    )


def test_a_method_cannot_be_overridden(acme: Company) -> None:
    also = {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE", "X-HTTP-Method": "DELETE"}
    assert told(ask("PATCH", query="_method=DELETE", also=also)) == "403 1010006"
    assert json.loads(ask("GET", query="_method=DELETE", also=also).content)["done"] == 1


def test_an_application_may_require_that_its_bodies_are_signed(acme: Company) -> None:
    Application.objects.update(require_content_digest=True)
    assert told(ask(body={"a": 1})) == "401 1010010"
    assert told(ask("GET")) == "200 0"


# --- how answers look -----------------------------------------------------------------------------------------------


def test_answers_are_ascii_json_with_their_length(acme: Company) -> None:
    response = ask(body={"name": "号码 ☎"})
    assert response.content.isascii() and json.loads(response.content)["got"] == {"name": "号码 ☎"}
    assert response["Content-Type"] == "application/json;charset=utf-8"
    assert response["Content-Length"] == str(len(response.content))
    assert len(response["X-Request-Id"]) == 36


def test_a_success_has_the_text_zero_and_the_word_success_first(acme: Company) -> None:
    assert ask().content.startswith(b'{"resultcode":"0","resultdesc":"Success",') is False  # no body, no order
    assert ask(body={}).content.startswith(b'{"resultcode":"0","resultdesc":"Success",')


def test_a_description_is_short_and_ascii_whatever_was_sent(acme: Company) -> None:
    with patch.object(Echo, "handle", side_effect=Echo.handle):
        response = ask(body=json.dumps({"号" * 500: "\0"}).encode())
    assert told(response) == "403 1010002"
    assert described(response).isascii() and len(described(response)) <= 256


# --- under /rest ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/rest",
        "/rest/",
        "/rest/nothing",
        "/rest/caas/relationnumber/partners/v1.0/",
        "/rest/caas/relationnumber/partners/v2.0",
        "/rest/CAAS/relationnumber/partners/v1.0",
        "/rest//caas/relationnumber/partners/v1.0",
        "/rest/..%2f..%2fadmin/",
        "/rest/%00",
        "/rest/%ff",
        "/rest/" + "x" * 4000,
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
def test_a_wrong_uri_is_a_bare_404(client: Client, acme: Company, path: str, method: str) -> None:
    response = getattr(client, method)(path, headers=signed_headers(KEY))
    assert (response.status_code, response.content) == (404, b"Not Found")
    assert not response.cookies and "Content-Security-Policy" not in response.headers


def test_no_csrf_token_is_asked_for_and_no_cookie_is_set(acme: Company) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/rest/httpsessions/callStop/v2.0", b"{}", content_type="application/json")
    assert (response.status_code, response.json()["resultcode"]) == (400, "1023006")
    assert not response.cookies and "Vary" not in response.headers


def test_no_origin_is_let_in(client: Client, acme: Company) -> None:
    for method in (client.options, client.post):
        response = method("/rest/httpsessions/callStop/v2.0", headers={"Origin": "https://elsewhere.example"})
        assert not [name for name in response.headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize("host", ["elsewhere.example", "localhost.elsewhere.example", "a b", "127.0.0.1:80:80"])
def test_another_host_name_is_not_served(client: Client, acme: Company, host: str) -> None:
    for path in ("/rest/httpsessions/callStop/v2.0", "/upstream/v1/notifications"):
        assert client.post(path, headers={"Host": host}).status_code == 400


AWAY = """
import io, json
from config.wsgi import application
from accounts.tests import cast
headers = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in cast.signed_headers("k").items()}
environ = {
    "REQUEST_METHOD": "POST", "PATH_INFO": "/rest/httpsessions/callStop/v2.0", "SERVER_NAME": "localhost",
    "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": "application/json", "wsgi.url_scheme": "http",
    "CONTENT_LENGTH": "2", "wsgi.input": io.BytesIO(b"{}"), "HTTP_HOST": "localhost", **headers,
}
answered = []
answer = b"".join(application(environ, lambda status, headers: answered.append((status, dict(headers)))))
status, headers = answered[0]
print(json.dumps([status, headers.get("Retry-After"), json.loads(answer)["resultcode"]]))
"""


def test_an_unreachable_database_is_no_fault_of_ours(tmp_path: Any) -> None:
    """A process of its own, for which no PostgreSQL listens where it looks."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment["MASKLINE_EMBEDDED_DATABASE_URL"] = f"postgresql://maskline@/maskline?host={tmp_path}"
    done = subprocess.run([sys.executable, "-c", AWAY], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == ["503 Service Unavailable", "5", "1010001"]


def test_clocks_in_beijing_are_right_here_too(acme: Company) -> None:
    assert told(ask("GET", headers=cast.signed_headers(KEY, now=datetime.now(UTC) + timedelta(hours=8)))) == "200 0"

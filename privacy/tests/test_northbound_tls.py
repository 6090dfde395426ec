"""The TLS door: clients that speak https only, and do not look at the certificate (northbound.md 0.1, 11.17)."""

import http.client
import json
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from pytest_django import DjangoDbBlocker

from privacy.tests import raw
from privacy.tests.raw import Wire, signature

AXB = "/rest/caas/relationnumber/partners/v1.0"
PAIR = {"callerNum": "+8613800000021", "relationNum": raw.X["AXB"][0], "calleeNum": "+8613800000022"}
CONTENT_TYPE = {"Content-Type": "application/json;charset=UTF-8"}

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def door(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Wire]:
    """A server that speaks https, with a self-signed certificate."""
    with raw.live_server(django_db_blocker, tls=tmp_path_factory.mktemp("tls")) as (wire,):
        yield wire


def unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def headers() -> dict[str, str]:
    return raw.as_dictionary(signature("acmeAXB")) | CONTENT_TYPE


def with_http_client(door: Wire, method: str, target: str, body: dict[str, Any] | None) -> Any:
    connection = http.client.HTTPSConnection(door.host, door.port, context=unchecked(), timeout=20)
    connection.request(method, target, json.dumps(body) if body else None, headers())
    return json.load(connection.getresponse())


def with_urllib(door: Wire, method: str, target: str, body: dict[str, Any] | None) -> Any:
    raw_body = json.dumps(body).encode() if body else None
    request = urllib.request.Request(door.url + target, raw_body, headers(), method=method)
    with urllib.request.urlopen(request, context=unchecked(), timeout=20) as response:
        return json.load(response)


def with_curl(door: Wire, method: str, target: str, body: dict[str, Any] | None, *options: str) -> Any:
    if not shutil.which("curl"):
        pytest.skip("there is no curl")
    command = ["curl", "-sS", "-k", "-X", method, door.url + target, *options]
    for name, value in headers().items():
        command += ["-H", f"{name}: {value}"]
    command += ["-d", json.dumps(body)] if body else []
    return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=20).stdout)


def with_curl_of_http_1_0(door: Wire, method: str, target: str, body: dict[str, Any] | None) -> Any:
    return with_curl(door, method, target, body, "--http1.0")


@pytest.mark.parametrize("send", [with_http_client, with_urllib, with_curl, with_curl_of_http_1_0])
def test_a_client_over_https_binds_queries_modifies_and_unbinds(door: Wire, send: Any) -> None:
    bound = send(door, "POST", AXB, PAIR)
    assert bound["resultcode"] == "0"
    target = f"{AXB}?{urlencode({'subscriptionId': bound['subscriptionId']})}"
    assert send(door, "GET", target, None)["totalCount"] == 1
    assert send(door, "PUT", AXB, {"subscriptionId": bound["subscriptionId"], "duration": 60})["resultcode"] == "0"
    assert send(door, "DELETE", target, None)["resultcode"] == "0"


def test_plain_http_at_the_tls_door_is_no_fault_of_the_server(door: Wire) -> None:
    with door.connect() as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert not connection.recv(1024).startswith(b"HTTP/1.1 5")
    assert with_urllib(door, "POST", AXB, PAIR)["resultcode"] == "0"

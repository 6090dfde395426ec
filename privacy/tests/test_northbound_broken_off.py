"""Requests that are broken off or cannot be told apart from the next: nothing is done by half of a request."""

import json
import socket
import time
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from accounts.tests import cast
from privacy.models import ApiRequest, Binding, Record
from privacy.tests import raw, wires
from privacy.tests.raw import Answered, Wire, request, signature

AXB = "/rest/caas/relationnumber/partners/v1.0"
X1 = raw.X["AXB"][0]
PAIR = {"callerNum": "+8613800000021", "relationNum": X1, "calleeNum": "+8613800000022"}
ON_X = f"{AXB}?relationNum=%2B{X1[1:]}"

pytestmark = [pytest.mark.django_db(transaction=False), pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Wire]:
    """One server for all of these tests."""
    with raw.live_server(django_db_blocker) as (wire,):
        yield wire


@pytest.fixture
def wire(server: Wire) -> Iterator[Wire]:
    """The server, with nothing bound by the test before."""
    yield server
    server.send(request("DELETE", ON_X, signature("acmeAXB")))


def short(method: str, target: str, body: bytes = b"", missing: int = 500, headers: str = "") -> bytes:
    """Return a request whose body is shorter than it tells."""
    whole = request(method, target, headers or signature("acmeAXB"), body + b" " * missing)
    return whole[:-missing]


def half_closed(wire: Wire, sent: bytes) -> Answered:
    """Send this, say that nothing more comes, and return the answer."""
    with wire.connect() as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return raw.read(connection)


def bound(wire: Wire) -> int:
    answered = wire.send(request("GET", ON_X, signature("acmeAXB")))
    return answered.json.get("totalCount", 0) if answered.code in ("0", "1012007") else -1


def bind(wire: Wire) -> Answered:
    return wire.send(request("POST", AXB, signature("acmeAXB"), json.dumps(PAIR)))


def test_an_unbind_whose_body_never_comes_ends_nothing_and_is_in_the_log(wire: Wire) -> None:
    assert bind(wire).code == "0"
    answered = half_closed(wire, short("DELETE", ON_X))
    assert (answered.status, answered.code, answered.closed) == (403, "1010002", True)
    assert answered.json["resultdesc"] == "Invalid request. body: ended early"
    row = ApiRequest.objects.get(pk=answered.headers["x-request-id"])
    assert (row.code, row.parameter, row.method, row.app_key) == ("1010002", "body", "DELETE", "acmeAXB")
    assert bound(wire) == 1


def test_a_bind_whose_body_is_shorter_than_told_binds_nothing(wire: Wire) -> None:
    answered = half_closed(wire, short("POST", AXB, json.dumps(PAIR).encode()))
    assert (answered.code, answered.closed) == ("1010002", True)
    assert bound(wire) == 0


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_nor_does_one_whose_client_hangs_up(wire: Wire, method: str) -> None:
    done_before = 0
    if method == "DELETE":
        assert bind(wire).code == "0"
        done_before = 1
    with wire.connect() as connection:
        connection.sendall(short(method, ON_X if method == "DELETE" else AXB, json.dumps(PAIR).encode()))
    time.sleep(0.3)
    assert bound(wire) == done_before


def test_a_body_in_chunks_without_the_last_one_binds_nothing(wire: Wire) -> None:
    body = json.dumps(PAIR).encode()
    head = request("POST", AXB, signature("acmeAXB")).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    answered = half_closed(wire, head + b"%x\r\n%s\r\n" % (len(body), body))
    assert (answered.code, answered.closed) == ("1010002", True)
    assert bound(wire) == 0


def test_records_whose_body_is_shorter_than_told_are_not_stored(wire: Wire) -> None:
    headers = "".join(f"{name}: {value}\r\n" for name, value in cast.signed_headers("switchAXB").items())
    body, before = wires.body(wires.fees(wires.fee())), Record.objects.count()
    answered = half_closed(wire, short("POST", "/upstream/v1/notifications", body, headers=headers))
    assert (answered.status, answered.code, answered.closed) == (400, "1010002", True)
    assert answered.json["resultdesc"] == "Invalid request. body: ended early"
    assert Record.objects.count() == before


def test_the_connection_is_closed_after_an_unbind_so_a_body_without_length_is_no_next_request(wire: Wire) -> None:
    identity = bind(wire).json["subscriptionId"]
    without_length = request("DELETE", AXB, signature("acmeAXB"), json.dumps({"subscriptionId": identity}))
    head, _, body = without_length.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    with wire.connect() as connection:
        connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        answered = raw.read(connection)
        assert (answered.code, answered.closed) == ("1010002", True)
        assert connection.recv(65536) == b""
    assert Binding.objects.get(pk=identity).valid_to is None
    assert wire.send(request("DELETE", ON_X, signature("acmeAXB"))).closed


@pytest.mark.parametrize("path", ["/REST/" + AXB[6:], "/" + AXB, "//rest", "/Rest", "/rest/nothing/+8613800000021"])
def test_nearly_the_door_is_a_bare_404_too(wire: Wire, path: str) -> None:
    answered = wire.send(request("POST", path, signature("acmeAXB"), json.dumps(PAIR)))
    assert (answered.status, answered.body) == (404, b"Not Found")
    assert ApiRequest.objects.get(pk=answered.headers["x-request-id"]).http_status == 404


def test_a_query_of_eight_thousand_bytes_is_read(wire: Wire) -> None:
    answered = wire.send(request("GET", f"{ON_X}&pad={'a' * 8000}", signature("acmeAXB")))
    assert answered.code == "1012007"


def test_a_line_that_cannot_be_read_is_answered_with_the_envelope(wire: Wire) -> None:
    answered = wire.send(request("GET", f"{AXB}?relationNum= {X1[1:]}", signature("acmeAXB")))
    assert (answered.status, answered.code, answered.closed) == (400, "1010002", True)
    assert X1[1:].encode() not in answered.body

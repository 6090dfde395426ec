"""Each trap of northbound.md 11, sent as the bytes such a client sends to the real web server."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from pytest_django import DjangoDbBlocker

from privacy import recordings
from privacy.models import ApiRequest, Call
from privacy.tests import raw
from privacy.tests.raw import BEIJING, Answered, Wire, moment, request, signature

AXB = "/rest/caas/relationnumber/partners/v1.0"
AX = "/rest/provision/caas/privatenumber/v1.0"
AXE = "/rest/caas/extendnumber/v1.0"
AXYB = "/rest/omp/xyrelationnumber/v1.0"
X1 = raw.X["AXB"][0]
A, B = "+8613800000021", "+8613800000022"

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
    for key, path in (("acmeAXB", AXB), ("acmeAX", AX)):
        for number in raw.X[key[4:]]:
            name = "relationNum" if path == AXB else "privateNum"
            server.send(request("DELETE", f"{path}?{name}={number.replace('+', '%2B')}", signature(key)))


def bind(wire: Wire, headers: str = "", version: str = "HTTP/1.1", **changes: Any) -> Answered:
    body = {"callerNum": A, "relationNum": X1, "calleeNum": B, **changes}
    return wire.send(request("POST", AXB, headers or signature("acmeAXB"), json.dumps(body), version=version))


def query(wire: Wire, target: str, headers: str = "", body: bytes = b"", **how: Any) -> Answered:
    return wire.send(request("GET", target, headers or signature("acmeAXB"), body, **how))


# --- signatures (1.1-1.3) -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("generation", "digest"),
    [("WSSE", raw.wsse), ("WSSE", raw.wsse_hex), ("AKSK", raw.aksk)],
    ids=["WSSE", "WSSE in hex", "AKSK"],
)
def test_every_form_of_digest_is_accepted(wire: Wire, generation: str, digest: Any) -> None:
    answered = bind(wire, signature("acmeAXB", generation, digest))
    assert (answered.status, answered.code) == (200, "0")


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda line: line.replace(",", ", "),
        lambda line: line.replace(",", " , "),
        lambda line: line.replace(',type="Appkey"', "").replace("realm=", 'type="Appkey",realm='),
        lambda line: line.replace("Authorization:", "authorization:").replace("X-WSSE:", "x-wsse:"),
        lambda line: line.replace("Authorization: ", "AUTHORIZATION:").replace("X-WSSE: ", "X-Wsse:   "),
    ],
    ids=["blanks", "blanks on both sides", "type first", "lower-case names", "upper-case names"],
)
def test_attributes_stand_in_any_order_with_or_without_blanks(wire: Wire, rewrite: Any) -> None:
    assert bind(wire, rewrite(signature("acmeAXB"))).code == "0"


def test_the_attributes_of_the_token_stand_in_any_order(wire: Wire) -> None:
    created, nonce = moment(), "5f1c2d3e4a5b6"
    digest = raw.aksk("acmeAXB", nonce, created)
    headers = (
        'Authorization: AKSK type="Appkey", profile="UsernameToken", realm="SDP"\r\n'
        f'X-AKSK: UsernameToken Created="{created}", Nonce="{nonce}", PasswordDigest="{digest}", Username="acmeAXB"\r\n'
    )
    assert bind(wire, headers).code == "0"


def test_5_a_header_made_once_signs_every_call_of_an_object(wire: Wire) -> None:
    made_once = signature("acmeAXB", created=moment(timedelta(seconds=-200)))
    bound = bind(wire, made_once).json
    target = f"{AXB}?subscriptionId={bound['subscriptionId']}"
    modify = json.dumps({"subscriptionId": bound["subscriptionId"], "duration": 60})
    answers = [
        query(wire, target, made_once),
        wire.send(request("PUT", AXB, made_once, modify)),
        query(wire, target, made_once),
        wire.send(request("DELETE", target, made_once)),
    ]
    assert [answered.code for answered in answers] == ["0"] * 4


@pytest.mark.parametrize("generation", ["WSSE", "AKSK"])
def test_6_and_15_a_clock_in_beijing_writes_its_time_with_a_z(wire: Wire, generation: str) -> None:
    headers = signature("acmeAXB", generation, created=moment(BEIJING), nonce=f"{datetime.now(UTC):%s%f}")
    assert [bind(wire, headers).code, query(wire, f"{AXB}?relationNum={X1}", headers).code] == ["0", "0"]


@pytest.mark.parametrize("off", [timedelta(hours=-5), timedelta(hours=1), -BEIJING, timedelta(seconds=330)])
def test_any_other_local_time_is_refused(wire: Wire, off: timedelta) -> None:
    answered = bind(wire, signature("acmeAXB", created=moment(off)))
    assert (answered.status, answered.code) == (401, "1010013")


@pytest.mark.parametrize(("key", "code"), [("acmeAXB", "1023012"), ("acmeLenient", "1012007")])
def test_9_dsl_for_type_is_a_switch_that_is_off(wire: Wire, key: str, code: str) -> None:
    headers = signature(key).replace("type=", "dsl=")
    assert query(wire, f"{AXB}?relationNum=%2B{X1[1:]}", headers).code == code


# --- bodies and queries ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("record", ['"true"', '"false"', "true", "false"])
@pytest.mark.parametrize("number", ['"0"', "0", '"1"', "1"])
def test_1_booleans_and_numbers_come_as_such_or_as_text(wire: Wire, record: str, number: str) -> None:
    body = (
        f'{{"callerNum":"{A}","relationNum":"{X1}","calleeNum":"{B}","recordFlag":{record},"privateSms":{record},'
        f'"callDirection":{number},"duration":{number},"maxDuration":{number}}}'
    )
    answered = wire.send(request("POST", AXB, signature("acmeAXB"), body))
    assert answered.code == "0"
    assert [answered.json[name] for name in ("callDirection", "duration", "maxDuration")] == [
        int(number.strip('"'))
    ] * 3


@pytest.mark.parametrize("display", ['"0"', "0", '"1"', "1"])
def test_1_the_display_mode_comes_as_text_or_as_a_number(wire: Wire, display: str) -> None:
    body = f'{{"origNum":"{A}","privateNum":"{raw.X["AX"][0]}","calleeNumDisplay":{display}}}'
    assert wire.send(request("POST", AX, signature("acmeAX"), body)).code == "0"


def test_2_unknown_fields_are_ignored(wire: Wire) -> None:
    assert bind(wire, appKey="x", extra={"a": [1, None]}, is_staff=True, account_id=99, note="号码").code == "0"


def test_4_every_error_has_a_body_of_the_length_it_tells(wire: Wire) -> None:
    for expected, answered in {
        (400, "1023006"): wire.send(request("POST", AXB, "", "{}")),
        (401, "1010010"): bind(wire, signature("acmeAXB", secret="another-secret")),
        (403, "1010003"): bind(wire, signature("nobody")),
        (403, "1010002"): bind(wire, callerNum="x"),
        (403, "1010006"): wire.send(request("PATCH", AXB, signature("acmeAXB"), "{}")),
        (403, "1010040"): bind(wire, signature("acmeAX")),
        (403, "1012001"): bind(wire, relationNum="+8617199999999"),
    }.items():
        assert (answered.status, answered.code) == expected
        assert int(answered.headers["content-length"]) == len(answered.body) > 0
        assert answered.headers["content-type"] == "application/json;charset=utf-8"


def test_7_an_unbind_comes_with_its_json_body(wire: Wire) -> None:
    bound = bind(wire).json
    body = json.dumps({"subscriptionId": bound["subscriptionId"]})
    assert wire.send(request("DELETE", AXB, signature("acmeAXB"), body)).code == "0"
    assert wire.send(request("DELETE", AXB, signature("acmeAXB"), body)).code == "1012001"


def test_8_a_query_by_x_and_both_parties_counts_and_nothing_found_is_an_error(wire: Wire) -> None:
    target = f"{AXB}?relationNum=%2B{X1[1:]}&callerNum=%2B{A[1:]}&calleeNum=%2B{B[1:]}"
    answered = query(wire, target)
    assert (answered.status, answered.code) == (403, "1012007")
    bind(wire)
    found = query(wire, target).json
    assert found["totalCount"] == 1 and type(found["totalCount"]) is int


@pytest.mark.parametrize("plus", ["%2B", "+", "%20", "%2b"])
def test_10_parameters_stand_in_any_order_and_a_raw_plus_is_one(wire: Wire, plus: str) -> None:
    bind(wire)
    pairs = [f"relationNum={plus}{X1[1:]}", f"callerNum={plus}{A[1:]}", "pageSize=10", "pageIndex=1"]
    for order in (pairs, pairs[::-1]):
        assert query(wire, f"{AXB}?{'&'.join(order)}").json["totalCount"] == 1


def test_11_empty_parameters_count_as_absent(wire: Wire) -> None:
    x = raw.X["AXE"][0]
    body = json.dumps({"virtualNum": x, "bindNum": A, "extendNum": "1234", "areaCode": "", "callbackNum": ""})
    assert wire.send(request("POST", AXE, signature("acmeAXE"), body)).code == "0"
    target = f"{AXE}?subscriptionId=&virtualNum=%2B{x[1:]}&extendNum=1234"
    assert query(wire, target, signature("acmeAXE")).json["bindNum"] == A
    assert wire.send(request("DELETE", target, signature("acmeAXE"))).code == "0"


def test_12_success_is_exactly_the_text_zero(wire: Wire) -> None:
    assert bind(wire).body.startswith(b'{"resultcode":"0","resultdesc":"Success"')


def test_13_every_byte_is_ascii_so_a_client_may_convert_it_from_gbk(wire: Wire) -> None:
    bound = bind(wire, userData="订单 17 ☎")
    found = query(wire, f"{AXB}?subscriptionId={bound.json['subscriptionId']}")
    for answered in (bound, found, bind(wire, callerNum="号"), bind(wire, 号="x", callerNum=None)):
        assert json.loads(answered.body.decode("gbk").encode()) == answered.json and answered.body.isascii()
    assert found.json["relationNumList"][0]["userData"] == "订单 17 ☎"


# --- HTTP itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["Host: 127.0.0.1\r\n", ""])
def test_14_a_client_of_http_1_0_is_answered_without_chunks(wire: Wire, host: str) -> None:
    body = json.dumps({"callerNum": A, "relationNum": X1, "calleeNum": B})
    for payload in (
        request("POST", AXB, signature("acmeAXB"), body, version="HTTP/1.0"),
        request("GET", f"{AXB}?relationNum=%2B{X1[1:]}", signature("acmeAXB"), version="HTTP/1.0"),
        request("GET", "/rest/nothing", "", version="HTTP/1.0"),
    ):
        answered = wire.send(payload.replace(b"Host: 127.0.0.1\r\n", host.encode()))
        assert answered.status in (200, 404) and "transfer-encoding" not in answered.headers
        assert int(answered.headers["content-length"]) == len(answered.body) and answered.closed


def test_14_a_body_in_chunks_is_read(wire: Wire) -> None:
    body = json.dumps({"callerNum": A, "relationNum": X1, "calleeNum": B}).encode()
    head = request("POST", AXB, signature("acmeAXB")).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:20], body[20:])) + b"0\r\n\r\n"
    answered = wire.send(head, chunks)
    assert answered.code == "0" and "transfer-encoding" not in answered.headers


def test_16_the_body_of_a_get_is_ignored_and_the_next_request_is_not_disturbed(wire: Wire) -> None:
    bind(wire)
    text = f"relationNum=%2B{X1[1:]}&pageSize=10"
    with wire.connect() as connection:
        for _ in range(3):
            connection.sendall(request("GET", f"{AXB}?{text}", signature("acmeAXB"), text))
            assert raw.read(connection).json["totalCount"] == 1


def test_an_answer_to_head_has_no_body_that_would_spoil_the_connection(wire: Wire) -> None:
    with wire.connect() as connection:
        connection.sendall(request("HEAD", AXB, signature("acmeAXB")))
        answered = raw.read(connection, head=True)
        assert (answered.status, answered.body) == (403, b"")
        connection.sendall(request("GET", f"{AXB}?relationNum=%2B{X1[1:]}", signature("acmeAXB")))
        assert raw.read(connection).code == "1012007"


def test_a_client_that_expects_100_continue_is_told_to_go_on(wire: Wire) -> None:
    body = json.dumps({"callerNum": A, "relationNum": X1, "calleeNum": B}).encode()
    payload = request("POST", AXB, signature("acmeAXB") + "Expect: 100-continue\r\n", body)
    head, _, rest = payload.partition(b"\r\n\r\n")
    with wire.connect() as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(1024).startswith(b"HTTP/1.1 100 ")
        connection.sendall(rest)
        assert raw.read(connection).code == "0"


def test_a_request_that_comes_byte_by_byte_is_read(wire: Wire) -> None:
    body = json.dumps({"callerNum": A, "relationNum": X1, "calleeNum": B})
    payload = request("POST", AXB, signature("acmeAXB"), body)
    with wire.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for position in range(0, len(payload), 7):
            connection.sendall(payload[position : position + 7])
        assert raw.read(connection).code == "0"


def test_3_a_recording_is_answered_with_301_and_a_location_that_a_plain_get_fetches(wire: Wire) -> None:
    call = Call.objects.get(application__app_key="acmeAXB")
    path = recordings.path_of(call.account_id, call.record_domain, call.record_object)
    stored = storages["recordings"].save(path, ContentFile(b"RIFF-tone"))
    try:
        answered = query(wire, f"/rest/provision/voice/record/v1.0?recordDomain={raw.DOMAIN}&fileName={raw.RECORDING}")
        assert (answered.status, answered.body) == (301, b"") and answered.headers["location"].startswith("http")
        target = "/" + answered.headers["location"].split("/", 3)[3]
        fetched = wire.send(f"GET {target} HTTP/1.0\r\n\r\n".encode())
        assert (fetched.status, fetched.body) == (200, b"RIFF-tone")
    finally:
        storages["recordings"].delete(stored)


def test_every_request_of_these_clients_is_in_the_log(wire: Wire) -> None:
    answered = bind(wire)
    row = ApiRequest.objects.get(pk=answered.headers["x-request-id"])
    assert (row.code, row.operation, str(row.binding_id)) == ("0", "axb.bind", answered.json["subscriptionId"])

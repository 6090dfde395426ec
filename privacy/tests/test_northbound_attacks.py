"""Attacks on /rest, over the wire: reliability.md 3, cases A 1-30, with the codes of northbound.md 9."""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from privacy.tests import raw
from privacy.tests.raw import Answered, Wire, moment, request, signature

AXB = "/rest/caas/relationnumber/partners/v1.0"
X1 = raw.X["AXB"][0]
A, B = "+8613800000021", "+8613800000022"
TARGET = f"{AXB}?relationNum=%2B{X1[1:]}"
NOT_BOUND = (403, "1012007")
MEGABYTE = 1024 * 1024

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def servers(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[list[Wire]]:
    """Two servers on one database, each a process of its own."""
    with raw.live_server(django_db_blocker, servers=2) as wires:
        yield wires


@pytest.fixture
def wire(servers: list[Wire]) -> Wire:
    return servers[0]


def ask(wire: Wire, headers: str, target: str = TARGET) -> tuple[int, str]:
    answered = wire.send(request("GET", target, headers))
    return answered.status, answered.code


def post(wire: Wire, body: bytes | str, key: str = "acmeAXB", headers: str = "", **how: Any) -> Answered:
    return wire.send(request("POST", AXB, signature(key) + headers, body, **how))


# --- signatures -------------------------------------------------------------------------------------------------------


def test_a1_a_request_without_signature(wire: Wire) -> None:
    assert ask(wire, "") == (400, "1023006")


def test_a2_the_same_header_twice(wire: Wire) -> None:
    authorization, token, _ = signature("acmeAXB").split("\r\n")
    assert ask(wire, f"{authorization}\r\n{authorization}\r\n{token}\r\n") == (400, "1023007")
    assert ask(wire, f"{authorization}\r\n{token}\r\n{token}\r\n") == (400, "1023027")
    other = signature("acmeAX").split("\r\n")[1]
    assert ask(wire, f"{authorization}\r\n{token}\r\n{other}\r\n") == (400, "1023027")


def test_a3_and_a8_strict_nonces_take_a_header_and_a_nonce_once(wire: Wire) -> None:
    used = signature("acmeStrict", nonce="once")
    assert [ask(wire, used) for _ in range(3)] == [NOT_BOUND, (401, "1010013"), (401, "1010013")]
    assert ask(wire, signature("acmeStrict", nonce="once", created=moment(timedelta(seconds=-60)))) == (401, "1010013")
    assert ask(wire, signature("acmeStrict", nonce="twice")) == NOT_BOUND


@pytest.mark.parametrize(("seconds", "good"), [(-302, False), (-298, True), (298, True), (302, False)])
def test_a4_the_edges_of_the_clock(wire: Wire, seconds: int, good: bool) -> None:
    headers = signature("acmeAXB", created=moment(timedelta(seconds=seconds)))
    assert ask(wire, headers) == (NOT_BOUND if good else (401, "1010013"))


@pytest.mark.parametrize(
    ("rewrite", "told"),
    [
        (lambda text: text[:-1], (400, "1023031")),
        (lambda text: text[:-1] + "+02:00", (400, "1023031")),
        (lambda text: text[:-1] + ".123Z", (400, "1023031")),
        (lambda text: text[:11] + "24:00:00Z", (400, "1023031")),
        (lambda text: text[:11] + "23:59:60Z", (400, "1023031")),
        (lambda text: text[:4] + "-02-30" + text[10:], (400, "1023031")),
        (lambda text: text.lower(), (400, "1023031")),
        (lambda text: "1" * 5000, (400, "1023031")),
        (lambda text: "9999-12-31T23:59:59Z", (401, "1010013")),
        (lambda text: "0001-01-01T00:00:00Z", (401, "1010013")),
    ],
)
def test_a5_created_is_read_strictly(wire: Wire, rewrite: Any, told: tuple[int, str]) -> None:
    assert ask(wire, signature("acmeAXB", created=rewrite(moment()))) == told


@pytest.mark.parametrize(
    ("nonce", "told"),
    [("", (400, "1023028")), ("n", NOT_BOUND), ("n" * 128, NOT_BOUND), ("n" * 129, (400, "1023028"))],
    ids=["none", "one", "the most", "one more"],
)
def test_a6_the_length_of_a_nonce(wire: Wire, nonce: str, told: tuple[int, str]) -> None:
    assert ask(wire, signature("acmeAXB", nonce=nonce)) == told


def test_a6_a_header_beyond_what_the_server_reads_is_refused_by_it(wire: Wire) -> None:
    status = wire.send(request("GET", TARGET, signature("acmeAXB", nonce="n" * 10_000))).status
    assert status in (400, 431)


def test_a7_the_same_nonce_of_another_application(wire: Wire) -> None:
    assert ask(wire, signature("acmeStrict", nonce="shared")) == NOT_BOUND
    assert ask(wire, signature("acmeLenient", nonce="shared")) == NOT_BOUND


def test_a9_the_nonce_is_digested_as_it_is_sent(wire: Wire) -> None:
    def decoded(key: str, nonce: str, created: str, secret: str) -> str:
        return raw.wsse(key, bytes.fromhex(nonce).decode("latin-1"), created, secret)

    assert ask(wire, signature("acmeAXB", digest=decoded)) == (401, "1010010")


def test_a10_a_password_in_clear_is_no_digest(wire: Wire) -> None:
    clear = signature("acmeAXB").replace('profile="UsernameToken"', 'profile="PasswordText"')
    assert ask(wire, clear) == (400, "1023010")
    assert ask(wire, signature("acmeAXB", digest=lambda *given: raw.SECRET)) == (401, "1010010")


@pytest.mark.parametrize(
    "key", ["a'b", "'; DROP TABLE x; --", "a\\", "‮acmeAXB", "acmé", "acme\u0301", "k" * 129, "k" * 4000, "%00", "a\tb"]
)
def test_a11_a_strange_key_is_unknown(wire: Wire, key: str) -> None:
    assert ask(wire, signature(key)) == (403, "1010003")


@pytest.mark.parametrize("key", ["", 'a"b', "a\0b"])
def test_a11_a_key_that_cannot_stand_in_a_header(wire: Wire, key: str) -> None:
    assert wire.send(request("GET", TARGET, signature(key))).status in (400, 401, 403)


# --- bodies -----------------------------------------------------------------------------------------------------------


def test_a16_nobody_assigns_what_is_not_his(wire: Wire) -> None:
    body = {"callerNum": A, "relationNum": X1, "calleeNum": B, "account_id": 7, "is_staff": True, "balance": "9"}
    bound = post(wire, json.dumps({**body, "subscriptionId": "mine", "application": 2})).json
    assert bound["resultcode"] == "0" and len(bound["subscriptionId"]) == 36
    assert ask(wire, signature("acmeAXB"))[1] == "0"
    wire.send(request("DELETE", TARGET, signature("acmeAXB")))


def memory_of(wire: Wire) -> int:
    """Return the resident bytes of the processes that listen on the server's port."""
    found = 0
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"127.0.0.1:{wire.port}".encode() in status.read_bytes():
                found += int((status.parent / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    "body",
    [b"[" * MEGABYTE, b'{"a":' * 200_000, b'{"a":"' + b"\\u0000" * 100_000 + b'"}', b'{"a":' + b"9" * 900_000 + b"}"],
    ids=["arrays", "objects", "NULs", "digits"],
)
def test_a17_a_bomb_of_json_is_an_invalid_request_and_costs_no_memory(wire: Wire, body: bytes) -> None:
    before = memory_of(wire)
    for _ in range(3):
        answered = post(wire, body)
        assert (answered.status, answered.code) == (403, "1010002")
    assert memory_of(wire) - before < 50 * MEGABYTE


def test_a17_a_hundred_megabytes_are_refused_before_they_are_read(wire: Wire) -> None:
    before = memory_of(wire)
    head = request("POST", AXB, signature("acmeAXB")).replace(b"Content-Length: 0", b"Content-Length: 104857600")
    answered = wire.send(head, b"x" * 1000)
    assert (answered.status, answered.code) == (403, "1010002")
    assert memory_of(wire) - before < 50 * MEGABYTE


def test_a17_nor_does_a_body_in_chunks_without_end_fill_the_memory(wire: Wire) -> None:
    before = memory_of(wire)
    head = request("POST", AXB, signature("acmeAXB")).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with wire.connect() as connection:
        connection.sendall(head)
        try:
            for _ in range(400):
                connection.sendall(chunk)
            answered = raw.read(connection)
            assert (answered.status, answered.code) == (403, "1010002")
        except OSError:
            pass  # it hung up on us while we were sending
    assert memory_of(wire) - before < 50 * MEGABYTE


def test_a19_nothing_is_unpacked(wire: Wire) -> None:
    for encoding in ("gzip", "deflate", "br"):
        answered = post(wire, b"\x1f\x8b\x08\x00" + b"\0" * 1000, headers=f"Content-Encoding: {encoding}\r\n")
        assert (answered.status, answered.code) == (403, "1010002")


def test_a20_a_length_and_chunks_at_once_are_refused_and_the_connection_closed(wire: Wire) -> None:
    smuggled = request("GET", "/rest/nothing", "")
    head = request("POST", AXB, signature("acmeAXB") + "Transfer-Encoding: chunked\r\n").replace(
        b"Length: 0", b"Length: 5"
    )
    with wire.connect() as connection:
        connection.sendall(head + b"0\r\n\r\n" + smuggled)
        answered = raw.read(connection)
        assert answered.status == 400 and answered.closed
        assert b"HTTP/1.1" not in connection.recv(65536)


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_a22_other_methods(wire: Wire, method: str) -> None:
    answered = wire.send(request(method, AXB, signature("acmeAXB") + "X-HTTP-Method-Override: DELETE\r\n"))
    assert (answered.status, answered.code) == (403, "1010006")
    assert b"UsernameToken" not in answered.body


@pytest.mark.parametrize("page", ["-1", "0", "1000000000", "1;drop", "9" * 1000, "1e9", "%00", "%D9%A1"])
def test_a23_pages_that_are_none(wire: Wire, page: str) -> None:
    for name in ("pageIndex", "pageSize"):
        status, code = ask(wire, signature("acmeAXB"), f"{TARGET}&{name}={page}")
        assert (status, code) in (NOT_BOUND, (403, "1010002"))


@pytest.mark.parametrize("number", ["%25", "_", "%27", "%5C", "%2B44%27--", "%2B86%25", "*", "%00", "%2B" + "1" * 4000])
def test_a25_a_number_is_matched_literally_or_not_at_all(wire: Wire, number: str) -> None:
    for name in ("relationNum", "subscriptionId"):
        status, code = ask(wire, signature("acmeAXB"), f"{AXB}?{name}={number}")
        assert (status, code) in (NOT_BOUND, (403, "1010002"))


@pytest.mark.parametrize(
    "number",
    [
        "+" + "1" * 1000,
        "+86abc",
        "+٨٦١٣٨",
        "tel:+8613800000021",
        "+",
        "+8613800000021;ext=1",
        "＋8613800000021",
        "",
        None,
        [],
        {},
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a26_what_is_no_number_is_named(wire: Wire, number: Any) -> None:
    answered = post(wire, json.dumps({"callerNum": number, "calleeNum": B, "relationNum": X1}))
    assert (answered.status, answered.code) == (403, "1010002")
    assert answered.json["resultdesc"].startswith("Invalid request. callerNum: ")


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "[::1]:x", "127.0.0.1@x"])
def test_a28_another_host(wire: Wire, host: str) -> None:
    assert wire.send(request("GET", TARGET, signature("acmeAXB"), host=host)).status == 400


def test_a29_another_origin(wire: Wire) -> None:
    answered = wire.send(request("GET", TARGET, signature("acmeAXB") + "Origin: https://elsewhere.example\r\n"))
    assert not [name for name in answered.headers if name.startswith("access-control-")]
    assert "set-cookie" not in answered.headers


# --- slowness ---------------------------------------------------------------------------------------------------------


def test_a21_those_who_send_slowly_keep_nobody_waiting(wire: Wire) -> None:
    slow = [wire.connect() for _ in range(2)]
    payload = request("POST", AXB, signature("acmeAXB"), b"{}" + b" " * 5000)
    try:
        for connection, sent in zip(slow, (40, len(payload) - 4000), strict=True):
            connection.sendall(payload[:sent])
        began = time.monotonic()
        assert ask(wire, signature("acmeAXB")) == NOT_BOUND
        assert time.monotonic() - began < 5
    finally:
        for connection in slow:
            connection.close()


# --- replay (G18) -----------------------------------------------------------------------------------------------------


def test_g18_of_a_thousand_replays_of_one_header_over_two_servers_one_is_accepted(servers: list[Wire]) -> None:
    headers = signature("acmeStrict", nonce="replayed")

    def replay(number: int) -> str:
        return ask(servers[number % 2], headers)[1]

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(replay, range(1000)))
    assert {code: codes.count(code) for code in set(codes)} == {"1012007": 1, "1010013": 999}

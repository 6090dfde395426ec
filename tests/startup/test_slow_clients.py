"""Clients that send a byte now and then hold a thread of the web server for a moment only (reliability.md A21)."""

import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.services import certificate
from tests.startup.holders import CHECKOUT, clean_environment, wait_until

THREADS = 2
MOST = 50
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
BODY = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n"


@dataclass(frozen=True)
class Server:
    port: int
    log: Path
    trust: ssl.SSLContext | None = None

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), 20)
        return self.trust.wrap_socket(connection, server_hostname="localhost") if self.trust else connection

    def answers(self) -> bool:
        try:
            with self.connect() as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return b"200 OK" in connection.recv(65536)
        except OSError:
            return False


def said(connection: socket.socket) -> bytes:
    """Return the body of an answer."""
    got = b""
    while b"\r\n\r\n" not in got or got.endswith(b"\r\n\r\n"):
        part = connection.recv(65536)
        if not part:
            break
        got += part
    return got.partition(b"\r\n\r\n")[2]


def ended(connection: socket.socket) -> bool:
    """Return whether the server ended a connection to which it says nothing; a reset is an end as well."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def everything(connection: socket.socket) -> bytes:
    got = b""
    while part := connection.recv(65536):
        got += part
    return got


@contextmanager
def serving(worker: str, folder: Path, *, tls: bool) -> Iterator[Server]:
    """Serve with one worker of two threads while the block runs."""
    log = folder / "log"
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = int(door.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "tests.startup.impatient:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", f"tests.startup.impatient.{worker}", "--workers", "1", "--threads", str(THREADS)]
    command += ["--worker-connections", str(MOST), "--error-logfile", str(log)]
    trust = None
    if tls:
        pair = certificate.pair({}, folder)
        trust = ssl.create_default_context(cafile=str(pair.certificate))
        command += ["--certfile", str(pair.certificate), "--keyfile", str(pair.key)]
    process = subprocess.Popen([*command, "--no-control-socket"], cwd=CHECKOUT, env=clean_environment())
    try:
        server = Server(port, log, trust)
        wait_until(server.answers, 30)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture(scope="module", params=["http", "https"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that waits half a second."""
    with serving("Worker", tmp_path_factory.mktemp("web"), tls=request.param == "https") as server:
        yield server


@pytest.fixture(scope="module", params=["http", "https"])
def patient(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that waits much longer than these tests do: whoever is served is not served because another was cut."""
    with serving("Patient", tmp_path_factory.mktemp("web"), tls=request.param == "https") as server:
        yield server


@contextmanager
def crowd(server: Server, sent: bytes, *, count: int, encrypted: bool = True) -> Iterator[list[socket.socket]]:
    """Have so many clients that send this and nothing more."""
    with ExitStack() as stack:
        clear = Server(server.port, server.log) if not encrypted else server
        connections = [stack.enter_context(clear.connect()) for _ in range(count)]
        for connection in connections:
            connection.sendall(sent)
        time.sleep(0.2)
        yield connections


def seconds_to_answer(server: Server) -> float:
    began = time.monotonic()
    assert server.answers()
    return time.monotonic() - began


HEAD = b"GET / HTTP/1.1\r\nX-A: b\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123"
LARGE = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n123"
EXPECTING = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
# A whole request and the first byte of the next; lengths that another reading takes for none, or for any.
FOLLOWED = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nG"
PADDED = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000005\r\n\r\n"
ENDLESS = b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999\r\n\r\n"


@pytest.mark.parametrize(
    "sent", [b"", HEAD, BODY, BODY + b"12345", CHUNKED, LARGE, EXPECTING, FOLLOWED, PADDED, ENDLESS]
)
def test_nobody_waits_for_those_who_send_nothing_more(patient: Server, sent: bytes) -> None:
    with crowd(patient, sent, count=10 * THREADS):
        assert max(seconds_to_answer(patient) for _ in range(3)) < 3


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00\x01"])
def test_nobody_waits_for_a_handshake(patient: Server, sent: bytes) -> None:
    with crowd(patient, sent, count=10 * THREADS, encrypted=False):
        assert seconds_to_answer(patient) < 3


def test_nobody_waits_for_a_client_that_keeps_its_end_open(patient: Server) -> None:
    with crowd(patient, b"GET / HTTP/1.0\r\n\r\n", count=5) as connections:
        assert [said(connection) for connection in connections] == [b"0"] * 5
        assert seconds_to_answer(patient) < 1.5


def test_when_too_many_wait_the_oldest_goes(patient: Server) -> None:
    with crowd(patient, HEAD, count=MOST + 10) as connections:
        assert seconds_to_answer(patient) < 3
        connections[0].settimeout(5)
        assert ended(connections[0])
        connections[-1].sendall(b"\r\n")
        assert said(connections[-1]) == b"0"


@pytest.mark.parametrize("size", [0, 5])
def test_a_body_that_ends_early_ends_the_connection(patient: Server, size: int) -> None:
    if patient.trust:
        pytest.skip("TLS takes an end of sending for an end of all")
    with patient.connect() as connection:
        connection.sendall(BODY + b"x" * size)
        connection.shutdown(socket.SHUT_WR)
        got = everything(connection)
        assert b"\r\nConnection: close\r\n" in got and got.endswith(f"\r\n\r\n{size}".encode())


def test_requests_may_follow_each_other_before_they_are_answered(patient: Server) -> None:
    whole = BODY + b"x" * 20
    with patient.connect() as connection:
        connection.sendall(whole + whole + whole[:30])
        got = b""
        while got.count(b"HTTP/1.1 200") < 2:
            got += connection.recv(65536)
        connection.sendall(whole[30:])
        assert said(connection) == b"20"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /?a= 8613800990011 HTTP/1.1\r\n\r\n", 400),
        (b'{"origNum": "8613800990011"} / HTTP/1.1\r\n\r\n', 400),
        (b"GET / HTTP/1.1\r\n8613800990011 : 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\n8613800990011: 1\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8613800990011x\r\n\r\n", 400),
        (b"GET /?8613800990011=" + b"a" * 9000, 414),
        (b"GET / HTTP/1.1\r\nX-A: " + b"8613800990011" * 1000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nExpect: 8613800990011\r\n\r\n", 417),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x8613800990011\r\n\r\n", 501),
    ],
)
def test_what_cannot_be_read_is_refused_as_json_and_told_to_nobody(patient: Server, sent: bytes, status: int) -> None:
    with patient.connect() as connection:
        connection.sendall(sent)
        got = everything(connection)
    assert got.startswith(f"HTTP/1.1 {status} ".encode()) and b"Content-Type: application/json" in got
    assert json.loads(got.partition(b"\r\n\r\n")[2])["resultcode"] == "1010002"
    assert b"8613800990011" not in got
    logged = patient.log.read_text()
    assert "Invalid request from ip=127.0.0.1: " in logged and "8613800990011" not in logged


@pytest.mark.parametrize("sent", [b"GET / HT", b"GET / HTTP/1.1\r\nX-A: b\r\n", BODY, BODY + b"12345"])
def test_slow_clients_are_cut_and_the_next_is_served(server: Server, sent: bytes) -> None:
    slow = [server.connect() for _ in range(2 * THREADS)]
    try:
        for connection in slow:
            connection.sendall(sent)
        began = time.monotonic()
        assert server.answers()
        assert time.monotonic() - began < 15
    finally:
        for connection in slow:
            connection.close()


def test_one_that_drips_is_cut_too(server: Server) -> None:
    with server.connect() as connection:
        began = time.monotonic()
        with pytest.raises(OSError):
            for _ in range(200):
                connection.sendall(b"X")
                time.sleep(0.05)
        assert time.monotonic() - began < 8


def test_what_was_sent_before_the_cut_is_answered(server: Server) -> None:
    if server.trust:
        pytest.skip("TLS takes an end of reading for an attack")
    with server.connect() as connection:
        connection.sendall(BODY + b"12345")
        assert said(connection) == b"5"


def test_a_client_that_is_only_a_little_slow_is_served(server: Server) -> None:
    with server.connect() as connection:
        for position in range(0, len(BODY), 10):
            connection.sendall(BODY[position : position + 10])
            time.sleep(0.05)
        connection.sendall(b"x" * 20)
        assert said(connection) == b"20"


def test_a_kept_connection_that_rests_is_not_cut(server: Server) -> None:
    with server.connect() as connection:
        for _ in range(2):
            connection.sendall(BODY + b"x" * 20)
            assert said(connection) == b"20"
            time.sleep(0.8)

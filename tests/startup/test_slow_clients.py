"""Clients that send a byte now and then hold a thread of the web server for a moment only (reliability.md A21)."""

import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.services import certificate
from tests.startup.holders import CHECKOUT, clean_environment, wait_until

THREADS = 2
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
BODY = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n"


@dataclass(frozen=True)
class Server:
    port: int
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


@pytest.fixture(scope="module", params=["http", "https"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker with two threads."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = int(door.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "tests.startup.impatient:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "tests.startup.impatient.Worker", "--workers", "1", "--threads", str(THREADS)]
    trust = None
    if request.param == "https":
        pair = certificate.pair({}, Path(tmp_path_factory.mktemp("tls")))
        trust = ssl.create_default_context(cafile=str(pair.certificate))
        command += ["--certfile", str(pair.certificate), "--keyfile", str(pair.key)]
    process = subprocess.Popen([*command, "--no-control-socket"], cwd=CHECKOUT, env=clean_environment())
    try:
        server = Server(port, trust)
        wait_until(server.answers, 30)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


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

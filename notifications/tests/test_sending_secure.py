"""Servers with which no secure connection is agreed on: the reason, and nothing in clear (reliability.md D 65)."""

import asyncio
import contextlib
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from notifications.sending import Sender, Sent
from notifications.tests.certificates import pair

BODY = b'{"secret of the body":1}'


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[bytes]]]:
    """Serve one connection in its own way; tell what came as it was on the wire."""
    heard: list[bytes] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            connection, _ = door.accept()
            with connection:
                connection.settimeout(5)
                heard.append(connection.recv(65536, socket.MSG_PEEK))
                serve(connection)

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield door.getsockname()[1], heard
        thread.join(5)


def shaking_hands(context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    return lambda connection: context.wrap_socket(connection, server_side=True).close()


def old(certificate: Path) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    return shaking_hands(context)


def nameless(certificate: Path) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    return shaking_hands(context)


def plain(certificate: Path) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def silent(certificate: Path) -> Callable[[socket.socket], None]:
    return lambda connection: None


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (old, "The server speaks only versions of TLS that are too old to be safe."),
        (nameless, "The server does not know the name in the URL."),
        (plain, "What listens there does not speak TLS: is the port that of http?"),
        (silent, "The server hung up instead of agreeing on a secure connection."),
    ],
)
def test_what_keeps_a_connection_from_being_secure_is_told(
    server: Any, said: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = pair(tmp_path / "pair.pem", "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with listening(server(certificate)) as (port, heard):
        settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": [f"localhost:{port}"]}
        sent = asyncio.run(_send(f"https://localhost:{port}/fee"))
    assert (sent.problem, sent.reason, sent.status) == ("tls", said, None)
    assert heard[0][:1] == b"\x16"  # a TLS handshake
    assert BODY not in heard[0] and b"POST" not in heard[0]


async def _send(url: str) -> Sent:
    sender = Sender()
    try:
        return await sender.send(url, {}, BODY, total=5)
    finally:
        await sender.close()

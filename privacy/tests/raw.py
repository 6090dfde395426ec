"""Bytes to and from a real web server, for tests of what public clients send; shares no code with what reads it."""

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_django import DjangoDbBlocker

from accounts.tests import cast
from common.timeid import time_id
from privacy.models import Call, Source
from tests.serving import empty_database, serving

SECRET = cast.SECRET
BEIJING = timedelta(hours=8)
PATIENCE_SECONDS = 20.0
RECORDING, DOMAIN = "26030110034600001.wav", "rec.example"
X = {
    "AXB": ["+8617100000001", "+8617100000002"],
    "AX": ["+8617100000011"],
    "AXE": ["+8617100000021"],
    "AXYB": ["+8617100000031", "+8617100000032"],
}


@dataclass(frozen=True)
class Answered:
    """What came back: the status line's parts, the headers by lower-case name, the body, whether the server hung up."""

    version: str
    status: int
    headers: dict[str, str]
    body: bytes
    closed: bool

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Return the resultcode, exactly as it stands."""
        code: str = self.json["resultcode"]
        return code


class Wire:
    """The address of the server."""

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self.host, self.port = str(parts.hostname), int(parts.port or 0)

    def connect(self) -> socket.socket:
        """Return a connection of its own."""
        return socket.create_connection((self.host, self.port), PATIENCE_SECONDS)

    def send(self, *pieces: bytes) -> Answered:
        """Send these bytes over a connection of their own and return the answer."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return read(connection)


def read(connection: socket.socket, *, head: bool = False) -> Answered:
    """Return one answer; its body has the length that was told, or ends with the connection."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError(f"hung up after {got!r}")
        got += part
    top, _, body = got.partition(b"\r\n\r\n")
    first, *lines = top.decode("latin-1").split("\r\n")
    version, status, _ = (first + " ").split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = 0 if head else int(headers.get("content-length", -1))
    closed = headers.get("connection", "").lower() == "close"
    while length < 0 or len(body) < length:
        part = connection.recv(65536)
        if not part:
            closed = True
            break
        body += part
    return Answered(version, int(status), headers, body, closed)


def wsse(key: str, nonce: str, created: str, secret: str = SECRET) -> str:
    """Return the digest of generation 1."""
    return base64.b64encode(hashlib.sha256((nonce + created + secret).encode()).digest()).decode()


def wsse_hex(key: str, nonce: str, created: str, secret: str = SECRET) -> str:
    """Return its second form."""
    return base64.b64encode(hashlib.sha256((nonce + created + secret).encode()).hexdigest().encode()).decode()


def aksk(key: str, nonce: str, created: str, secret: str = SECRET) -> str:
    """Return the digest of generation 2."""
    return base64.b64encode(hmac.new(secret.encode(), (nonce + created).encode(), hashlib.sha256).digest()).decode()


def moment(off: timedelta = timedelta(0)) -> str:
    """Return Created, by a clock that is off by so much."""
    return (datetime.now(UTC) + off).strftime("%Y-%m-%dT%H:%M:%SZ")


def signature(
    key: str,
    generation: str = "WSSE",
    digest: Callable[..., str] | None = None,
    *,
    created: str = "",
    nonce: str = "66C92B11FF8A425FB8D4CCFE0ED9ED1F",
    secret: str = SECRET,
) -> str:
    """Return the two header lines of a client that signs as the vendor's samples do."""
    created = created or moment()
    digest = digest or (wsse if generation == "WSSE" else aksk)
    return (
        f'Authorization: {generation} realm="SDP",profile="UsernameToken",type="Appkey"\r\n'
        f'X-{generation}: UsernameToken Username="{key}",PasswordDigest="{digest(key, nonce, created, secret)}",'
        f'Nonce="{nonce}",Created="{created}"\r\n'
    )


def as_dictionary(lines: str) -> dict[str, str]:
    """Return header lines for clients that take a dictionary."""
    return dict(line.split(": ", 1) for line in lines.splitlines())


def request(
    method: str,
    target: str,
    headers: str,
    body: bytes | str = b"",
    *,
    version: str = "HTTP/1.1",
    host: str = "127.0.0.1",
    content_type: str = "application/json;charset=UTF-8",
) -> bytes:
    """Return a request as it goes over the wire."""
    raw = body.encode() if isinstance(body, str) else body
    lines = f"{method} {target} {version}\r\nHost: {host}\r\nAccept: application/json\r\n"
    lines += f"Content-Type: {content_type}\r\n" if content_type else ""
    lines += f"Content-Length: {len(raw)}\r\n" if raw or method in ("POST", "PUT") else ""
    return (lines + headers + "\r\n").encode() + raw


def _people_the_database() -> None:
    account = cast.make_account("acme")
    cast.make_application(account, "acmeLenient", lenient_headers=True)
    cast.make_application(account, "acmeStrict", strict_nonces=True)
    for mode, numbers in X.items():
        application = cast.make_application(account, f"acme{mode}", mode)
        held = [cast.make_number(application, number) for number in numbers]
        now = datetime.now(UTC)
        source = Source.objects.create(door="http", upstream=cast.make_upstream(f"switch{mode}"), received=1, stored=1)
        Call.objects.create(
            id=time_id(now, mode), account=account, application=application, upstream=source.upstream, source=source,
            number=held[0], source_line=1, ended_at=now, record_object=RECORDING, record_domain=DOMAIN,
        )  # fmt: skip


@contextmanager
def live_server(blocker: DjangoDbBlocker, servers: int = 1, tls: Path | None = None) -> Iterator[list[Wire]]:
    """Serve Acme with an application of each mode (acmeAXB, ...), its numbers and a call; empty the database later.

    Each of the servers is a process; with a folder for its certificate they speak https.
    """
    with blocker.unblock(), ExitStack() as stack:
        stack.callback(empty_database)
        _people_the_database()
        yield [Wire(stack.enter_context(serving(tls))) for _ in range(servers)]

"""The customers' servers, a process of its own: python -m bench.rig.receiver, told what to do by one JSON line.

The first part of a path says how its endpoint answers:

    well     200                        faulty   200, but one in five 500 at random and one in twenty never,
                                                 but not between /_heal and /_fail
    hang     takes it, says nothing     drip     200 and a byte a second, for ever
    reset    cuts the connection        endless  200 and a body without end

What came and what is said to it is on disk before it is said. Signatures are verified by `standardwebhooks`.
"""

import asyncio
import hashlib
import json
import random
import socket
import struct
import sys
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import standardwebhooks
import uvloop

from bench.rig import records
from bench.rig.journal import Journal, Line

FLUSH_SECONDS = 0.005
# A push that fails as often as that is taken the next time, so that none ever dies of chance.
MOST_FAILURES = 4
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
ENDLESS_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
PIECE = b"x" * 65536
# {what one asks the receiver itself: whether faulty endpoints are well from then on; None: as before}.
TOLD: dict[str, bool | None] = {"/_seen": None, "/_heal": True, "/_fail": False}
VERIFIER = standardwebhooks.Webhook(records.SECRET.encode())


@dataclass(frozen=True)
class Orders:
    """Where to log ("" nowhere), the seed and the shares of chance; what benchmarks leave out.

    `verify`: each signature; `durable`: what came is on disk before it is answered.
    """

    log: str = ""
    seed: int = 0
    errors: float = 0.2
    silences: float = 0.05
    verify: bool = True
    durable: bool = True


class Receiver:
    """What all connections share."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.journal = Journal(Path(orders.log)) if orders.log else None
        self.random = random.Random(orders.seed)
        self.healed = False
        self.failures: Counter[str] = Counter()
        self.by_path: Counter[str] = Counter()
        self.first_at: dict[str, float] = {}
        self.last_at: dict[str, float] = {}
        self.at_once: Counter[str] = Counter()
        self.most_at_once: defaultdict[str, int] = defaultdict(int)
        self._pending: list[tuple[Line, Callable[[], None]]] = []

    def chance(self, id: str) -> int:
        """Return what a faulty endpoint does this time: 200, 500, or 0 for nothing."""
        drawn = self.random.random()
        if self.healed or drawn >= self.orders.errors + self.orders.silences or self.failures[id] >= MOST_FAILURES:
            return 200
        self.failures[id] += 1
        return 500 if drawn < self.orders.errors else 0

    def keep(self, line: Line, then: Callable[[], None]) -> None:
        """Have a line on disk, then answer. Many lines share one wait for the disk."""
        if self.journal is None or not self.orders.durable:
            if self.journal is not None:
                self.journal.append([line])
            then()
            return
        if not self._pending:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)
        self._pending.append((line, then))

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        assert self.journal is not None
        self.journal.write(*(line for line, _ in pending))
        for _, then in pending:
            then()

    def seen(self) -> bytes:
        """Return what came so far."""
        told = {
            "requests": self.by_path.total(),
            "first_at": self.first_at,
            "last_at": self.last_at,
            "by_path": self.by_path,
            "most_at_once": self.most_at_once,
        }
        return json.dumps(told).encode()


class Connection(asyncio.Protocol):
    """One connection: whole requests out of the bytes, and the answers."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._bytes = b""
        self._paths: list[str] = []
        self._open = True
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self._open = False
        self._ended()

    def data_received(self, received: bytes) -> None:
        """Take in bytes; serve each request that is whole."""
        self._bytes += received
        while (ends := self._bytes.find(b"\r\n\r\n")) >= 0:
            first, *lines = self._bytes[:ends].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            whole = ends + 4 + int(headers.get("content-length", 0))
            if len(self._bytes) < whole:
                return
            body, self._bytes = self._bytes[ends + 4 : whole], self._bytes[whole:]
            self._serve(first.split(" ")[1], headers, body)

    def _serve(self, path: str, headers: dict[str, str], body: bytes) -> None:
        receiver = self._receiver
        if path in TOLD:
            healed = TOLD[path]
            receiver.healed = receiver.healed if healed is None else healed
            told = receiver.seen()
            self._say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(told) + told)
            return
        came = time.monotonic()
        receiver.first_at.setdefault(path, came)
        receiver.last_at[path] = came
        receiver.by_path[path] += 1
        self._paths.append(path)
        receiver.at_once[path] += 1
        receiver.most_at_once[path] = max(receiver.most_at_once[path], receiver.at_once[path])
        behaviour, id = path.split("/")[1], headers.get("webhook-id", "")
        status = {"faulty": receiver.chance(id)}.get(behaviour, 200 if behaviour in ("well", "endless") else 0)
        line = {}
        if receiver.journal is not None:
            line = _line(path, id, headers, body, came, status, verify=receiver.orders.verify)
        receiver.keep(line, lambda: self._answer(behaviour, status))

    def _answer(self, behaviour: str, status: int) -> None:
        if not self._open:
            return
        if behaviour == "reset":
            raw: Any = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        elif behaviour == "endless":
            self._say(ENDLESS_HEAD)
            self._more(PIECE, 0.001)
        elif behaviour == "drip":
            self._say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            self._more(b" ", 1.0)
        elif status:
            self._end(status)

    def _more(self, piece: bytes, pause: float) -> None:
        if self._open:
            if self._transport.get_write_buffer_size() < len(PIECE):
                self._transport.write(piece)
            asyncio.get_running_loop().call_later(pause, self._more, piece, pause)

    def _end(self, status: int) -> None:
        self._ended()
        self._say(OK if status == 200 else ERROR)

    def _ended(self) -> None:
        while self._paths:
            self._receiver.at_once[self._paths.pop()] -= 1

    def _say(self, answer: bytes) -> None:
        if self._open:
            self._transport.write(answer)


def _line(
    path: str, id: str, headers: dict[str, str], body: bytes, came: float, status: int, *, verify: bool
) -> dict[str, Any]:
    try:
        key: tuple[str, int] | None = records.identity(body)
    except (ValueError, KeyError, IndexError, TypeError):
        key = None
    line = {
        "id": id, "to": path, "key": key, "sha": hashlib.sha256(body).hexdigest(), "came": came, "told": status,
        "sequence": headers.get("x-maskline-sequence"), "attempt": headers.get("x-maskline-attempt"),
        "replay": "x-maskline-replay" in headers,
    }  # fmt: skip
    if verify:
        line["good"] = is_good(headers, body)
    return line


def is_good(headers: dict[str, str], body: bytes) -> bool:
    """Return whether both signatures of a push are right."""
    try:
        VERIFIER.verify(body, headers, json_parse=False)
    except (standardwebhooks.WebhookVerificationError, ValueError):
        return False
    return records.vendor_signature_is_good(headers, records.SECRET)


def seen(port: int, path: str = "/_seen") -> dict[str, Any]:
    """Return what the receiver behind a port saw so far, and tell it what the path stands for (TOLD)."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        told: dict[str, Any] = json.load(answer)
        return told


async def main(orders: Orders) -> None:
    """Listen on a free port, print it, and serve until the input ends."""
    receiver = Receiver(orders)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(receiver), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(Orders(**json.loads(sys.argv[1]))))

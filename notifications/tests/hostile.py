"""A customer's server in a process of its own: it answers well, slowly, wrongly or never, as the path says.

    /well/<reply>     200 with the (URL-quoted) reply      /slow/<seconds>/<reply>   the same, later
    /status/<n>       that status                          /never                    takes the request, says nothing
    /<name>           one of the ways in `Hostile`

It shares no code with what it is to test, and keeps what it was sent: `/_seen` tells it. `/_canary` tells how many
connections a listener got that nobody may reach.
"""

import asyncio
import contextlib
import gzip
import json
import socket
import ssl
import struct
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

MEGABYTES = 10


class Hostile:
    """The ways in which a customer's server answers."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.canary = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer in the way its path says."""
        with contextlib.suppress(Exception):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            method, path, _ = first.split(" ")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            if path.startswith("/_"):
                told = self.seen if path == "/_seen" else self.canary
                await self.say(writer, json.dumps(told).encode())
            else:
                self.seen.append({"method": method, "path": path, "headers": headers, "body": body.decode("latin-1")})
                name, *rest = path.strip("/").split("/")
                await getattr(self, name)(reader, writer, *rest)
        with contextlib.suppress(Exception):
            writer.close()

    async def say(self, writer: asyncio.StreamWriter, body: bytes, status: str = "200 OK", more: str = "") -> None:
        """Answer properly."""
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body)
        await writer.drain()

    async def well(self, reader: Any, writer: Any, reply: str = "") -> None:
        await self.say(writer, unquote(reply).encode())

    async def slow(self, reader: Any, writer: Any, seconds: str, reply: str = "") -> None:
        await asyncio.sleep(float(seconds))
        await self.well(reader, writer, reply)

    async def status(self, reader: Any, writer: Any, status: str) -> None:
        await self.say(writer, b"no", f"{status} Whatever")

    async def never(self, reader: Any, writer: Any) -> None:
        await reader.read()

    async def silent_after_head(self, reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")
        await reader.read()

    async def drip(self, reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.1)

    async def redirect(self, reader: Any, writer: Any, status: str, port: str) -> None:
        await self.say(writer, b"", f"{status} Moved", f"Location: http://127.0.0.1:{port}/\r\n")

    async def huge(self, reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MEGABYTES << 20))
        for _ in range(MEGABYTES * 16):
            writer.write(b"x" * 65536)
            await writer.drain()

    async def bomb(self, reader: Any, writer: Any) -> None:
        await self.say(writer, gzip.compress(b" " * (MEGABYTES << 20)), more="Content-Encoding: gzip\r\n")

    async def rst(self, reader: Any, writer: Any) -> None:
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def rst_inside(self, reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nab")
        await writer.drain()
        await self.rst(reader, writer)

    async def hang_up(self, reader: Any, writer: Any) -> None:
        return

    async def short(self, reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nab")

    async def garbage(self, reader: Any, writer: Any) -> None:
        writer.write(b"\x00\xff\xfe not HTTP at all\r\n\r\n")

    async def negative(self, reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nab")

    async def headers(self, reader: Any, writer: Any) -> None:
        await self.say(writer, b"{}", more="".join(f"X-{n}: {n}\r\n" for n in range(200_000)))

    async def long_line(self, reader: Any, writer: Any) -> None:
        await self.say(writer, b"{}", more=f"X-Long: {'x' * 1_000_000}\r\n")

    async def continues(self, reader: Any, writer: Any) -> None:
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    async def flood(self, reader: Any, writer: Any) -> None:
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 2000)
            await writer.drain()

    async def well_and_on(self, reader: Any, writer: Any) -> None:
        await self.well(reader, writer, "{}")
        await self.flood(reader, writer)

    async def upgrade(self, reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")

    async def old(self, reader: Any, writer: Any) -> None:
        writer.write(b'{"operation":"close"}')

    async def bad_json(self, reader: Any, writer: Any) -> None:
        await self.say(writer, b"\xff{'operation'")

    async def count(self, reader: Any, writer: asyncio.StreamWriter) -> None:
        """Note a connection that should never have been."""
        self.canary += 1
        writer.close()


async def main(certificate: str) -> None:
    """Listen on free ports: plain, TLS with the given pair, and the canary; print them."""
    hostile = Hostile()
    plain = await asyncio.start_server(hostile.serve, "127.0.0.1", 0, limit=1 << 20)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    servers = [plain]
    if certificate:
        context.load_cert_chain(certificate)
        servers.append(await asyncio.start_server(hostile.serve, "127.0.0.1", 0, ssl=context))
    both = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    servers.append(await asyncio.start_server(hostile.count, sock=both))
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@dataclass(frozen=True)
class Ports:
    """Where the process listens; `tls` is 0 without a certificate."""

    plain: int
    tls: int
    canary: int

    def url(self, *path: object) -> str:
        """Return an address on the plain port, each part quoted."""
        return f"http://127.0.0.1:{self.plain}/" + "/".join(quote(str(part), safe="") for part in path)

    def seen(self) -> Any:
        """Return the requests that came."""
        return self._told("_seen")

    def reached(self) -> int:
        """Return how many connections came to the listener that nobody may reach."""
        return int(self._told("_canary"))

    def _told(self, what: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.plain}/{what}", timeout=10) as answer:
            return json.load(answer)


@contextlib.contextmanager
def hostile_server(certificate: Path | None = None) -> Iterator[Ports]:
    """Run the server in a process of its own while the block runs."""
    command = [sys.executable, __file__, str(certificate or "")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        ports = [int(port) for port in process.stdout.readline().split()]
        try:
            yield Ports(ports[0], ports[1] if certificate else 0, ports[-1])
        finally:
            process.stdin.close()
            process.terminate()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

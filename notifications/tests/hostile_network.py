"""The network in which nothing forbidden may be reached: a process inside a namespace, with programs it starts there.

Every address of IPv4 and IPv6 leads here. At `PUBLIC` an honest server takes pushes; at every other address a canary
listens on `PORTS` and counts bytes; and whatever asks for a connection with another address, or another port, is seen
on the wire. Commands come as lines on standard input, each a JSON list: a program to run, with its environment; `[]`
asks for what was seen, and leaves it as it is; `["forget"]` clears the canaries; `["reaches", PATH]` asks
whether a socket of this machine can be opened from there. The end of the input ends it all.
"""

import asyncio
import contextlib
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
from collections import Counter
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from notifications.tests import namespace
from notifications.tests.hostile_names import PUBLIC, NameServer

PLAIN, REDIRECTING, SECURE = 80, 8081, 443
PORTS = (PLAIN, REDIRECTING, SECURE, 8000, 8001, 8002, 8003, 8080)
REDIRECTS = (301, 302, 303, 307, 308)
# Where a redirect points: each must stay untouched.
LOCATIONS = ("http://127.0.0.1:8080/", "http://169.254.169.254/latest/meta-data/", "http://private.acme.internal/")
ETH_P_ALL, PACKET_OUTGOING, SOL_PACKET, PACKET_STATISTICS = 3, 4, 263, 6
TCP, UDP, SYN, ACK = 6, 17, 2, 16


class World:
    """What was seen."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.canary: Counter[str] = Counter()
        self.connections: Counter[str] = Counter()
        self.names = NameServer()
        self.programs: list[subprocess.Popen[bytes]] = []

    async def honest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request after another; on one port, answer with a redirect."""
        with contextlib.suppress(Exception):
            port = writer.get_extra_info("sockname")[1]
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                path = first.split(" ")[1]
                self.taken.append({"path": path, "port": port, "headers": headers, "body": body.decode()})
                number = len(self.taken)
                status, more = "200 OK", "Connection: close\r\n" if path == "/close" else ""
                if port == REDIRECTING:
                    status = f"{path.strip('/').split('/')[0]} Moved"
                    more = f"Location: {LOCATIONS[number % len(LOCATIONS)]}\r\n"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n{more}\r\nok".encode())
                await writer.drain()
                if path == "/close":
                    break
        writer.close()

    async def forbidden(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Count what comes to an address that nothing may be sent to."""
        address, port = writer.get_extra_info("sockname")[:2]
        where = f"{address} {port}"
        self.canary[where] += 0
        with contextlib.suppress(Exception):
            while part := await reader.read(65536):
                self.canary[where] += len(part)
        writer.close()

    def packet(self, wire: socket.socket) -> None:
        """Note who asks for a connection with whom."""
        data, (_, _, direction, *_) = wire.recvfrom(128)
        if direction != PACKET_OUTGOING and (seen := _asks(data)) is not None:
            self.connections[seen] += 1

    def forget(self) -> None:
        """Begin anew with what reached the canaries."""
        self.canary.clear()
        self.connections.clear()

    def told(self, wire: socket.socket) -> dict[str, Any]:
        """Return all of it, as JSON; `lost`: packets that came too fast to be seen."""
        (_, lost) = struct.unpack("II", wire.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        return {
            "taken": self.taken,
            "canary": self.canary,
            "connections": self.connections,
            "names": self.names.asked,
            "lost": lost,
            "ended": {program.pid: program.returncode for program in self.programs if program.poll() is not None},
        }


def _asks(data: bytes) -> str | None:
    """Return the address and port that a packet opens a connection to, or sends a datagram to."""
    if data[0] >> 4 == 4:
        rest, protocol, to = data[(data[0] & 15) * 4 :], data[9], data[16:20]
    else:
        rest, protocol, to = data[40:], data[6], data[24:40]
    if protocol not in (TCP, UDP) or (protocol == TCP and rest[13] & (SYN | ACK) != SYN):
        return None
    (source, port) = struct.unpack_from(">HH", rest)
    if protocol == UDP and source == 53:
        return None  # an answer of the name server
    return f"{ip_address(to)} {port}"


async def main(folder: Path) -> None:
    """Set everything up, say so, and do what is asked for until the input ends."""
    try:
        namespace.settle(folder)
    except PermissionError as problem:
        say(f"the network may not be set up here: {problem}")
        return
    world, loop = World(), asyncio.get_running_loop()
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    wire.setblocking(False)
    loop.add_reader(wire, world.packet, wire)
    await loop.create_datagram_endpoint(lambda: world.names, local_addr=(namespace.NAME_SERVER, 53))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    for port in PORTS:
        tls = context if port == SECURE else None
        await asyncio.start_server(world.honest, PUBLIC, port, reuse_port=True, ssl=tls)
        for anywhere in ("0.0.0.0", "::"):
            await asyncio.start_server(world.forbidden, anywhere, port, reuse_port=True)
    say("ready")
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while line := await reader.readline():
            if not (command := json.loads(line)):
                say(json.dumps(world.told(wire)))
                continue
            if command == ["forget"]:
                world.forget()
                say("{}")
                continue
            if command[0] == "reaches":
                say(json.dumps(_reaches(command[1])))
                continue
            program, environment = command
            process = subprocess.Popen(program, env={**os.environ, **environment}, stdin=subprocess.DEVNULL)
            world.programs.append(process)
            say(str(process.pid))
    finally:
        for process in world.programs:
            process.kill()


def _reaches(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
        except OSError:
            return False
    return True


def say(text: str) -> None:
    """Answer on standard output, which programs do not get."""
    os.write(OUT, f"{text}\n".encode())


if __name__ == "__main__":
    OUT = os.dup(1)
    os.dup2(2, 1)
    asyncio.run(main(Path(sys.argv[1])))

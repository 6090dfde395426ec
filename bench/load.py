"""A closed loop of clients with requests made beforehand, so that what is measured is the server.

Each client has one kept connection and sends its next request when the last is answered. What a server closes is
opened again.
"""

import re
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

CHUNK = 65_536
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return the bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def drive(port: int, requests: Sequence[bytes], clients: int) -> tuple[float, list[bytes]]:
    """Send them over so many connections; return the seconds it took and the answers, head and body."""
    shares = [requests[client::clients] for client in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        began = time.perf_counter()
        answers = list(pool.map(lambda share: _answers(port, share), shares))
        return time.perf_counter() - began, [answer for share in answers for answer in share]


def paced(port: int, requests: Sequence[bytes], rate: float, clients: int) -> tuple[list[float], list[bytes]]:
    """Send them by the clock, so many a second; return for each the seconds from when it was due, and the answers.

    An open loop: the clock does not wait for answers, so a slow one makes those behind it late, as it does to callers.
    """
    began = time.perf_counter() + 0.2
    due = iter(enumerate(requests))
    lock = threading.Lock()

    def client() -> list[tuple[float, bytes]]:
        found: list[tuple[float, bytes]] = []
        door = _open(port)
        while True:
            with lock:
                place, wanted = next(due, (0, b""))
            if not wanted:
                door.close()
                return found
            at = began + place / rate
            time.sleep(max(0.0, at - time.perf_counter()))
            door.sendall(wanted)
            answer = _read(door)
            found.append((time.perf_counter() - at, answer))
            if _CLOSES.search(answer.partition(b"\r\n\r\n")[0]):
                door.close()
                door = _open(port)

    with ThreadPoolExecutor(clients) as pool:
        found = [pair for share in [pool.submit(client) for _ in range(clients)] for pair in share.result()]
    return [seconds for seconds, _ in found], [answer for _, answer in found]


def _answers(port: int, requests: Sequence[bytes]) -> list[bytes]:
    found = []
    door = _open(port)
    for wanted in requests:
        door.sendall(wanted)
        answer = _read(door)
        found.append(answer)
        if _CLOSES.search(answer.partition(b"\r\n\r\n")[0]):
            door.close()
            door = _open(port)
    door.close()
    return found


def _open(port: int) -> socket.socket:
    door = socket.create_connection(("127.0.0.1", port), timeout=60)
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def _read(door: socket.socket) -> bytes:
    """Return one answer. Every answer of ours says how long it is."""
    answer = bytearray()
    while (ends := answer.find(b"\r\n\r\n")) < 0:
        answer += _more(door)
    length = _LENGTH.search(answer, 0, ends)
    if length is None:
        raise AssertionError(f"an answer without Content-Length: {bytes(answer[:300])!r}")
    while len(answer) < ends + 4 + int(length[1]):
        answer += _more(door)
    return bytes(answer)


def _more(door: socket.socket) -> bytes:
    received = door.recv(CHUNK)
    if not received:
        raise ConnectionError("the server closed in the middle of an answer")
    return received

"""A connection whose request is gathered without waiting, so that none has a thread before its request is there."""

import re
import socket
import ssl
import time
from typing import Any

from gunicorn import http
from gunicorn.sock import ssl_wrap_socket
from gunicorn.workers.gthread import TConn

PIECE_BYTES = 64 * 1024
# Beyond it the parser refuses, by the limits of a line and of a header.
MOST_HEAD = 32 * 1024
LONGEST_LINE = 8190
# A longer body is read by a thread, of which such bodies have some only.
MOST_BODY = 1024 * 1024
MOST_FIGURES = 15
HEAD_END = b"\r\n\r\n"
# What the parser makes of these decides; here it is about who waits where.
_FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding|expect):[ \t]*([^\r\n]*)", re.IGNORECASE)
_WAIT = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Told:
    """Reads a body; where that ends before it should, no next request is looked for on the connection."""

    def __init__(self, req: Any) -> None:
        self._req, self._reader = req, req.body.reader

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer at the end."""
        wanted = min(getattr(self._reader, "length", 0), size)
        try:
            got: bytes = self._reader.read(size)
        except Exception:
            self._req.force_close()
            raise
        if len(got) < wanted:
            self._req.force_close()
        return got


class Connection(TConn):  # type: ignore[misc]  # its module has no types
    """A client's connection.

    `lengthy`: its request may keep a thread waiting: a long body, one in chunks, one that waits for 100 Continue.
    `granted`: it has one of the places of such requests.
    """

    sock: Any
    parser: Any
    initialized: bool
    cfg: Any
    client: Any

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.since = time.monotonic()
        self.shaken = not cfg.is_ssl
        self.granted = False
        self.drained = 0
        self._begin()

    def _begin(self) -> None:
        self.ahead = bytearray()
        # Until when its headers, and then all of it, must be there; 0 before they are waited for.
        self.head_deadline = self.body_deadline = 0.0
        self.ended = self.lengthy = False
        self._head_end = self._looked = self._needed = 0

    @property
    def has_head(self) -> bool:
        """Return whether the headers of the request are there."""
        return self._head_end > 0

    @property
    def deadline(self) -> float:
        """Return until when it may wait."""
        return self.body_deadline or self.head_deadline

    @property
    def body_bytes(self) -> int:
        """Return the length of the body that is waited for."""
        return self._needed - self._head_end

    def gather(self) -> bool:
        """Read what is there; return whether a thread may have the request. Raises OSError of a broken connection."""
        try:
            if not self.initialized:
                self._open()
            self.ahead += self.parser.unreader.take_buffered()
            while not self._is_whole():
                part = self.sock.recv(PIECE_BYTES)
                if not part:
                    break
                self.ahead += part
        except _WAIT:
            return False
        return True

    def hand_over(self) -> None:
        """Give what was gathered to the parser; what follows is the next request."""
        self.parser.unreader.unread(bytes(self.ahead))
        self._begin()

    def cut(self) -> None:
        """Read no more: what is there is all. Not by the method of a TLS socket, which would go on in clear."""
        self.ended = True
        socket.socket.shutdown(self.sock, socket.SHUT_RD)

    def has_more(self) -> bool:
        """Return whether a part of the next request was read already, which the poller does not see."""
        return bool(self.parser.unreader.buf.getvalue()) or (self.cfg.is_ssl and self.sock.pending() > 0)

    def part(self) -> bool:
        """Say that nothing more comes, once all is sent; return whether the other side is done too (RFC 9112, 9.6)."""
        try:
            self.sock.setblocking(False)
            self.sock.shutdown(socket.SHUT_WR)
            return self.drain()
        except OSError:
            return True

    def drain(self) -> bool:
        """Read away what still comes, so that our answer is not lost to a reset; return whether that is over."""
        try:
            while self.drained < PIECE_BYTES:
                part = self.sock.recv(PIECE_BYTES)
                if not part:
                    return True
                self.drained += len(part)
        except _WAIT:
            return False
        except OSError:
            pass
        return True

    def _open(self) -> None:
        if not self.shaken:
            if not isinstance(self.sock, ssl.SSLSocket):
                self.sock = ssl_wrap_socket(self.sock, self.cfg)
            self.sock.do_handshake()
            self.shaken = True
        self.parser = http.get_parser(self.cfg, self.sock, self.client)
        self.initialized = True

    def _is_whole(self) -> bool:
        if self.ended:
            return True
        if not self._head_end:
            found = self.ahead.find(HEAD_END, max(0, self._looked - 3))
            self._looked = len(self.ahead)
            if found < 0:
                return self._is_refused_anyway()
            self._head_end = found + len(HEAD_END)
            self._read_framing(bytes(self.ahead[: found + 2]))
        return len(self.ahead) >= self._needed

    def _is_refused_anyway(self) -> bool:
        """Return whether the parser needs no more of a head to refuse it."""
        head = self.ahead
        self.lengthy = len(head) > MOST_HEAD
        too_long = len(head) > LONGEST_LINE + 2 and b"\r\n" not in head[: LONGEST_LINE + 2]
        return self.lengthy or too_long or head.count(b"\n") != head.count(b"\r\n")

    def _read_framing(self, head: bytes) -> None:
        told = {name.lower(): value.strip() for name, value in _FRAMING.findall(head)}
        length = told.get(b"content-length", b"0").lstrip(b"0") or b"0"
        # What is no figure is refused by the parser; one of any length counts, or it would go round the gathering.
        body = int(length[:MOST_FIGURES]) if length.isdigit() else 0
        here = len(self.ahead) - self._head_end
        self.lengthy = b"transfer-encoding" in told or body > MOST_BODY or (b"expect" in told and here < body)
        self._needed = self._head_end + (0 if self.lengthy else body)

"""gunicorn's worker with threads, which keeps none of them waiting for those who send slowly (reliability.md A21).

gunicorn gives a thread to each connection, which then waits for the request: a few clients that send nothing, or a byte
now and then, would hold all. Here a thread reads what is there, and hands the connection back to the poller until the
request is whole. What the parser refuses is neither logged nor sent back: it may hold real numbers.
"""

import contextlib
import errno
import selectors
import socket
import threading
import time
from collections import Counter, deque
from functools import partial
from typing import Any, ClassVar

from gunicorn.workers.gthread import ThreadWorker

from config.services import refusals
from config.services.connections import MOST_FIGURES, Connection, Told

CLOSING_SECONDS = 2.0
FULL = (errno.EMFILE, errno.ENFILE)
NOBODY_THERE = (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK)
# What a thread says of a request that it does not answer now.
UNFINISHED, LENGTHY = object(), object()


class Worker(ThreadWorker):
    """Gives threads to whole requests; of one that is not there in time, what is there is answered."""

    # The request line and headers; and the whole request, with what its length takes over a poor line.
    seconds_for_headers: ClassVar[float] = 10.0
    seconds_for_request: ClassVar[float] = 20.0
    bytes_a_second: ClassVar[int] = 32 * 1024
    # Each piece of an answer.
    seconds_for_reading: ClassVar[float] = 20.0
    # A body in chunks does not tell its length; the doors refuse it beyond this.
    most_chunked: ClassVar[int] = 8 * 1024 * 1024
    # Of requests that are not whole, in all of them together.
    most_gathered: ClassVar[int] = 64 * 1024 * 1024
    look_seconds: ClassVar[float] = 1.0

    def init_process(self) -> None:
        """Start looking after the connections, then serve."""
        self._deadlines: dict[Connection, float] = {}
        self._waiting: dict[Connection, int] = {}
        self._gathered, self._look_at = 0, 0.0
        self._closing: dict[Connection, float] = {}
        self._line: deque[Connection] = deque()
        self._places = max(1, self.cfg.threads // 2)
        threading.Thread(target=self._look_after, name="slow clients", daemon=True).start()
        super().init_process()

    # --- in the main thread: who waits ---

    def accept(self, listener: socket.socket) -> None:
        """Take a connection; when there are too many, one of those that wait goes."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno in FULL:
                self._make_room()
            elif error.errno not in NOBODY_THERE:
                raise
            return
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        conn = Connection(self.cfg, sock, address, listener.getsockname())
        try:
            if conn.shaken and conn.gather():
                self.enqueue_req(conn)
            else:
                self._wait(conn)
        except OSError:
            self._close(conn)

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """Decide what becomes of a connection that a thread is done with."""
        result = False if fs.cancelled() or fs.exception() else fs.result()
        if conn.granted:
            conn.granted = False
            self._places += 1
            self._next_in_line()
        try:
            if result is UNFINISHED:
                self._wait(conn)
            elif result is LENGTHY:
                conn.body_deadline = time.monotonic() + self.seconds_for_request
                self._line.append(conn)
                self._next_in_line()
                if len(self._line) > self.worker_connections // 4:
                    self._close(self._line.popleft())
            elif result and conn.has_more():
                # gunicorn's handle() left it blocking: a thread would wait for the rest of the next request.
                conn.sock.setblocking(False)
                self.enqueue_req(conn)
            elif result:
                super().finish_request(conn, fs)
            else:
                self._part(conn)
        except Exception:
            self._close(conn)

    def murder_pending(self) -> None:
        """Close, or go on with, those whose time is over. Called about once a second."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + self.look_seconds
        for conn in [conn for conn in self._waiting if conn.deadline < now or not (self.alive or conn.ahead)]:
            self._wait_no_more(conn)
            self._give_up(conn)
        for conn in [conn for conn, deadline in self._closing.items() if deadline < now]:
            self._closed(conn)
        while self._line and self._line[0].deadline < now:
            self._close(self._line.popleft())

    def _wait(self, conn: Connection) -> None:
        now = time.monotonic()
        conn.head_deadline = conn.head_deadline or now + self.seconds_for_headers
        if conn.has_head and not conn.body_deadline:
            conn.body_deadline = now + self.seconds_for_request + conn.body_bytes / self.bytes_a_second
        if conn.deadline < now:
            self._give_up(conn)
            return
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._go_on, conn))
        self._waiting[conn] = len(conn.ahead)
        self._gathered += len(conn.ahead)
        while self._gathered > self.most_gathered or (self._waiting and self.nr_conns >= self.worker_connections):
            self._make_room()

    def _wait_no_more(self, conn: Connection) -> None:
        self._gathered -= self._waiting.pop(conn)
        self.poller.unregister(conn.sock)

    def _give_up(self, conn: Connection) -> None:
        try:
            if conn.has_head:
                conn.cut()
                self.enqueue_req(conn)
                return
        except OSError:
            pass
        self._close(conn)

    def _go_on(self, conn: Connection, _sock: Any) -> None:
        if conn in self._waiting:  # else it was closed while this event was on its way
            self._wait_no_more(conn)
            self.enqueue_req(conn)

    def _next_in_line(self) -> None:
        while self._line and self._places:
            conn = self._line.popleft()
            conn.granted = True
            self._places -= 1
            self.enqueue_req(conn)

    def _make_room(self) -> None:
        """Close the one that waits longest of the address that has most."""
        crowd = Counter(conn.client[0] for conn in self._waiting)
        if crowd:
            address = crowd.most_common(1)[0][0]
            oldest = min((conn for conn in self._waiting if conn.client[0] == address), key=lambda conn: conn.since)
            self._wait_no_more(oldest)
            self._close(oldest)

    def _part(self, conn: Connection) -> None:
        """Close once the client has what was sent; gunicorn would let everybody wait for that."""
        if conn.part():
            self._close(conn)
        else:
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
            self._closing[conn] = time.monotonic() + CLOSING_SECONDS

    def _drain(self, conn: Connection, _sock: Any) -> None:
        if conn in self._closing and conn.drain():
            self._closed(conn)

    def _closed(self, conn: Connection) -> None:
        del self._closing[conn]
        with contextlib.suppress(KeyError, ValueError):  # the descriptor is gone already
            self.poller.unregister(conn.sock)
        self._close(conn)

    def _close(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.close()

    # --- in a thread: a request ---

    def handle(self, conn: Connection) -> Any:
        """Read a request and answer it, or say that it is not there yet."""
        if not conn.granted:
            try:
                if not conn.gather():
                    return UNFINISHED
            except (OSError, ValueError):  # hung up, or no TLS
                return False
            if conn.lengthy:
                return LENGTHY
        conn.hand_over()
        self._deadlines[conn] = time.monotonic() + self.seconds_for_headers
        try:
            return super().handle(conn)
        finally:
            self._deadlines.pop(conn, None)

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Answer a request whose headers are there; its body may still be on its way."""
        self._deadlines[conn] = time.monotonic() + self.seconds_for_request + self._length(req) / self.bytes_a_second
        # One that sends nothing more gives its place up; one that reads nothing of its answer gives its thread up.
        conn.sock.settimeout(self.seconds_for_headers if conn.granted else self.seconds_for_reading)
        req.body.reader = Told(req)
        if req.method == "DELETE":  # some clients send its body without a length: it is no next request
            req.force_close()
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Refuse what cannot be read, as JSON. Nothing that the client sent is logged or sent back."""
        refusals.refuse(self.log, client, (addr or ("",))[0], exc)

    def _length(self, req: Any) -> int:
        told = dict(req.headers).get("CONTENT-LENGTH", "")
        if told.isascii() and told.isdigit():
            figures = told.lstrip("0") or "0"
            return min(int(figures[:MOST_FIGURES]), self.most_gathered)
        return self.most_chunked if "TRANSFER-ENCODING" in dict(req.headers) else 0

    def _look_after(self) -> None:
        while True:
            time.sleep(self.look_seconds)
            now = time.monotonic()
            for conn, deadline in list(self._deadlines.items()):
                if deadline < now and self._deadlines.pop(conn, 0.0):
                    with contextlib.suppress(OSError):
                        # Not the method of a TLS socket, which would go on in clear: writing must stay possible.
                        socket.socket.shutdown(conn.sock, socket.SHUT_RD)

"""gunicorn's worker with threads, which waits no longer than it must for those who send slowly.

A thread reads a request from its connection and would wait for the rest of it for ever, so a few clients that send a
byte now and then would hold all of them (reliability.md A21).
"""

import contextlib
import socket
import threading
import time
from typing import Any, ClassVar

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):
    """Stops reading from a connection whose request is not there in time; what is there is answered."""

    # The request line and headers; and the whole request, with what its length takes over a poor line.
    seconds_for_headers: ClassVar[float] = 10.0
    seconds_for_request: ClassVar[float] = 20.0
    bytes_a_second: ClassVar[int] = 32 * 1024
    # A body in chunks does not tell its length; the doors refuse it beyond this.
    most_chunked: ClassVar[int] = 8 * 1024 * 1024
    look_seconds: ClassVar[float] = 1.0

    def init_process(self) -> None:
        """Start looking after the connections, then serve."""
        self._deadlines: dict[Any, float] = {}
        threading.Thread(target=self._look_after, name="slow clients", daemon=True).start()
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it."""
        self._deadlines[conn] = time.monotonic() + self.seconds_for_headers
        try:
            return super().handle(conn)
        finally:
            self._deadlines.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose headers are there; its body may still be on its way."""
        self._deadlines[conn] = time.monotonic() + self.seconds_for_request + self._length(req) / self.bytes_a_second
        return super().handle_request(req, conn)

    def _length(self, req: Any) -> int:
        told = dict(req.headers).get("CONTENT-LENGTH", "")
        if told.isascii() and told.isdigit() and len(told) < 16:
            return int(told)
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

"""A customer's server on a real socket: answers what it is told to, and remembers what it was sent."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest


class CustomerServer:
    """Answers each POST with 200 and one body, after a time; with None it says nothing and closes."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, dict[str, str]]] = []
        self._answer: bytes | None = b""
        self._after = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.received.append((body, dict(self.headers)))
                time.sleep(outer._after)
                if outer._answer is None:
                    self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer._answer)))
                self.end_headers()
                self.wfile.write(outer._answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/block"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answers(self, body: Any, after: float = 0.0) -> None:
        """Answer that from now on: bytes as they are, else as JSON."""
        self._answer = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        self._after = after

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def customer_server(settings: Any) -> Iterator[CustomerServer]:
    """Return a customer's server that may be pushed to."""
    server = CustomerServer()
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": [f"127.0.0.1:{server.port}"]}
    yield server
    server.close()

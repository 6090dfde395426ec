"""A web server of our own for when none runs: the same application behind a real socket, on a free loopback port."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler, get_internal_wsgi_application

PATIENCE_SECONDS = 3.0


def listens(url: str) -> bool:
    """Return whether a Maskline answers at `url`: not merely anything, so that nothing is sent to a stranger."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", parts.path.rstrip("/") + "/healthz")
        response = connection.getresponse()
        return response.status == 200 and b'"status"' in response.read(1000)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def serving() -> Iterator[str]:
    """Serve the application as long as the block runs; give its address."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # whitenoise warns when it is missing
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    server.daemon_threads = True
    server.set_app(get_internal_wsgi_application())
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="simulate-server", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def own_host() -> str:
    """Return a name this installation serves, for requests to a server of our own."""
    named = [host for host in settings.ALLOWED_HOSTS if host != "*"]
    return str(named[0]).removeprefix(".") if named else "localhost"


class _Quiet(WSGIRequestHandler):
    """Answers requests and writes no access log."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

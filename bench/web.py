"""The real web server on a free port, as bin/run starts it: gunicorn with two workers."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

WORKERS, THREADS = 2, 8
# A busy machine takes long to import everything twice.
PATIENCE_SECONDS = 120.0


@contextmanager
def serving(environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """Serve the application while the block runs, with more in its environment; give its port on 127.0.0.1."""
    port = free_port()
    server = subprocess.Popen(command(port), env={**os.environ, **(environment or {})})
    try:
        wait(port)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(PATIENCE_SECONDS)


def command(port: int, workers: int = WORKERS) -> list[str]:
    """Return the command line of the web server."""
    words = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    words += ["--worker-class", "config.services.web.Worker", "--workers", str(workers), "--threads", str(THREADS)]
    return [*words, "--no-control-socket"]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def wait(port: int) -> None:
    """Wait until the web server answers."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise TimeoutError("the web server did not answer")

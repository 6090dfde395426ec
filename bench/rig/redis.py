"""Redis taken away, hung, emptied and brought back, as its clients see it. Its keeper notices nothing."""

import contextlib
import os
import signal
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from config.services.layout import Layout
from config.services.processes import working_in

PATIENCE_SECONDS = 30.0


def take_away(layout: Layout) -> None:
    """Have every connection cut and every new one refused."""
    wait(layout)
    away = _aside(layout)
    layout.redis_socket.rename(away)
    with Redis(unix_socket_path=str(away)) as client:
        for kind in ("pubsub", "normal"):
            with contextlib.suppress(RedisError):
                client.execute_command("CLIENT", "KILL", "TYPE", kind)


def bring_back(layout: Layout) -> None:
    """Let clients connect again, and go on where it hung."""
    if _aside(layout).exists():
        _aside(layout).rename(layout.redis_socket)
    _signal(layout, signal.SIGCONT)


def hang(layout: Layout) -> None:
    """Have it take connections and say nothing."""
    _signal(layout, signal.SIGSTOP)


def flush(layout: Layout) -> None:
    """Have everything in it lost."""
    wait(layout)
    with Redis(unix_socket_path=str(layout.redis_socket)) as client:
        client.flushall()


def wait(layout: Layout) -> None:
    """Wait until it answers. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(RedisError, OSError), Redis(unix_socket_path=str(layout.redis_socket)) as client:
            client.ping()
            return
        time.sleep(0.1)
    raise TimeoutError("Redis did not come back")


def _signal(layout: Layout, number: signal.Signals) -> None:
    for pid in working_in(layout.redis, "redis-server"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _aside(layout: Layout) -> Path:
    return layout.redis_socket.with_suffix(".away")

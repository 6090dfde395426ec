"""Processes that use the embedded servers of a data directory, to be killed by tests."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from config.services import postgres, redis
from config.services.layout import Layout
from config.services.processes import working_in

CHECKOUT = Path(__file__).resolve().parents[2]
HOLD = """
import sys
from config.services import ServiceError, use
try:
    held = use(sys.argv[1], sys.argv[2])
except ServiceError as problem:
    sys.exit(str(problem))
print("up", flush=True)
sys.stdin.read()
"""


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment of a person who set nothing of ours, plus `more`."""
    ours = ("MASKLINE_", "PYTEST_", "DATA_DIR", "DATABASE_", "REDIS_", "HOST", "PORT", "PYTHON", "DJANGO_", "TEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | more


class Holder:
    """One process that called use()."""

    def __init__(self, home: Path, profile: str = "test", user: Callable[[], None] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(home), profile],
            cwd=CHECKOUT,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=user,
        )

    def up(self) -> "Holder":
        """Wait until it has the servers."""
        assert self.process.stdout and self.process.stderr
        if self.process.stdout.readline().strip() != "up":
            raise AssertionError(self.process.stderr.read())
        return self

    def refusal(self) -> str:
        """Return the line with which it ended."""
        _, said = self.process.communicate(timeout=90)
        assert self.process.returncode == 1, said
        return said.strip()

    def end(self) -> None:
        """Let go of the servers."""
        if self.process.poll() is None:
            assert self.process.stdin
            self.process.stdin.close()
            self.process.wait(10)

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self.process.kill()
        self.process.wait()


def pids(layout: Layout) -> dict[str, int]:
    """Return the process ids of keeper, postmaster and Redis, as far as they live."""
    found = {}
    for name, folder, program in (("postgres", layout.postgres, "postgres"), ("redis", layout.redis, "redis-server")):
        live = working_in(folder, program) if folder.exists() else []
        if live:
            found[name] = min(live)
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"config.services.keeper" in words and os.fsencode(layout.root) in words:
            found["keeper"] = int(entry.parent.name)
    return found


def wait_until(true: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Return whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def both_answer(layout: Layout) -> bool:
    """Return whether both servers answer now."""
    return redis.answers(layout) and postgres.answers(layout)


def gone(layout: Layout) -> bool:
    """Return whether nothing of the data directory runs."""
    return not pids(layout)


def ask(layout: Layout, sql: str) -> object:
    """Run one statement and return the first column of its first row."""
    with psycopg.connect(layout.database_url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def end_all(layout: Layout) -> None:
    """Stop what a failed test left of this data directory."""
    for name, number in (("keeper", signal.SIGTERM), ("postgres", signal.SIGQUIT), ("redis", signal.SIGKILL)):
        if pid := pids(layout).get(name):
            os.kill(pid, number)
            wait_until_dead(pid)


def wait_until_dead(pid: int, seconds: float = 10.0) -> bool:
    """Return whether the process ended in time; a zombie counts as ended."""
    return wait_until(lambda: state(pid) in {"", "Z", "X"}, seconds)


def state(pid: int) -> str:
    """Return the process's state letter, or nothing when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""

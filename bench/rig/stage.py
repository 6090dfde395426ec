"""Where the rig plays: servers of an own data directory, the web server, dispatchers, the rig's own processes.

What was killed is started again, as the supervisor of bin/run does it. Imports no Django.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import psycopg

from bench import web
from bench.place import DATA_KEY, SECRET_KEY, is_the_operators
from bench.rig import generator, receiver, records
from config import services
from config.services import postgres
from config.services.layout import Layout

CHECKOUT = Path(__file__).resolve().parents[2]
SETTLE = """
UPDATE notifications_push SET due_at = due_at - interval '10 minutes',
       first_failed_at = first_failed_at - interval '10 minutes'
 WHERE state = 0 AND due_at > now()
"""
ENDS_SECONDS = 15.0


@dataclass
class Stage:
    """One run of the rig. Close it, and everything it started is gone."""

    home: Path
    seed: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    dispatchers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._servers = services.use(self.home, "run")
        self._processes: list[subprocess.Popen[Any]] = []
        self.web_port = 0
        return self

    def __exit__(self, *reason: object) -> None:
        for process in [*self.dispatchers.values(), *self._processes]:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in [*self.dispatchers.values(), *self._processes]:
            try:
                process.wait(ENDS_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._servers.lock_file.close()

    @property
    def layout(self) -> Layout:
        """Return where the servers keep their files."""
        return Layout(self.home, "run")

    def log(self, name: str) -> Path:
        """Return the path of one of the logs."""
        return self.home / "rig" / f"{name}-{self.seed}.jsonl"

    def environ(self) -> dict[str, str]:
        """Return the environment of the product's processes: nothing of the operator's own."""
        kept = {name: value for name, value in os.environ.items() if not is_the_operators(name)}
        return kept | {
            "DATA_DIR": str(self.home),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "MASKLINE_DATA_KEY": DATA_KEY,
            "MASKLINE_SECRET_KEY": SECRET_KEY,
            "MASKLINE_EMBEDDED_DATABASE_URL": self._servers.database_url,
            "MASKLINE_EMBEDDED_REDIS_URL": self._servers.redis_url,
            "MASKLINE_PUSH_ALLOW_PRIVATE": "1",
            **self.environment,
        }

    def prepare(self, urls: list[str], schema: str = "") -> None:
        """Have a migrated database (or one made by this SQL) in which there is a customer for each URL."""
        (self.home / "rig").mkdir(exist_ok=True)
        (self.home / "static").mkdir(exist_ok=True)
        file = self.home / "rig" / "provision.json"
        file.write_text(json.dumps(records.provision_file(urls)), encoding="utf-8")
        if schema:
            self._load(schema)
        else:
            self.run("-m", "django", "migrate", "--verbosity", "0", "--skip-checks")
        self.run("-m", "django", "provision", str(file), "--verbosity", "0", "--skip-checks")

    def _load(self, schema: str) -> None:
        psql = [str(postgres.binaries() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", self.layout.database_url]
        environ = postgres.environment()
        subprocess.run(psql, input=schema.encode(), env=environ, check=True, stdout=subprocess.DEVNULL)

    def run(self, *words: str) -> None:
        """Run one Python program of the product to its end."""
        subprocess.run([sys.executable, *words], env=self.environ(), cwd=CHECKOUT, check=True)

    def receive(self, **orders: Any) -> int:
        """Start the customers' servers and return their port."""
        (self.home / "rig").mkdir(parents=True, exist_ok=True)
        told = asdict(receiver.Orders(seed=self.seed, **{"log": str(self.log("received"))} | orders))
        command = [sys.executable, "-m", "bench.rig.receiver", json.dumps(told)]
        process = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._processes.append(process)
        assert process.stdout is not None
        return int(process.stdout.readline())

    def serve(self) -> None:
        """Start the web server."""
        self.web_port = web.free_port()
        self._web = subprocess.Popen(web.command(self.web_port), env=self.environ(), cwd=CHECKOUT)
        self._processes.append(self._web)
        web.wait(self.web_port)

    def generate(self, **orders: Any) -> subprocess.Popen[bytes]:
        """Start the switch."""
        url = f"http://127.0.0.1:{self.web_port}"
        told = asdict(generator.Orders(url=url, log=str(self.log("told")), seed=self.seed, **orders))
        process = subprocess.Popen([sys.executable, "-m", "bench.rig.generator", json.dumps(told)], cwd=CHECKOUT)
        self._processes.append(process)
        return process

    def dispatch(self, name: str) -> None:
        """Start a dispatcher, or start it again."""
        command = [sys.executable, "-m", "django", "dispatch", "--skip-checks"]
        self.dispatchers[name] = subprocess.Popen(command, env=self.environ(), cwd=CHECKOUT)

    def revive(self) -> None:
        """Start again what was killed. Gunicorn and the keeper do it for what is theirs."""
        services.revive(self.home)
        for name, process in self.dispatchers.items():
            if process.poll() is not None:
                self.dispatch(name)

    def web_workers(self) -> list[int]:
        """Return the processes that answer requests."""
        return children(self._web.pid)

    def move_clock(self) -> int:
        """Have everything that waits for its schedule due sooner, as if ten minutes had passed; return how many."""
        with self.connect() as connection:
            return connection.execute(SETTLE).rowcount

    def pending(self) -> int:
        """Return how many pushes wait."""
        with self.connect() as connection:
            row = connection.execute("SELECT count(*) FROM notifications_push WHERE state = 0").fetchone()
        return int(row[0]) if row else 0

    def connect(self) -> psycopg.Connection[Any]:
        """Return a new connection to the database."""
        return psycopg.connect(self.layout.database_url, autocommit=True)

    def outbox(self) -> Path:
        """Return a file with what the product says became of each push."""
        path = self.log("outbox")
        path.unlink(missing_ok=True)
        self.run("-m", "bench.rig.outbox", str(path))
        return path


def children(parent: int) -> list[int]:
    """Return the living children of a process."""
    try:
        return [int(word) for word in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except OSError:
        return []


def wait_until(true: Any, seconds: float) -> bool:
    """Return whether it became true in time; a database that is away says nothing."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if true():
                return True
        except psycopg.OperationalError:
            pass
        time.sleep(0.1)
    return False

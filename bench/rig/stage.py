"""Where the rig plays: servers of an own data directory, the web server, dispatchers, the rig's own processes.

What was killed is started again, as the supervisor of bin/run does it. Imports no Django.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import psycopg

from bench import web
from bench.place import DATA_KEY, SECRET_KEY, is_the_operators
from bench.rig import generator, journal, receiver, records, redis
from bench.rig.journal import Line
from config import services
from config.services import postgres
from config.services.layout import Layout

CHECKOUT = Path(__file__).resolve().parents[2]
SETTLE = """
UPDATE notifications_push SET due_at = due_at - interval '10 minutes',
       first_failed_at = first_failed_at - interval '10 minutes'
 WHERE state = 0 AND due_at > now()
"""
NOTED_TWICE = """
SELECT count(*) FROM (
    SELECT push_id FROM (
        SELECT push_id FROM notifications_attempt WHERE result = 'delivered' AND NOT replay
        UNION ALL SELECT id FROM notifications_push WHERE replay_id IS NULL
    ) noted GROUP BY push_id HAVING count(*) > 1
) twice
"""
DISPATCHERS = ("first", "second")
ENDS_SECONDS = 15.0
# Makes SQL of a file of customers (records.provision_file).
Tables = Callable[[Path], str]


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
        self._told: list[Path] = []
        self.web_port = 0
        return self

    def __exit__(self, *reason: object) -> None:
        redis.bring_back(self.layout)
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

    def prepare(self, urls: list[str], tables: Tables | None = None) -> None:
        """Have a migrated database in which there is a customer for each URL; or the one that `tables` gives as SQL."""
        (self.home / "rig").mkdir(exist_ok=True)
        (self.home / "static").mkdir(exist_ok=True)
        file = self.home / "rig" / "provision.json"
        file.write_text(json.dumps(records.provision_file(urls)), encoding="utf-8")
        if tables is not None:
            self._load(tables(file))
            return
        self.run("-m", "django", "migrate", "--verbosity", "0", "--skip-checks")
        self.run("-m", "django", "provision", str(file), "--verbosity", "0", "--skip-checks")

    def _load(self, tables: str) -> None:
        psql = [str(postgres.binaries() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", self.layout.database_url]
        environ = postgres.environment()
        subprocess.run(psql, input=tables.encode(), env=environ, check=True, stdout=subprocess.DEVNULL)

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

    def serve(self, workers: int) -> None:
        """Start the web server and the two dispatchers, and wait for the first."""
        self.web_port = web.free_port()
        self._web = subprocess.Popen(web.command(self.web_port, workers), env=self.environ(), cwd=CHECKOUT)
        self._processes.append(self._web)
        for name in DISPATCHERS:
            self.dispatch(name)
        web.wait(self.web_port)

    def generate(self, **orders: Any) -> subprocess.Popen[bytes]:
        """Start a switch. Each has calls of its own."""
        url, name = f"http://127.0.0.1:{self.web_port}", f"told{len(self._told)}"
        seed = self.seed * 100 + len(self._told)
        self._told.append(self.log(name))
        told = asdict(generator.Orders(url=url, log=str(self.log(name)), seed=seed, **orders))
        process = subprocess.Popen([sys.executable, "-m", "bench.rig.generator", json.dumps(told)], cwd=CHECKOUT)
        self._processes.append(process)
        return process

    def told(self) -> Iterator[Line]:
        """Yield the logs of all switches."""
        for path in self._told:
            yield from journal.read(path)

    def work(self) -> None:
        """Start beat and a worker for its jobs, as bin/run does."""
        celery = [sys.executable, "-m", "celery", "--quiet", "--skip-checks", "-A", "config"]
        beat = ["beat", "--schedule", str(self.home / "rig" / "beat"), "--pidfile=", "--loglevel", "ERROR"]
        worker = ["worker", "--queues", "default", "--concurrency", "1", "--loglevel", "ERROR"]
        worker += ["--without-gossip", "--without-mingle"]
        environ = self.environ() | {"PYTHONWARNINGS": "ignore"}
        self.worker = subprocess.Popen([*celery, *worker], env=environ, cwd=CHECKOUT)
        self._processes += [self.worker, subprocess.Popen([*celery, *beat], env=environ, cwd=CHECKOUT)]

    def dispatch(self, name: str) -> None:
        """Start a dispatcher, or start it again."""
        command = [sys.executable, "-m", "django", "dispatch", "--skip-checks"]
        self.dispatchers[name] = subprocess.Popen(command, env=self.environ(), cwd=CHECKOUT)

    def end_dispatcher(self, name: str) -> float:
        """Ask one to end; return after how many seconds it had."""
        began = time.monotonic()
        self.dispatchers[name].terminate()
        self.dispatchers[name].wait()
        return time.monotonic() - began

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
        return self._count("SELECT count(*) FROM notifications_push WHERE state = 0")

    def connect(self) -> psycopg.Connection[Any]:
        """Return a new connection to the database."""
        return psycopg.connect(self.layout.database_url, autocommit=True)

    def holders(self) -> int:
        """Return how many dispatchers hold shares of the outbox now."""
        return self._count("SELECT count(DISTINCT owner) FROM notifications_shardlease WHERE expires_at > now()")

    def noted_twice(self) -> int:
        """Return how many pushes are in the log of attempts as delivered more than once, or delivered and waiting."""
        return self._count(NOTED_TWICE)

    def _count(self, statement: str) -> int:
        with self.connect() as connection:
            row = connection.execute(statement).fetchone()
        return int(row[0]) if row else 0


def children(parent: int) -> list[int]:
    """Return the living children of a process."""
    try:
        return [int(word) for word in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except OSError:
        return []


def wait_until(true: Callable[[], object], seconds: float) -> bool:
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

"""bin/run as people use it: ready, stopped, killed, started again, and one clear line when it cannot start."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.services import backup, pulse, use
from config.services.layout import Layout
from tests.startup.holders import CHECKOUT, clean_environment, gone, pids, wait_until

READY_LINE = r"Maskline is ready: http://127\.0\.0\.1:{port}  \(user operator, password in {file}\)"
FIRST_START_SECONDS = 240
LATER_START_SECONDS = 120
pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]


class Run:
    """One bin/run on a data directory and port, its output in a file."""

    def __init__(self, layout: Layout, port: int, *arguments: str, **environ: str) -> None:
        self.port = port
        self.log = layout.root.parent / f"run-{port}-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(CHECKOUT / "bin" / "run"), *arguments],
                env=clean_environment(**{"DATA_DIR": str(layout.root), "PORT": str(port)} | environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.expected = READY_LINE.format(port=port, file=re.escape(str(layout.root / "users.json")))

    def said(self) -> str:
        """Return what it printed so far."""
        return self.log.read_text(errors="replace")

    def ready(self, seconds: float) -> "Run":
        """Wait for the ready line."""
        wait_until(lambda: bool(re.search(self.expected, self.said())) or self.process.poll() is not None, seconds)
        assert len(re.findall(self.expected, self.said())) == 1, self.said()
        return self

    def get(self, path: str) -> int:
        """Return the status of GET `path`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return int(answer.status)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send the signal, wait, and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(30)


def manage(layout: Layout, *words: str, **environ: str) -> str:
    """Run one command on the data directory and return what it prints."""
    command = [sys.executable, *words]
    environ = clean_environment(DATA_DIR=str(layout.root), **environ)
    done = subprocess.run(command, cwd=CHECKOUT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def live(layout: Layout) -> Iterator[Layout]:
    """Return a data directory for bin/run."""
    yield Layout(layout.root, "run")


@pytest.fixture
def start(live: Layout) -> Iterator[Callable[..., Run]]:
    """Return a function that starts bin/run --no-demo; whatever runs at the end is stopped."""
    started: list[Run] = []

    def begin(port: int, *arguments: str, **environ: str) -> Run:
        started.append(Run(live, port, "--no-demo", *arguments, **environ))
        return started[-1]

    yield begin
    for run in started:
        if run.process.poll() is None:
            run.stop(signal.SIGTERM)


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refusal(layout: Layout, **environ: str) -> str:
    """Return the one line with which bin/run refuses."""
    run = Run(layout, int(environ.pop("port", 0)) or free_port(), "--no-demo", **environ)
    assert run.process.wait(60) == 1
    said = run.said().strip()
    assert len(said.splitlines()) == 1, said
    return said


def test_it_starts_stops_and_starts_again_after_kill_9_with_its_data(live: Layout, start: Callable[..., Run]) -> None:
    port = free_port()
    first = start(port).ready(FIRST_START_SECONDS)
    assert (first.get("/healthz"), first.get("/readyz")) == (200, 200)
    pulses = [pulse.file(live.root, f"{name}-{port}") for name in ("worker", "jobs")]
    assert wait_until(lambda: all(pulse.last(path) for path in pulses), 30)
    passwords = live.root / "users.json"
    assert passwords.stat().st_mode & 0o777 == 0o600
    assert json.loads(passwords.read_text()).keys() >= {"operator", "support", "finance", "finance2", "auditor"}
    before = passwords.read_text()

    first.process.kill()
    second = start(port).ready(LATER_START_SECONDS)
    assert passwords.read_text() == before

    os.kill(pids(live)["keeper"], signal.SIGKILL)
    assert wait_until(lambda: "keeper" in pids(live), 30)
    assert wait_until(lambda: _is_ready(second), 30)

    assert second.stop(signal.SIGINT) == 0
    assert wait_until(lambda: gone(live))
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def _is_ready(run: Run) -> bool:
    try:
        return run.get("/readyz") == 200
    except OSError:
        return False


def test_two_first_starts_at_once_on_one_data_directory_both_get_ready(start: Callable[..., Run]) -> None:
    both = [start(free_port()), start(free_port())]
    for run in both:
        run.ready(FIRST_START_SECONDS)


def test_the_tls_door_answers_with_a_certificate_of_its_own(live: Layout, start: Callable[..., Run]) -> None:
    port = free_port()
    start(free_port(), HTTPS_PORT=str(port)).ready(FIRST_START_SECONDS)
    trust = ssl.create_default_context(cafile=str(live.root / "tls" / "certificate.pem"))
    with urllib.request.urlopen(f"https://localhost:{port}/healthz", context=trust, timeout=10) as answer:
        assert answer.status == 200


def test_a_taken_port_is_one_line(live: Layout) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refusal(live, port=str(port))
    assert said == f"bin/run: port {port} on 127.0.0.1 is taken by another program; set PORT to a free one"


def test_an_address_of_another_machine_is_one_line(live: Layout) -> None:
    assert refusal(live, HOST="203.0.113.7").startswith("bin/run: cannot listen on 203.0.113.7:")


def test_a_port_that_is_no_number_is_one_line(live: Layout) -> None:
    assert refusal(live, HTTPS_PORT="http") == "bin/run: HTTPS_PORT is 'http'; give a whole number from 1 to 65535"


def test_an_unreachable_database_is_one_line_without_its_password(live: Layout) -> None:
    said = refusal(live, DATABASE_URL="postgresql://u:secret@127.0.0.1:1/x")
    assert said.startswith("bin/run: DATABASE_URL cannot be reached: ")
    assert "secret" not in said


def test_an_unreachable_redis_is_one_line(live: Layout) -> None:
    assert refusal(live, REDIS_URL="redis://127.0.0.1:1/0").startswith("bin/run: REDIS_URL cannot be reached: ")


def test_a_data_directory_that_cannot_be_written_is_one_line(live: Layout, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refusal(live, DATA_DIR=str(tmp_path / "file" / "var"))
    assert said.startswith(f"bin/run: DATA_DIR {tmp_path}/file/var cannot be used: ")


def test_existing_data_is_backed_up_before_it_is_migrated(live: Layout) -> None:
    with use(live.root).lock_file:
        addresses = {
            "MASKLINE_EMBEDDED_DATABASE_URL": live.database_url,
            "MASKLINE_EMBEDDED_REDIS_URL": live.redis_url,
        }
        prepare = ["-m", "config.prepare", "--no-demo"]
        manage(live, *prepare, **addresses)
        manage(live, *prepare, **addresses)
        assert not (live.root / "backups").exists()
        manage(live, "manage.py", "migrate", "accounts", "0001", **addresses)
        manage(live, *prepare, **addresses)
    (taken,) = (live.root / "backups").iterdir()
    assert backup.check(taken)["keys"]

"""What bin/run looks at beside its children: readiness, the keeper, a worker that is stuck."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from config.services import pulse
from config.services.run import NO_PULSE_SECONDS, QUEUES, STUCK, STUCK_SECONDS, Watch, _background
from config.services.supervisor import Child, Supervisor

WELL = {"database": "ok", "redis": "ok", "worker": "ok", "dispatcher": "ok", "jobs": "ok"}
STUCK_WORKER = WELL | {"worker": "no heartbeat for over two minutes"}


class Web(HTTPServer):
    """Answers /readyz with `parts`."""

    parts: dict[str, str] = WELL


class Readyz(BaseHTTPRequestHandler):
    """One answer of Web."""

    server: Web

    def do_GET(self) -> None:
        """Answer 200 when all parts are ok, else 503."""
        assert self.path == "/readyz"
        self.send_response(200 if self.server.parts == WELL else 503)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.parts).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Recorder(Supervisor):
    """A supervisor whose children never ran; remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__([Child("web", []), Child("worker", []), Child("beat", [])], {}, lambda _: None)
        self.lines: list[str] = []
        self.restarted: list[str] = []

    def say(self, line: str) -> None:
        """Remember the line."""
        self.lines.append(line)

    def restart(self, *names: str) -> None:
        """Remember the names."""
        self.restarted += names


@pytest.fixture
def web() -> Iterator[Web]:
    """Return a web server that is well."""
    server = Web(("127.0.0.1", 0), Readyz)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def look(watch: Watch, supervisor: Supervisor, after: float) -> None:
    """Let the watch look as if `after` seconds had gone by since all was well."""
    watch.look_at = 0.0
    watch.moved_at = {part: at - after for part, at in watch.moved_at.items()}
    watch.beaten_at = {name: at - after for name, at in watch.beaten_at.items()}
    watch(supervisor)


def watch_of(web: Web, tmp_path: Path) -> Watch:
    """Return a watch over `web`."""
    return Watch("127.0.0.1", web.server_port, {"DATA_DIR": str(tmp_path)}, embedded=False)


def test_the_ready_line_is_said_once_and_only_when_all_is_well(web: Web, tmp_path: Path) -> None:
    watch, supervisor = watch_of(web, tmp_path), Recorder()
    web.parts = WELL | {"worker": "no heartbeat yet"}
    look(watch, supervisor, 0)
    assert supervisor.lines == []
    web.parts = WELL
    look(watch, supervisor, 0)
    look(watch, supervisor, 0)
    address = f"http://127.0.0.1:{web.server_port}"
    assert supervisor.lines == [f"Maskline is ready: {address}  (user operator, password in {tmp_path}/users.json)"]


def test_a_worker_without_heartbeat_is_restarted_only_after_the_longest_task(web: Web, tmp_path: Path) -> None:
    watch, supervisor = watch_of(web, tmp_path), Recorder()
    web.parts = STUCK_WORKER
    look(watch, supervisor, STUCK_SECONDS - 5)
    assert supervisor.restarted == []
    look(watch, supervisor, 10)
    assert supervisor.restarted == ["worker", "beat"]
    look(watch, supervisor, STUCK_SECONDS - 5)
    assert supervisor.restarted == ["worker", "beat"]


@pytest.mark.parametrize(("part", "children"), [("jobs", ["jobs"]), ("dispatcher", ["dispatch"])])
def test_a_part_that_is_stuck_is_restarted_and_no_other(
    web: Web, tmp_path: Path, part: str, children: list[str]
) -> None:
    watch, supervisor = watch_of(web, tmp_path), Recorder()
    seconds, _ = STUCK[part]
    web.parts = WELL | {part: "no heartbeat for over two minutes"}
    look(watch, supervisor, seconds - 5)
    assert supervisor.restarted == []
    look(watch, supervisor, 10)
    assert supervisor.restarted == children


def test_a_worker_whose_main_process_stands_still_is_restarted_without_waiting_for_tasks(
    web: Web, tmp_path: Path
) -> None:
    (tmp_path / "locks").mkdir()
    watch, supervisor = watch_of(web, tmp_path), Recorder()
    look(watch, supervisor, 2 * NO_PULSE_SECONDS)
    assert supervisor.restarted == []  # it has not begun yet
    beating = {name: pulse.file(tmp_path, f"{name}-{web.server_port}") for name in QUEUES}
    for path in beating.values():
        pulse.beat(path)
    look(watch, supervisor, 2 * NO_PULSE_SECONDS)
    assert supervisor.restarted == []
    pulse.beat(beating["jobs"])
    look(watch, supervisor, 2 * NO_PULSE_SECONDS)
    assert supervisor.restarted == ["worker"]
    assert (pulse.last(beating["worker"]), pulse.last(beating["jobs"]) is None) == (None, False)


def test_what_is_left_of_a_killed_run_is_no_pulse(web: Web, tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    left = pulse.file(tmp_path, f"worker-{web.server_port}")
    pulse.beat(left)
    watch_of(web, tmp_path)
    assert pulse.last(left) is None


def test_the_children_that_are_restarted_are_those_of_bin_run(tmp_path: Path) -> None:
    names = {child.name for child in _background(8000, {"DATA_DIR": str(tmp_path)})}
    assert {name for _, children in STUCK.values() for name in children} == names


@pytest.mark.parametrize("part", ["database", "redis"])
def test_a_worker_is_not_blamed_for_a_server_that_is_away(web: Web, tmp_path: Path, part: str) -> None:
    watch, supervisor = watch_of(web, tmp_path), Recorder()
    web.parts = STUCK_WORKER | {part: "unreachable"}
    look(watch, supervisor, 2 * STUCK_SECONDS)
    assert supervisor.restarted == []


def test_nobody_answering_is_no_reason_to_restart_the_worker(web: Web, tmp_path: Path) -> None:
    watch, supervisor = watch_of(web, tmp_path), Recorder()
    watch.port = 1
    look(watch, supervisor, 2 * STUCK_SECONDS)
    assert (supervisor.restarted, supervisor.lines) == ([], [])

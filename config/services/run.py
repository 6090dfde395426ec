"""bin/run: the whole product on this machine. See docs/operations.md.

Order: is the port free, embedded servers, `config.prepare` (the only one that imports Django), then the supervisor over
web, dispatcher, workers and beat. This process holds the servers up, so it stays small and lives as long as they are
needed.
"""

import argparse
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from config import services
from config.services import certificate, ports, pulse
from config.services.layout import Layout
from config.services.processes import die_with_parent
from config.services.supervisor import Child, Supervisor

WEB_WORKER = "config.services.web.Worker"
WEB_WORKERS = 2
WEB_THREADS = 8
# gunicorn's most; a query may be about as long.
LONGEST_LINE = 8190
# {name: (queue, processes)}. Long exports have their own: settlement does not wait behind them.
QUEUES = {"worker": ("default", 2), "jobs": ("jobs", 1)}
REVIVE_SECONDS = 2.0
READY_SECONDS = 0.25
LOOK_SECONDS = 10.0
# {part of /readyz: (for how long it may be unwell, the children to start again)}. With the 150 s after which it is,
# CELERY_TASK_TIME_LIMIT and a minute: two long tasks keep the worker's heartbeat waiting. A dispatcher gives a sign
# each second once it has started, and that may take a while on a busy machine.
STUCK_SECONDS = 510.0
STUCK = {
    "worker": (STUCK_SECONDS, ("worker", "beat")),
    "jobs": (STUCK_SECONDS, ("jobs",)),
    "dispatcher": (90.0, ("dispatch",)),
}
# The main process of a worker beats by itself, whatever its tasks do.
NO_PULSE_SECONDS = 90.0
CHECKOUT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """Run until stopped; 1 after one line of reason when it cannot start."""
    parser = argparse.ArgumentParser(prog="bin/run", description="Run Maskline: web, dispatcher, workers and beat.")
    parser.add_argument("--no-demo", action="store_true", help="start empty on the first run")
    options = parser.parse_args(arguments)
    environ = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}
    try:
        host, doors = _doors(environ)
        for port in doors.values():
            ports.wait_until_free(host, port)
        held = services.embedded(environ)
        if status := _prepare(environ, demo=not options.no_demo):
            return status
        for port in doors.values():
            ports.wait_until_free(host, port)
        children = [*_web(host, doors, environ), *_background(doors["http"], environ)]
    except services.ServiceError as problem:
        print(f"bin/run: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    Supervisor(children, _quiet(environ), Watch(host, doors["http"], environ, embedded=held is not None)).run()
    return 0


def _doors(environ: Mapping[str, str]) -> tuple[str, dict[str, int]]:
    """Return the host, and the port of each door: http, and https where asked for."""
    doors = {"http": _port(environ, "PORT", "8000")}
    if environ.get("HTTPS_PORT", "").strip():
        doors["https"] = _port(environ, "HTTPS_PORT", "")
    return environ.get("HOST", "").strip() or "127.0.0.1", doors


def _port(environ: Mapping[str, str], name: str, default: str) -> int:
    text = environ.get(name, "").strip() or default
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise services.ServiceError(f"{name} is {text!r}; give a whole number from 1 to 65535")
    return int(text)


def _prepare(environ: Mapping[str, str], *, demo: bool) -> int:
    """Migrate and fill in a process of its own; one at a time for each data directory. Return its exit status."""
    layout = Layout(services.data_dir(environ))
    layout.make()
    parent = os.getpid()
    with layout.open_lock("prepare") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [sys.executable, "-m", "config.prepare", *([] if demo else ["--no-demo"])]
        ready_to_die = lambda: die_with_parent(signal.SIGTERM, parent)  # noqa: E731
        return subprocess.run(command, env=environ, preexec_fn=ready_to_die).returncode


def _web(host: str, doors: Mapping[str, int], environ: Mapping[str, str]) -> list[Child]:
    """Return one gunicorn a door. Its control socket would be shared by all instances of one user; preload would share
    the database connections of the parent."""
    children = []
    threads = environ.get("MASKLINE_WEB_THREADS", "").strip() or str(WEB_THREADS)
    for door, port in doors.items():
        command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", ports.authority(host, port)]
        command += ["--worker-class", WEB_WORKER, "--workers", str(WEB_WORKERS), "--threads", threads]
        command += ["--limit-request-line", str(LONGEST_LINE)]
        command += ["--no-control-socket", "--graceful-timeout", "8", "--timeout", "60", "--log-level", "warning"]
        if door == "https":
            pair = certificate.pair(environ, services.data_dir(environ))
            command += ["--certfile", str(pair.certificate), "--keyfile", str(pair.key)]
        children.append(Child("web" if door == "http" else "web-tls", command))
    return children


def _background(port: int, environ: Mapping[str, str]) -> list[Child]:
    """Return the dispatcher, a worker for each queue, and beat. The port tells two runs on one data directory apart."""
    celery = [sys.executable, "-m", "celery", "--quiet", "--skip-checks", "-A", "config"]
    workers = [Child(name, [*celery, "worker", *_worker(name, port)]) for name in QUEUES]
    schedule = services.data_dir(environ) / f"celerybeat-schedule-{port}"
    beat = ["beat", "--schedule", str(schedule), "--pidfile=", "--loglevel", "WARNING"]
    dispatch = Child("dispatch", [sys.executable, str(CHECKOUT / "manage.py"), "dispatch"])
    return [dispatch, *workers, Child("beat", [*celery, *beat])]


def _worker(name: str, port: int) -> list[str]:
    queue, processes = QUEUES[name]
    options = ["--queues", queue, "--concurrency", str(processes), "--hostname", f"{name}-{port}@%h"]
    return [*options, "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]


def _quiet(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the children's environment. Celery warns root about pickled messages; ours are JSON only."""
    return dict(environ) | {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}


class Watch:
    """What the supervisor looks at beside its children: ready yet, is the keeper of the servers there, does work move.

    A worker or dispatcher can be alive and stuck (a poller that lost its connection, a process that was stopped): then
    /readyz misses its sign of life, and after STUCK it is killed; a worker without a pulse sooner.
    """

    def __init__(self, host: str, port: int, environ: Mapping[str, str], *, embedded: bool) -> None:
        self.host, self.port = host, port
        self.data = services.data_dir(environ)
        self.name = (environ.get("MASKLINE_ALLOWED_HOSTS", "").split(",")[0].strip() or "127.0.0.1").lstrip(".*")
        self.embedded = embedded
        self.revive_at = self.look_at = time.monotonic()
        self.moved_at = dict.fromkeys(STUCK, self.look_at)
        self.beaten_at = dict.fromkeys(QUEUES, self.look_at)
        self.pulses: dict[str, int | None] = {}
        for name in QUEUES:
            pulse.forget(self._pulse(name))

    def __call__(self, supervisor: Supervisor) -> None:
        """Say once that the product is ready; start a keeper again when somebody killed it."""
        now = time.monotonic()
        if self.embedded and now > self.revive_at:
            self.revive_at = now + REVIVE_SECONDS
            services.revive(self.data)
        if now > self.look_at:
            self.look_at = now + (READY_SECONDS if supervisor.eager else LOOK_SECONDS)
            self._look(supervisor, now)

    def _look(self, supervisor: Supervisor, now: float) -> None:
        status, parts = ports.ask(self.host, self.port, "/readyz", self.name or "127.0.0.1")
        if status == 200 and supervisor.eager:
            supervisor.eager = False
            address = ports.authority(ports.reachable_host(self.host), self.port)
            supervisor.say(
                f"Maskline is ready: http://{address}  (user operator, password in {self.data / 'users.json'})"
            )
        servers_are_well = parts.get("database") == parts.get("redis") == "ok"
        for part, (seconds, children) in STUCK.items():
            if not servers_are_well or parts.get(part, "ok") == "ok":
                self.moved_at[part] = now
            elif now - self.moved_at[part] > seconds:
                self._restart(supervisor, children, now)
        for name in QUEUES:
            before, self.pulses[name] = self.pulses.get(name), pulse.last(self._pulse(name))
            if not servers_are_well or self.pulses[name] is None or self.pulses[name] != before:
                self.beaten_at[name] = now
            elif now - self.beaten_at[name] > NO_PULSE_SECONDS:
                self._restart(supervisor, (name,), now)

    def _restart(self, supervisor: Supervisor, children: Sequence[str], now: float) -> None:
        """Have children started again, and be patient with them anew."""
        supervisor.restart(*children)
        for name in QUEUES.keys() & set(children):
            pulse.forget(self._pulse(name))
            self.beaten_at[name] = now
        for part, (_, concerned) in STUCK.items():
            if set(concerned) & set(children):
                self.moved_at[part] = now

    def _pulse(self, name: str) -> Path:
        return pulse.file(self.data, f"{name}-{self.port}")


if __name__ == "__main__":
    os.chdir(CHECKOUT)
    sys.exit(main(sys.argv[1:]))

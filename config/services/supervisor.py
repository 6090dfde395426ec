"""The small supervisor of bin/run: starts the children, prefixes what they print, restarts what dies, stops them all.

Our own, because supervisord and circus leave orphans when they are killed, and honcho stops everything when one child
ends. One thread only: the kernel's death signal (PDEATHSIG) fires when the *thread* that forked ends.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from config.services.processes import adopt_orphans, die_with_parent

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 15.0
STEADY_SECONDS = 60.0
STOP_SECONDS = 12.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Child:
    """One program to keep running: its name in the output, its command line."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    delay: float = FIRST_DELAY_SECONDS
    due_at: float = 0.0
    rest: bytes = field(default=b"", repr=False)

    def start(self, environ: Mapping[str, str]) -> int:
        """Start it in a session of its own (Ctrl-C reaches only the supervisor); return where its output is read."""
        parent = os.getpid()

        def ready_to_die() -> None:
            os.setsid()
            die_with_parent(signal.SIGTERM, parent)

        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        try:
            self.process = subprocess.Popen(
                self.command,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                preexec_fn=ready_to_die,
            )
        finally:
            os.close(writing)
        self.started_at = time.monotonic()
        return reading

    def signal_group(self, number: signal.Signals) -> None:
        """Send it to the child and to what the child started; nothing when all are gone."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def wait_longer(self, now: float) -> float:
        """Note that it ended; return the seconds until it is started again: twice as long while it keeps dying."""
        if now - self.started_at > STEADY_SECONDS:
            self.delay = FIRST_DELAY_SECONDS
        pause, self.delay = self.delay, min(self.delay * 2, LONGEST_DELAY_SECONDS)
        self.due_at = now + pause
        return pause


class Supervisor:
    """Runs until SIGINT, SIGTERM or SIGHUP. `tick` is called about once a second, more often soon after a start."""

    def __init__(self, children: Sequence[Child], environ: Mapping[str, str], tick: Callable[["Supervisor"], None]):
        self.children = children
        self.environ = environ
        self.tick = tick
        self.selector = selectors.DefaultSelector()
        self.stopping_at: float | None = None
        self.eager = True
        self.width = max(len(child.name) for child in children)

    def run(self) -> None:
        """Start everything, and come back when everything has ended after a stop signal."""
        adopt_orphans()
        waking, woken = os.pipe()
        for end in (waking, woken):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, lambda *_: self.stop())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(waking, selectors.EVENT_READ, None)
        next_tick = 0.0
        while self.stopping_at is None or any(child.process for child in self.children):
            self._start_due()
            self._read(0.25 if self.eager or self.stopping_at else 1.0)
            self._collect()
            now = time.monotonic()
            if self.stopping_at is None and now >= next_tick:
                next_tick = now + (0.25 if self.eager else 1.0)
                self.tick(self)
            elif self.stopping_at and now > self.stopping_at + STOP_SECONDS:
                self._signal_all(signal.SIGKILL)
        self._drain()

    def stop(self) -> None:
        """Ask all children to end; asked twice, make them."""
        if self.stopping_at is None:
            self.stopping_at = time.monotonic()
            self._signal_all(signal.SIGTERM)
        else:
            self._signal_all(signal.SIGKILL)

    def restart(self, *names: str) -> None:
        """Kill these children; they are started again as after any death."""
        for child in self.children:
            if child.name in names:
                self.say(f"{child.name:<{self.width}} | is stuck; killed")
                child.signal_group(signal.SIGKILL)

    def say(self, line: str) -> None:
        """Print one line; a reader that went away (`bin/run | head`) is no reason to stop."""
        try:
            print(line, flush=True)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _start_due(self) -> None:
        for child in self.children:
            if child.process is None and self.stopping_at is None and time.monotonic() >= child.due_at:
                self.selector.register(child.start(self.environ), selectors.EVENT_READ, child)

    def _signal_all(self, number: signal.Signals) -> None:
        for child in self.children:
            if child.process is None:
                continue
            if number == signal.SIGKILL:
                child.signal_group(number)
            else:
                # The master alone: it ends its own children in order.
                child.process.send_signal(number)

    def _read(self, timeout: float) -> None:
        for key, _ in self.selector.select(timeout):
            try:
                text = os.read(key.fd, 65536)
            except BlockingIOError:
                continue
            if key.data is not None:
                self._print(key.data, text)
                if not text:
                    self.selector.unregister(key.fd)
                    os.close(key.fd)

    def _print(self, child: Child, text: bytes) -> None:
        """Print whole lines with the child's name; keep the rest for later, or print it at the end of its output."""
        lines = (child.rest + text).split(b"\n")
        child.rest = lines.pop() if text else b""
        for line in lines:
            if line or text:
                self.say(f"{child.name:<{self.width}} | {line.decode(errors='replace')}")

    def _collect(self) -> None:
        """Reap what ended: our children get a new start, adopted ones only a grave."""
        by_pid = {child.process.pid: child for child in self.children if child.process}
        with contextlib.suppress(ChildProcessError):
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                child = by_pid.get(ended.si_pid)
                if child is None or child.process is None:
                    os.waitpid(ended.si_pid, 0)
                else:
                    self._bury(child, child.process)

    def _bury(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        # Before the pid is free for others: what a killed master left behind must not work on beside its successor.
        child.signal_group(signal.SIGKILL)
        status = process.wait()
        child.process = None
        if self.stopping_at is None:
            pause = child.wait_longer(time.monotonic())
            self.say(f"{child.name:<{self.width}} | ended with status {status}; again in {pause:g} s")

    def _drain(self) -> None:
        for _ in range(20):
            if len(self.selector.get_map()) <= 1:
                return
            self._read(0.05)

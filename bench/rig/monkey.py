"""Somebody who kills: dispatchers, web workers, a backend of PostgreSQL, the postmaster, Redis; and who stops one."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.rig.checker import Excuse
from bench.rig.stage import Stage, children, wait_until
from config.services.layout import Layout
from config.services.processes import working_in

VICTIMS = ("dispatcher", "web", "backend", "postmaster", "redis")
STOPPED = "stopped"
# After the kill of one of these, what was taken and not noted comes again; and for how long that goes on: without its
# database a dispatcher that sends what it has read may lose its lease over it.
FORGETFUL = {"dispatcher": 2.0, STOPPED: 2.0, "backend": 15.0, "postmaster": 20.0}
# What was taken so long before such a kill was noted by then. A database that is killed may just be coming back from
# the kill before.
NOTED = {"dispatcher": 5.0, STOPPED: 5.0, "backend": 60.0, "postmaster": 60.0}
# A lease lasts ten seconds: who is stopped for longer has lost it.
STOPPED_SECONDS = (10.5, 14.0)
PATIENCE_SECONDS = 60.0


@dataclass
class Kill:
    """What was killed, and when by the monotonic clock."""

    victim: str
    at: float


class Monkey:
    """Kills by chance, the same for the same seed."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._random = Random(stage.seed)
        self._goes_on_at: dict[str, float] = {}
        self.kills: list[Kill] = []
        # When Redis was taken away for good; 0: never.
        self.redis_gone_at = 0.0

    def by_chance(self) -> None:
        """Kill one of them, or stop a dispatcher for longer than its lease when none is stopped."""
        victim = self._random.choice((*VICTIMS, STOPPED))
        if victim != STOPPED:
            self.kill(victim)
        elif not self._goes_on_at:
            name = self._random.choice(sorted(self._stage.dispatchers))
            self._goes_on_at[name] = time.monotonic() + self._random.uniform(*STOPPED_SECONDS)
            self.stop(name)

    def wake(self, *, all_of_them: bool = False) -> None:
        """Let those go on whose time has come."""
        for name, at in list(self._goes_on_at.items()):
            if all_of_them or time.monotonic() >= at:
                del self._goes_on_at[name]
                self.go_on(name)

    def kill(self, victim: str) -> bool:
        """Kill one of them with SIGKILL; return whether there was one."""
        pids = self._pids(victim)
        with contextlib.suppress(ProcessLookupError):
            if pids:
                os.kill(self._random.choice(pids), signal.SIGKILL)
                self.kills.append(Kill(victim, time.monotonic()))
                return True
        return False

    def insist(self, victim: str) -> None:
        """Kill one of them, as soon as there is one. Raises TimeoutError."""
        if not wait_until(lambda: self.kill(victim), PATIENCE_SECONDS):
            raise TimeoutError(f"there is no {victim} to kill")

    def kill_dispatcher(self, name: str) -> None:
        """Kill this one."""
        self._stage.dispatchers[name].kill()
        self.kills.append(Kill("dispatcher", time.monotonic()))

    def stop(self, name: str) -> None:
        """Stop a dispatcher in the middle of its work."""
        self._stage.dispatchers[name].send_signal(signal.SIGSTOP)
        self.kills.append(Kill(STOPPED, time.monotonic()))

    def go_on(self, name: str) -> None:
        """Let it go on, as if nothing had been."""
        self._stage.dispatchers[name].send_signal(signal.SIGCONT)

    def excuses(self) -> list[Excuse]:
        """Return after which kills a push may come again."""
        return [
            Excuse(kill.at, kill.at + FORGETFUL[kill.victim], kill.at - NOTED[kill.victim])
            for kill in self.kills
            if kill.victim in FORGETFUL
        ]

    def seconds_since_the_last(self) -> float:
        """Return how long ago something was killed."""
        return time.monotonic() - max((kill.at for kill in self.kills), default=0.0)

    def _pids(self, victim: str) -> list[int]:
        layout = self._stage.layout
        match victim:
            case "dispatcher":
                return [process.pid for process in self._stage.dispatchers.values() if process.poll() is None]
            case "web":
                return self._stage.web_workers()
            case "redis":
                return working_in(layout.redis, "redis-server")
            case "postmaster":
                return _postmaster(layout)
        return [pid for parent in _postmaster(layout) for pid in children(parent) if _serves_a_client(pid)]


def _postmaster(layout: Layout) -> list[int]:
    try:
        return [int((layout.postgres / "postmaster.pid").read_text().split()[0])]
    except (OSError, ValueError, IndexError):
        return []


def _serves_a_client(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b" maskline " in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    return False

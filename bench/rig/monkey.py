"""Somebody who kills: dispatchers, web workers, a backend of PostgreSQL, the postmaster, Redis; and who stops one."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.rig.stage import Stage, children
from config.services.layout import Layout
from config.services.processes import working_in

VICTIMS = ("dispatcher", "web", "backend", "postmaster", "redis")
# A kill of one of these may leave pushes that the far end has taken and nobody has noted.
FORGETFUL = ("dispatcher", "backend", "postmaster", "stopped")


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
        self.kills: list[Kill] = []

    def kill(self, victim: str = "") -> None:
        """Kill one of them with SIGKILL."""
        victim = victim or self._random.choice(VICTIMS)
        pids = self._pids(victim)
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._random.choice(pids), signal.SIGKILL)
                self.kills.append(Kill(victim, time.monotonic()))

    def stop(self, name: str) -> None:
        """Stop a dispatcher in the middle of its work."""
        self._stage.dispatchers[name].send_signal(signal.SIGSTOP)
        self.kills.append(Kill("stopped", time.monotonic()))

    def go_on(self, name: str) -> None:
        """Let it go on, as if nothing had been."""
        self._stage.dispatchers[name].send_signal(signal.SIGCONT)

    def most_duplicates(self, slots: int) -> int:
        """Return how many pushes may have been under way, or not noted yet, at all kills together."""
        return slots * sum(kill.victim in FORGETFUL for kill in self.kills)

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

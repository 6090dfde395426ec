"""Processes as Linux shows them: dying with one's parent, adopting orphans, and who works in a folder."""

import ctypes
import os
import signal
import time
from pathlib import Path

_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: signal.Signals, parent: int) -> None:
    """In a fresh child: get `number` when the thread that forked ends. Call it after any setuid, which clears it."""
    _libc.prctl(_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent dies, so that they can be reaped where pid 1 does not."""
    _libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def working_in(folder: Path, name: str) -> list[int]:
    """Return the live processes called `name` whose working directory is `folder`; zombies have none."""
    found = []
    where = str(folder.resolve())
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if os.readlink(entry / "cwd") == where and (entry / "comm").read_text().strip() == name:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def wait_until_gone(folder: Path, name: str, seconds: float) -> bool:
    """Wait for every `name` working in `folder` to end; False when one is left after `seconds`."""
    deadline = time.monotonic() + seconds
    while working_in(folder, name):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True

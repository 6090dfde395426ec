"""The process that owns both embedded servers as long as anybody uses them.

Who uses them holds users.lock shared; the keeper holds keeper.lock. Both are the kernel's: a killed process leaves no
trace. The keeper restarts what dies, and when users.lock is free for two seconds it stops both servers and ends.
Killed itself, the servers get their stop signal from the kernel (PDEATHSIG).

Started as `python -m config.services.keeper DATA_DIR PROFILE LOCK_FD`, only by config.services.sharing.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from config.services import postgres, redis
from config.services.identity import ServiceUser, open_way, service_user
from config.services.layout import Layout, ServiceError, adopt
from config.services.processes import adopt_orphans, die_with_parent

LINGER_SECONDS = 2.0
TICK_SECONDS = 0.2
PATIENCE_SECONDS = 30.0


@dataclass
class Server:
    """One server process and how to start and stop it."""

    command: list[str]
    folder: Path
    stop_signal: signal.Signals
    before: Callable[[], None]
    process: subprocess.Popen[bytes] | None = None

    def start(self, user: ServiceUser) -> None:
        """Start it in the foreground below this process."""
        self.before()
        keeper = os.getpid()

        def ready_to_die() -> None:
            os.setsid()
            user.become()
            die_with_parent(self.stop_signal, keeper)

        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=postgres.environment(),
            stdin=subprocess.DEVNULL,
            preexec_fn=ready_to_die,
        )

    def gone(self) -> bool:
        """Return whether it has ended (or never started)."""
        return self.process is None or self.process.poll() is not None

    def stop(self) -> None:
        """Ask it to end; insist after 30 s."""
        if self.process is None or self.gone():
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()


def servers(layout: Layout) -> list[Server]:
    """Return both servers, not started. SIGINT stops PostgreSQL fast; SIGTERM would wait for its clients for ever."""
    return [
        Server(postgres.command(layout), layout.postgres, signal.SIGINT, lambda: postgres.clear_stale_lock(layout)),
        Server(redis.command(layout), layout.redis, signal.SIGTERM, lambda: redis.wait_for_the_last_one(layout)),
    ]


def keep(layout: Layout) -> None:
    """Run both servers until nobody uses them."""
    adopt_orphans()
    user = service_user(layout.postgres)
    _make_places(layout, user)
    postgres.initialise(layout, user)
    running = servers(layout)
    with layout.lock("users").open("ab") as users:
        try:
            _watch(running, user, users)
        finally:
            for server in reversed(running):
                server.stop()
            if layout.sockets.parent != layout.root:
                with contextlib.suppress(OSError):
                    layout.sockets.rmdir()


def _make_places(layout: Layout, user: ServiceUser) -> None:
    for folder in (layout.sockets, layout.redis):
        user.own(folder)
        if folder.is_symlink() or folder.stat().st_uid not in {user.uid, os.geteuid()}:
            raise ServiceError(f"{folder} belongs to another user")
    open_way(user, layout.root, layout.sockets, postgres.binaries(), redis.binary().parent)


def _watch(running: list[Server], user: ServiceUser, users: BinaryIO) -> None:
    """Restart what dies, at most once a second each; return, with users.lock held, when nobody is left."""
    free_since: float | None = None
    next_try = [0.0] * len(running)
    while True:
        now = time.monotonic()
        for at, server in enumerate(running):
            if server.gone() and now >= next_try[at]:
                next_try[at] = now + 1
                server.start(user)
        _reap_orphans(running)
        if _try_lock(users):
            free_since = free_since or now
            if now - free_since >= LINGER_SECONDS:
                return
            fcntl.flock(users, fcntl.LOCK_UN)
        else:
            free_since = None
        time.sleep(TICK_SECONDS)


def _try_lock(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _reap_orphans(running: list[Server]) -> None:
    """Collect adopted children that ended; the servers' own exit is left for Popen to read."""
    ours = {server.process.pid for server in running if server.process is not None}
    with contextlib.suppress(ChildProcessError):
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid in ours:
                return
            os.waitpid(ended.si_pid, os.WNOHANG)


def main(arguments: list[str]) -> int:
    """Keep the servers of one data directory; the last line of the log says why it could not."""
    data_dir, profile, lock = arguments
    layout = Layout(Path(data_dir), "test" if profile == "test" else "run")
    os.set_inheritable(int(lock), False)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        keep(layout)
    except (ServiceError, OSError) as error:
        print(f"keeper: {error}", flush=True)
        failure = layout.root / "logs" / "failure"
        failure.write_text(str(error))
        adopt(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

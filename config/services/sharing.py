"""Using the embedded servers of a data directory: start them if nobody has, and hold them up while we live."""

import fcntl
import subprocess
import sys
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from config.services import postgres, reach, redis
from config.services.layout import Layout, Profile, ServiceError

PATIENCE_SECONDS = 60.0
Environment = MutableMapping[str, str]


@dataclass(frozen=True)
class Services:
    """Addresses of the running servers. They stay up as long as `lock_file` is open in some process."""

    database_url: str
    redis_url: str
    lock_file: BinaryIO


def use(data_dir: Path | str, profile: Profile = "run") -> Services:
    """Return the servers of `data_dir`, started if needed; keep the result as long as they are needed.

    Any number of processes may call this at once. ServiceError, in one line, when they cannot be started.
    """
    layout = Layout(Path(data_dir).absolute(), profile)
    layout.make()
    with layout.open_lock("start") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        users = layout.open_lock("users")
        # Waits for a keeper that is just stopping: it holds this lock until its servers are gone.
        fcntl.flock(users, fcntl.LOCK_SH)
        _wait_until_up(layout)
    return Services(layout.database_url, layout.redis_url, users)


def _wait_until_up(layout: Layout) -> None:
    """Start a keeper whenever there is none, until both servers answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    keeper: subprocess.Popen[bytes] | None = None
    while not (redis.answers(layout) and postgres.answers(layout)):
        if keeper is not None and keeper.poll():
            raise ServiceError(_reason(layout))
        if keeper is None or keeper.poll() is not None:
            keeper = _start_keeper(layout)
        if time.monotonic() > deadline:
            raise ServiceError(f"PostgreSQL and Redis did not answer within {PATIENCE_SECONDS:.0f} s: see {layout.log}")
        time.sleep(0.05)


def _start_keeper(layout: Layout) -> subprocess.Popen[bytes] | None:
    """Start a keeper if none is alive. It inherits the lock that says so; the kernel takes it back when it ends."""
    with layout.open_lock("keeper") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        (layout.root / "logs" / "failure").unlink(missing_ok=True)
        with layout.open_log() as log:
            return subprocess.Popen(
                [sys.executable, "-m", "config.services.keeper", str(layout.root), layout.profile, str(lock.fileno())],
                cwd=Path(__file__).resolve().parents[2],
                pass_fds=[lock.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def _reason(layout: Layout) -> str:
    try:
        return (layout.root / "logs" / "failure").read_text()
    except OSError:
        return f"PostgreSQL and Redis could not be started: see {layout.log}"


def embedded(environ: Environment, profile: Profile = "run") -> Services | None:
    """Start what the environment leaves to us, and write its addresses into `environ` for the settings.

    None when DATABASE_URL and REDIS_URL both name servers of the operator's own. A named one that cannot be reached is
    a ServiceError.
    """
    database, cache = (environ.get(name, "").strip() for name in ("DATABASE_URL", "REDIS_URL"))
    if database:
        reach.postgres(database)
    if cache:
        reach.redis(cache)
    if database and cache:
        return None
    services = use(data_dir(environ), profile)
    environ["MASKLINE_EMBEDDED_DATABASE_URL"] = services.database_url
    environ["MASKLINE_EMBEDDED_REDIS_URL"] = services.redis_url
    return services


def revive(data_dir: Path, profile: Profile = "run") -> None:
    """Start a keeper again if the last one was killed; returns at once. For those who hold the servers for long."""
    _start_keeper(Layout(data_dir, profile))


def data_dir(environ: Mapping[str, str]) -> Path:
    """Return DATA_DIR, by default `var` in the checkout."""
    return Path(environ.get("DATA_DIR", "").strip() or Path(__file__).resolve().parents[2] / "var").absolute()

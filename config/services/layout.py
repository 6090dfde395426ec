"""Where the embedded servers of one data directory keep their files, and at which addresses they answer."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

Profile = Literal["run", "test"]
# A unix socket's path ends at 107 bytes; "/.s.PGSQL.5432" and the closing zero take 19 of them with some to spare.
LONGEST_SOCKET_DIR = 88
LONGEST_LOG = 10 * 1024**2


class ServiceError(Exception):
    """A start that cannot go on; str() is one line for the person who started it."""


@dataclass(frozen=True)
class Layout:
    """The places of one data directory."""

    root: Path
    profile: Profile = "run"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data directory."""
        return self.root / "postgres"

    @property
    def redis(self) -> Path:
        """Redis's working directory: its append-only file."""
        return self.root / "redis"

    @property
    def sockets(self) -> Path:
        """The directory of both sockets: `run`, or a short one under /tmp where the path would be too long.

        redis-server binds a silently truncated path. /tmp and not $TMPDIR: two processes with different
        environments must find the same socket.
        """
        plain = self.root / "run"
        if len(os.fsencode(plain)) <= LONGEST_SOCKET_DIR:
            return plain
        return Path("/tmp") / f"msk-{hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]}"

    @property
    def redis_socket(self) -> Path:
        """Redis's socket."""
        return self.sockets / "redis.sock"

    def open_lock(self, name: str) -> BinaryIO:
        """Open the lock file `name`; ServiceError in one line when that is not allowed."""
        return _appending(self.lock(name), self.root)

    def open_log(self) -> BinaryIO:
        """Open the log for the keeper and its servers; a long one is put aside, over the one before it."""
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        return _appending(self.log, self.root)

    @property
    def log(self) -> Path:
        """What keeper and servers print."""
        return self.root / "logs" / "services.log"

    def lock(self, name: str) -> Path:
        """The lock file `name` (start, users, keeper)."""
        return self.root / "locks" / f"{name}.lock"

    @property
    def database_url(self) -> str:
        """Address of the embedded database."""
        return f"postgresql://maskline@/maskline?host={self.sockets}"

    @property
    def redis_url(self) -> str:
        """Address of the embedded Redis."""
        return f"unix://{self.redis_socket}"

    def make(self) -> None:
        """Make the folders every part needs; ServiceError in one line when that is not allowed."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.log.parent, self.lock("start").parent):
                folder.mkdir(mode=0o700, exist_ok=True)
                adopt(folder)
        except OSError as error:
            raise not_writable(self.root, error) from error
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise ServiceError(f"DATA_DIR {self.root} is not writable for this user ({owner_of(self.root)} owns it)")


def _appending(path: Path, root: Path) -> BinaryIO:
    try:
        fresh = not path.exists()
        file = path.open("ab")
        if fresh:
            adopt(path)
    except OSError as error:
        raise not_writable(root, error) from error
    return file


def adopt(path: Path) -> None:
    """As root, give what was made to the owner of the folder it lies in: a person's folder stays usable for them."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def not_writable(path: Path, error: OSError) -> ServiceError:
    """Return the one line for a folder that refuses us."""
    return ServiceError(f"DATA_DIR {path} cannot be used: {error.strerror} ({error.filename})")


def owner_of(path: Path) -> str:
    """Return the owner's name, or the number where it has none."""
    try:
        return path.owner()
    except KeyError:
        return f"user {path.stat().st_uid}"

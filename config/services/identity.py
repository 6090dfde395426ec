"""Which system user the embedded servers run as, and the way to their files for that user.

PostgreSQL refuses to run as root. Started by root, both servers run as the owner of the existing data, else as
`postgres`, else as `nobody`; a closed folder on the way gets an ACL entry for that one user, never o+rx for all.
"""

import contextlib
import os
import pwd
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config.services.layout import ServiceError

_ACL = "system.posix_acl_access"
_OWNER, _USER, _GROUP, _MASK, _OTHER = 1, 2, 4, 16, 32
_NO_ID = 0xFFFFFFFF
_SEARCH = 1


@dataclass(frozen=True)
class ServiceUser:
    """The user of the servers. `drop` is False when they simply run as the person who started them."""

    uid: int
    gid: int
    drop: bool

    def become(self) -> None:
        """Give up root in this process; nothing when not started by root."""
        if self.drop:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)

    def own(self, folder: Path) -> None:
        """Make `folder` with mode 0700 for this user if it is missing."""
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            if self.drop:
                os.chown(folder, self.uid, self.gid)


def service_user(data: Path) -> ServiceUser:
    """Return who runs the servers whose data lies (or will lie) in `data`."""
    if os.geteuid() != 0:
        return ServiceUser(os.geteuid(), os.getegid(), drop=False)
    if data.exists() and data.stat().st_uid != 0:
        return ServiceUser(data.stat().st_uid, data.stat().st_gid, drop=True)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return ServiceUser(entry.pw_uid, entry.pw_gid, drop=True)
    raise ServiceError("PostgreSQL does not run as root, and this system has neither a user postgres nor nobody")


def open_way(user: ServiceUser, *targets: Path) -> None:
    """Let `user` walk to each target; only folders that stop it are changed."""
    if not user.drop:
        return
    for target in targets:
        for folder in [*reversed(target.resolve().parents), target.resolve()]:
            if folder.is_dir() and not _may(user, folder, os.X_OK):
                _admit(user, folder)
                if not _may(user, folder, os.X_OK):
                    raise ServiceError(f"user {user.uid}, who runs PostgreSQL, cannot enter {folder}")


def _may(user: ServiceUser, path: Path, mode: int) -> bool:
    """Return whether `user` has access; asked as that user, because mode bits alone do not show an ACL."""
    return run_as(user, lambda: os.access(path, mode))


def run_as(user: ServiceUser, ask: Callable[[], bool]) -> bool:
    """Return `ask()` as answered by a child process that became `user`."""
    child = os.fork()
    if child == 0:
        answer = False
        try:
            user.become()
            answer = ask()
        finally:
            os._exit(0 if answer else 1)
    return os.waitpid(child, 0)[1] == 0


def _admit(user: ServiceUser, folder: Path) -> None:
    """Add the ACL entry u:user:x, or o+x where the file system has no ACLs."""
    mode = folder.stat().st_mode
    try:
        entries = _read_acl(folder, mode)
        entries[_USER, user.uid] = entries.get((_USER, user.uid), 0) | _SEARCH
        entries[_MASK, _NO_ID] = entries.get((_MASK, _NO_ID), entries[_GROUP, _NO_ID]) | _SEARCH
        os.setxattr(folder, _ACL, pack_acl(entries))
    except OSError:
        folder.chmod(mode | 0o001)


def _read_acl(folder: Path, mode: int) -> dict[tuple[int, int], int]:
    """Return {(tag, id): permission bits} of the folder, made from its mode bits when it has no ACL yet."""
    try:
        packed = os.getxattr(folder, _ACL)
    except OSError:
        return {(_OWNER, _NO_ID): mode >> 6 & 7, (_GROUP, _NO_ID): mode >> 3 & 7, (_OTHER, _NO_ID): mode & 7}
    return {(tag, who): bits for tag, bits, who in struct.iter_unpack("<HHI", packed[4:])}


def pack_acl(entries: dict[tuple[int, int], int]) -> bytes:
    """Return the kernel's form: version 2, then entries in order of tag and id."""
    rows = (struct.pack("<HHI", tag, bits, who) for (tag, who), bits in sorted(entries.items()))
    return struct.pack("<I", 2) + b"".join(rows)

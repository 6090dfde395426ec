"""The storage "recordings": where a file lies, and how one gets there whole or not at all.

A file is written to a folder of its own first, `.incoming`, which is on the storage's disk when that is a folder, and
then moved, or sent to the bucket. Each has a name of its own, so that nothing is ever written over; the row names it.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, ClassVar
from uuid import uuid4

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from common.errors import MasklineError, NotReady
from common.faults import fault_point

# What is a file's name on every system and stands in an address as it is; anything else is named by its hash.
PLAIN = re.compile(r"[A-Za-z0-9_@+=-][A-Za-z0-9_.@+=-]{0,199}")
INCOMING = ".incoming"


class StorageAway(NotReady):
    """The storage cannot be reached, or is full."""


class TooLarge(MasklineError):
    """The file is larger than MASKLINE_RECORDING_MIB."""

    retry: ClassVar[bool] = False


@dataclass(frozen=True)
class Spooled:
    """A file that is whole and on disk, but not in the storage yet."""

    path: Path
    size: int
    sha256: bytes


class _Ready(File[bytes]):
    """A spooled file: a folder moves it, a bucket reads it."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        super().__init__(file, path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        """Return where it lies; Django moves such a file instead of copying it."""
        return str(self._path)


def path_of(account_id: int, domain: str, name: str) -> str:
    """Return where a recording of that name lies in the storage. No text escapes the folder."""
    return f"{account_id}/{_plain(domain)}/{_plain(name)}"


def most_bytes() -> int:
    """Return the largest file that is taken."""
    return int(settings.MASKLINE["recording_mib"]) * 1024 * 1024


class Growing:
    """A file that grows on disk. `write` raises TooLarge and StorageAway."""

    def __init__(self, path: Path) -> None:
        self._path, self._size, self._most, self._digest = path, 0, most_bytes(), sha256()
        with _disk():
            self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def write(self, part: bytes) -> None:
        """Add a part."""
        self._size += len(part)
        if self._size > self._most:
            raise TooLarge
        self._digest.update(part)
        with _disk():
            self._file.write(part)

    def whole(self) -> Spooled:
        """Return it once it is safe on disk."""
        with _disk():
            self._file.flush()
            os.fsync(self._file.fileno())
        fault_point("recordings.spooled")
        return Spooled(self._path, self._size, self._digest.digest())

    def close(self) -> None:
        """Delete what is still there."""
        with suppress(OSError):  # a full disk refuses what is buffered
            self._file.close()
        self._path.unlink(missing_ok=True)


@contextmanager
def growing() -> Iterator[Growing]:
    """Give a new file; what is left of it afterwards is deleted. Raises StorageAway."""
    folder = incoming()
    with _disk():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = Growing(folder / uuid4().hex)
    try:
        yield file
    finally:
        file.close()


@contextmanager
def spooled(parts: Iterable[bytes]) -> Iterator[Spooled]:
    """Write the parts to disk and give the file. Raises TooLarge, StorageAway, and what `parts` raises."""
    with growing() as file:
        for part in parts:
            file.write(part)
        yield file.whole()


def put(spool: Spooled, path: str) -> str:
    """Move a spooled file into the storage and return the name it got. Raises StorageAway."""
    try:
        with spool.path.open("rb") as file:
            return storage().save(f"{path}~{uuid4().hex[:12]}", _Ready(file, spool.path))
    except OSError as error:
        raise StorageAway(str(error.strerror or error)) from None


def open_file(path: str) -> tuple[BinaryIO, int]:
    """Return a file and its size in bytes. Raises FileNotFoundError, and StorageAway."""
    try:
        file: Any = storage().open(path)
        return file, int(file.size)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageAway(str(error.strerror or error)) from None


def exists(path: str) -> bool:
    """Return whether there is such a file. Raises StorageAway."""
    try:
        return storage().exists(path)
    except OSError as error:
        raise StorageAway(str(error.strerror or error)) from None


def delete(path: str) -> None:
    """Delete a file; gone already is as good. Raises StorageAway."""
    try:
        storage().delete(path)
    except OSError as error:
        raise StorageAway(str(error.strerror or error)) from None


def every() -> Iterator[tuple[str, datetime]]:
    """Return the name of every file in the storage, and when it was written. Raises StorageAway."""
    kept: Any = storage()
    try:
        if not isinstance(kept, FileSystemStorage):
            yield from kept.walk()
            return
        home = Path(kept.location)
        for folder, folders, names in os.walk(home):
            folders[:] = [name for name in folders if name != INCOMING]
            for path in (Path(folder) / name for name in names):
                if (written := _written(path)) is not None:
                    yield str(path.relative_to(home)), written
    except OSError as error:
        raise StorageAway(str(error.strerror or error)) from None


def forget_incoming(before: datetime) -> int:
    """Delete what killed uploads left on disk; return how many files."""
    gone = 0
    folder = incoming()
    for path in folder.iterdir() if folder.is_dir() else ():
        written = _written(path)
        if written is not None and written < before:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def incoming() -> Path:
    """Return the folder in which files grow: on the storage's own disk, so that moving one there is one step."""
    kept = storage()
    home = Path(kept.location) if isinstance(kept, FileSystemStorage) else Path(settings.MEDIA_ROOT) / "recordings"
    return home / INCOMING


def storage() -> Storage:
    """Return the storage "recordings"."""
    return storages["recordings"]


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageAway(f"no room for uploads: {error.strerror}") from None


def _written(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None


def _plain(text: str) -> str:
    return text if PLAIN.fullmatch(text) else f"~{sha256(text.encode()).hexdigest()}"

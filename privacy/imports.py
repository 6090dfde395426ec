"""Importing a file of CDRs: one transaction, in batches, its SHA-256 kept (contract.md, import_cdrs)."""

import gc
import hashlib
import io
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from itertools import islice
from typing import IO, Any, TypeVar

from accounts.models import Upstream
from privacy import arrivals
from privacy.arrivals import Origin, Outcome
from privacy.models import Source
from privacy.wire import Item
from privacy.wire.files import read_file

BATCH = 2_000
AHEAD = 2
T = TypeVar("T")
Progress = Callable[[int], None]


def import_file(
    file: IO[bytes],
    *,
    name: str,
    upstream: Upstream,
    now: datetime,
    encoding: str = "utf-8-sig",
    zone: tzinfo,
    person: str = "",
    user_id: int | None = None,
    push: bool = True,
    progress: Progress = lambda count: None,
) -> Outcome:
    """Store the CDRs of a seekable file, or nothing, and return what became of them. Raises wire.files.BadLine.

    `progress` hears after each batch how many records were read.
    """
    hashed = _Hashed(file)

    def batches() -> Iterable[list[Item]]:
        hashed.rewind()
        text = io.TextIOWrapper(io.BufferedReader(hashed, 1 << 18), encoding, newline="")
        count = 0
        for batch in _ahead(_batched(read_file(text, now, zone), BATCH)):
            yield batch
            count += len(batch)
            progress(count)

    origin = Origin(door=Source.Door.IMPORT, file_name=name, person=person, user_id=user_id)
    # Millions of objects that form no cycles: collecting them as often as usual costs a tenth of the time.
    with _seldom_collecting():
        return arrivals.receive_batches(
            batches, upstream=upstream, source=origin, now=now, push=push, file_sha256=hashed.hexdigest
        )


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class _Hashed(io.RawIOBase):
    """A file that is hashed while it is read; closing it does not close the file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()

    def rewind(self) -> None:
        self._file.seek(0)
        self._sha256 = hashlib.sha256()

    def hexdigest(self) -> str:
        return self._sha256.hexdigest()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._file.read(len(buffer))
        self._sha256.update(part)
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        """Leave the file open: it is read again when the transaction must be run again."""


def _batched(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    while batch := list(islice(items, size)):
        yield batch


def _ahead(source: Iterator[T]) -> Iterator[T]:
    """Return what `source` yields, made in a thread: the next batch is read while the database writes the last one."""
    ready: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(AHEAD)
    stop = threading.Event()

    def read() -> None:
        error: BaseException | None = None
        try:
            for one in source:
                if not _offer(ready, (one, None), stop):
                    return
        except BaseException as raised:
            error = raised
        _offer(ready, (None, error), stop)

    reader = threading.Thread(target=read, name="reader", daemon=True)
    reader.start()
    with _stopping(stop, reader):
        while True:
            one, error = ready.get()
            if error is not None:
                raise error
            if one is None:
                return
            yield one


def _offer(ready: queue.Queue[T], one: T, stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            ready.put(one, timeout=0.2)
            return True
        except queue.Full:
            continue
    return False


@contextmanager
def _stopping(stop: threading.Event, reader: threading.Thread) -> Iterator[None]:
    try:
        yield
    finally:
        stop.set()
        reader.join()

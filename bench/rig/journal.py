"""Logs of JSON lines that are only appended to and are on disk before anything is answered."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class Journal:
    """One process's log."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, *lines: Line) -> None:
        """Append lines and wait until they are on disk."""
        self.append(lines)
        os.fsync(self._file)

    def append(self, lines: Iterable[Line]) -> None:
        """Append lines; the system writes them when it likes."""
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
        os.write(self._file, text.encode())


def read(path: Path) -> Iterator[Line]:
    """Yield the lines of a log; one that is not whole yet is not there."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)

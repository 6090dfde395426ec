"""An extract as a file: written beside its final name, named when it is whole, proved by a sidecar (billing.md 9)."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

from billing.reports.extract import Extract
from billing.reports.parquet import write_parquet
from billing.reports.spreadsheets import write_csv, write_xlsx
from common.errors import BadInput

FILE_MODE = 0o600
READ_BYTES = 1 << 20


class Format(Enum):
    """The file formats; `ending` and media type of each."""

    CSV = "csv"
    SPREADSHEET_CSV = "spreadsheet"
    XLSX = "xlsx"
    PARQUET = "parquet"

    @property
    def ending(self) -> str:
        """Return the ending of file names."""
        return ".csv" if self is Format.SPREADSHEET_CSV else f".{self.value}"

    @property
    def media_type(self) -> str:
        """Return the Content-Type: a spreadsheet's CSV differs from the machine's."""
        return {
            Format.CSV: "text/csv; charset=utf-8",
            Format.SPREADSHEET_CSV: "text/csv; charset=utf-8; header=present; profile=spreadsheet",
            Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format.PARQUET: "application/vnd.apache.parquet",
        }[self]


@dataclass(frozen=True)
class Written:
    """A finished export: where it and its sidecar are, and the facts in the sidecar."""

    path: Path
    sidecar: Path
    rows: int
    size: int
    sha256: str
    facts: dict[str, Any]


def format_of(name: str, *, spreadsheet: bool = False) -> Format:
    """Return the format named csv, xlsx or parquet; `spreadsheet` turns csv into the safe one. Raises BadInput."""
    if name == "csv":
        return Format.SPREADSHEET_CSV if spreadsheet else Format.CSV
    if name not in {"xlsx", "parquet"}:
        raise BadInput("format", "unknown", "use csv, xlsx or parquet")
    if spreadsheet:
        raise BadInput("spreadsheet", f"is a kind of CSV, not of {name}", "leave one of the two away")
    return Format(name)


def file_name(stem: str, fmt: Format, *, provisional: bool) -> str:
    """Return the name of a file: one for spreadsheets says so, and one that holds an unsettled hour."""
    if fmt is Format.SPREADSHEET_CSV and "spreadsheet" not in stem:
        stem += "_spreadsheet"
    return stem + (".provisional" if provisional and "provisional" not in stem else "") + fmt.ending


def stream(extract: Extract, sink: BinaryIO, watch: Callable[[int], None] = lambda rows: None) -> dict[str, Any]:
    """Write the machine CSV of an extract to `sink`; return its facts with rows and SHA-256 of what was written."""
    digest = hashlib.sha256()
    with extract.opened():
        for block in extract.blocks():
            digest.update(block)
            sink.write(block)
            watch(extract.rows)
        facts = extract.facts()
    return {
        "report": str(extract),
        "rows": extract.rows,
        "columns": [column.name for column in extract.columns],
        "sha256": digest.hexdigest(),
        **facts,
    }


def write(
    extract: Extract,
    fmt: Format,
    *,
    name: Callable[[bool], Path],
    now: datetime,
    watch: Callable[[int], None] = lambda rows: None,
) -> Written:
    """Write an extract to the path that `name(provisional)` gives, with mode 0600, and FILE.json beside it.

    Nothing stands under the final name before it is whole. `watch` hears of rows done and may raise to stop.
    """
    folder = name(False).parent
    raw, made = (folder / f".{name(False).name}.{os.getpid()}.{part}" for part in ("part", "made"))
    try:
        with _opened(raw) as sink:
            # A format made from the machine CSV takes most of its time afterwards: rows count as done only there.
            facts = stream(extract, sink, watch if fmt is Format.CSV else lambda rows: watch(0))
        _convert(extract, fmt, raw, made, {**facts, "format": fmt.value}, now, watch)
        path = name(bool(facts["provisional"]))
        facts = {"file": path.name, "format": fmt.value, **facts, "file_sha256": _sha256(made)}
        sidecar = path.with_name(path.name + ".json")
        # Whoever sees the file sees its sidecar.
        _place(raw, json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n", sidecar)
        os.replace(made, path)
    finally:
        raw.unlink(missing_ok=True)
        made.unlink(missing_ok=True)
    return Written(path, sidecar, int(facts["rows"]), path.stat().st_size, str(facts["file_sha256"]), facts)


def _convert(
    extract: Extract,
    fmt: Format,
    raw: Path,
    made: Path,
    facts: dict[str, Any],
    now: datetime,
    watch: Callable[[int], None],
) -> None:
    if fmt is Format.CSV:
        os.replace(raw, made)
        return
    _opened(made).close()
    if fmt is Format.SPREADSHEET_CSV:
        write_csv(raw, made, extract.columns, watch)
    elif fmt is Format.XLSX:
        write_xlsx(raw, made, extract.columns, facts, now, watch)
    else:
        write_parquet(raw, made, extract.columns, extract.zone, facts, watch)


def _opened(path: Path) -> BinaryIO:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, FILE_MODE), "wb")


def _place(part: Path, content: bytes, path: Path) -> None:
    with _opened(part) as file:
        file.write(content)
    os.replace(part, path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

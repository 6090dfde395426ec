"""Where a command's export goes: standard output, or a file with its sidecar."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from billing.reports.extract import Extract
from billing.reports.writers import Format, file_name, stream, write
from common.errors import BadInput


def to_output(extract: Extract, fmt: Format, out: BinaryIO) -> dict[str, Any]:
    """Write a machine CSV to `out` and return its facts. Raises BadInput for formats that need a file."""
    if fmt is not Format.CSV:
        raise BadInput("output", "is missing", "only the machine CSV goes to standard output: give --output FILE")
    facts = stream(extract, out)
    out.flush()
    return facts


def to_file(extract: Extract, fmt: Format, output: str, now: datetime) -> dict[str, Any]:
    """Write a file and FILE.json and return the facts. A folder gets the export's own name.

    A file that holds an unsettled hour says `provisional` in its name: report.csv becomes report.provisional.csv.
    """
    target = Path(output)
    if not (target if target.is_dir() else target.absolute().parent).is_dir():
        raise BadInput("output", "is in a folder that is not there", "make the folder first")

    def name(provisional: bool) -> Path:
        if target.is_dir():
            return target / file_name(extract.stem(), fmt, provisional=provisional)
        if not provisional or "provisional" in target.name:
            return target
        return target.with_name(f"{target.stem}.provisional{target.suffix}")

    try:
        return write(extract, fmt, name=name, now=now).facts
    except OSError as problem:
        raise BadInput("output", f"cannot be written: {problem.strerror}", "choose another file") from problem


def as_text(facts: dict[str, Any]) -> str:
    """Return facts as people read them on standard error."""
    return json.dumps(facts, indent=2, ensure_ascii=False)

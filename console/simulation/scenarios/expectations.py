"""The file beside a scenario that says what is expected of it: NAME.expected.json."""

import json
from pathlib import Path

import orjson

from console.simulation.records import Json
from console.simulation.scenarios.script import ScriptError

# A row of the file is one line, so that a change of one thing is a change of one line.
_INDENT = 2


def read(path: Path) -> Json:
    """Return what is expected. Raises ScriptError when there is no such file, or it is none."""
    try:
        found = orjson.loads(path.read_bytes())
    except OSError as problem:
        raise ScriptError(
            f"{path}: cannot be read: {problem.strerror}; --write writes what comes of the scenario there"
        ) from problem
    except orjson.JSONDecodeError as problem:
        raise ScriptError(f"{path}: line {problem.lineno}: is no JSON: {problem.msg}") from problem
    if not isinstance(found, dict):
        raise ScriptError(f"{path}: is no JSON object")
    return found


def write(path: Path, came: Json) -> None:
    """Write what came of a scenario as what is expected of it; a person reads it before it counts."""
    path.write_text(text(came), encoding="utf-8")


def text(came: Json) -> str:
    """Return what came of a scenario as JSON, a line for each row."""
    parts = []
    for part, rows in came.items():
        if isinstance(rows, list) and rows:
            lines = ",\n".join(f"{' ' * 2 * _INDENT}{_row(row)}" for row in rows)
            shown = f"[\n{lines}\n{' ' * _INDENT}]"
        else:
            shown = _row(rows)
        parts.append(f"{' ' * _INDENT}{json.dumps(part)}: {shown}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _row(row: object) -> str:
    return json.dumps(row, ensure_ascii=False)

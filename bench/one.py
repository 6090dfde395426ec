"""One function in a process of its own: python -m bench.one MODULE:FUNCTION ROWS FILE; bench.place calls it."""

import json
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import django


def main(function: str, rows: str, file: str) -> None:
    """Call it with the number of rows and leave what it returns in the file, as JSON."""
    django.setup()
    module, name = function.split(":")
    told = getattr(import_module(module), name)(int(rows))
    Path(file).write_text(json.dumps(told, default=asdict), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

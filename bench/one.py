"""One benchmark in a process of its own: python -m bench.one FUNCTION ROWS FILE, with an environment of bench.place."""

import sys
from importlib import import_module
from pathlib import Path

import django

from bench import result


def main(function: str, rows: str, file: str) -> None:
    """Run it and leave its results in the file."""
    django.setup()
    module, name = function.split(":")
    result.write(getattr(import_module(module), name)(int(rows)), Path(file))


if __name__ == "__main__":
    main(*sys.argv[1:])

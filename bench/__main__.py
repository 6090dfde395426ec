"""bin/bench [NAME...] [--full], or bin/bench --soak [SECONDS]."""

import argparse
import os
import subprocess
import sys
import time

from bench import catalogue, result
from bench.catalogue import Bench
from bench.place import Place, open_place
from bench.result import Result
from bench.rig import soak
from config import services

SOAK_SECONDS = 1200.0


def main(arguments: list[str]) -> int:
    """Run the benchmarks and print their table; 1 when a budget is not met or one failed."""
    lines = ", ".join(repr(name) for bench in catalogue.BENCHES for name in bench.names)
    parser = argparse.ArgumentParser(prog="bin/bench", description=f"Measure against references. Names: {lines}.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which, by how its name begins (default: all)")
    parser.add_argument("--full", action="store_true", help="10,000,000 rows where that is the budget's size")
    parser.add_argument(
        "--soak", nargs="?", type=float, const=SOAK_SECONDS, metavar="SECONDS",
        help="kill processes while pushes leave, and join what was told with what arrived (default: 20 minutes)",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    if options.soak:
        return soak.main(services.data_dir(os.environ) / "soak", options.soak)
    try:
        benches = catalogue.chosen(options.names)
        place = open_place()
        place.make_template()
    except KeyError as unknown:
        return _fail(f"there is no benchmark {unknown}; there are {lines}")
    except (services.ServiceError, subprocess.CalledProcessError) as problem:
        return _fail(str(problem))
    results: list[Result] = []
    failed = []
    for bench in benches:
        try:
            results += _run(place, bench, bench.full_rows if options.full else bench.rows)
        except subprocess.CalledProcessError:
            failed.append(bench.key)
    print(result.table(results))
    if failed:
        return _fail(f"failed: {', '.join(failed)}")
    return 0 if all(line.met for line in results) else 1


def _run(place: Place, bench: Bench, rows: int) -> list[Result]:
    """Run one on a database of its own, or let it see to its own databases."""
    began = time.monotonic()
    print(f"bin/bench: {', '.join(bench.names)}: {rows:,} rows", file=sys.stderr)
    place.copy(bench.database)
    told = place.call(bench.function, rows, bench.database)
    place.drop(bench.database)
    print(f"bin/bench: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return [Result(**line) for line in told]


def _fail(text: str) -> int:
    print(f"bin/bench: {text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

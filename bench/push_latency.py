"""From the commit of an event to its request at the customer's server, by an open loop (docs/bench.md)."""

import tempfile
from pathlib import Path
from statistics import median

from bench import pushes
from bench.result import Result

ENDPOINTS, RATE, FEEDERS = 50, 1_000, 2
WARM_UP_SECONDS, SECONDS = 3.0, 15.0
BUDGET_MS, LEAST_SHARE = 75.0, 0.99


def run(rows: int) -> list[Result]:
    """Return the line for RATE events a second, each committed by itself; `rows` bounds how many."""
    seconds = min(SECONDS, rows / RATE)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "came.jsonl"
        with pushes.receiving(log) as port, pushes.dispatching():
            owners = [
                (*owner, f"http://127.0.0.1:{port}/well/{index}")
                for index, owner in enumerate(pushes.customers(ENDPOINTS))
            ]
            pushes.fed(owners, RATE, WARM_UP_SECONDS, FEEDERS, log)
            took = pushes.fed(owners, RATE, seconds, FEEDERS, log, name=FEEDERS)
    # A machine that cannot commit so many a second measures something else.
    share = len(took) / (RATE * seconds)
    return [
        Result(
            name="push latency",
            figure=f"p99 {pushes.p99(took):.0f} ms, p50 {1000 * median(took):.0f} ms",
            reference=f"open loop, {RATE:,}/s, {share:.0%} committed in time",
            ratio="-",
            budget=f"{BUDGET_MS:.0f} ms",
            met=pushes.p99(took) <= BUDGET_MS and share >= LEAST_SHARE,
        )
    ]

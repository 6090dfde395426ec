"""What dead servers cost living ones: 10 of 50 endpoints take requests and never answer (docs/bench.md)."""

import tempfile
from pathlib import Path

from bench import pushes
from bench.result import Result

ENDPOINTS, HANGING, CALLS = 50, 10, 2_000
RATE, SECONDS, FEEDERS = 500, 10.0, 2
LEAST_RATE, MOST_P99 = 0.95, 2.0


def run(rows: int) -> list[Result]:
    """Return the rate of draining `rows` pushes and the latency of RATE a second, with and without dead servers."""
    owners = pushes.customers(ENDPOINTS)
    alone = [_rate(owners, rows, 0), _rate(owners, rows, HANGING), _rate(owners, rows, 0), _rate(owners, rows, HANGING)]
    without, beside = (alone[0] + alone[2]) / 2, (alone[1] + alone[3]) / 2
    calm, troubled = _p99(owners, 0, name=0), _p99(owners, HANGING, name=FEEDERS)
    return [
        Result(
            name="healthy endpoints while 10 of 50 hang",
            figure=f"{beside:,.0f} pushes/s to the healthy",
            reference=f"none hung {without:,.0f}/s",
            ratio=f"{beside / without:.0%}",
            budget=f"{LEAST_RATE:.0%}",
            met=beside / without >= LEAST_RATE,
        ),
        Result(
            name="healthy endpoints' latency then",
            figure=f"p99 {troubled:.0f} ms at {RATE}/s",
            reference=f"none hung {calm:.0f} ms",
            ratio=f"{troubled / calm:.2f}x",
            budget=f"{MOST_P99:.0f}x",
            met=troubled / calm <= MOST_P99,
        ),
    ]


def _urls(owners: list[tuple[int, int]], port: int, hanging: int) -> list[pushes.Owner]:
    """Return the customers; the first so many never answer, or are not there when none is to hang."""
    return [
        (*owner, f"http://127.0.0.1:{port}/{'hang' if index < hanging else 'well'}/{index}")
        for index, owner in enumerate(owners)
        if hanging or index >= HANGING
    ]


def _rate(owners: list[tuple[int, int]], rows: int, hanging: int) -> float:
    """Return pushes a second to the healthy, each of which has as many queued with and without the dead."""
    with pushes.receiving() as port:
        due = _urls(owners, port, hanging)
        well = [one for one in due if "/well/" in one[2]]
        pushes.backlog(well, rows, CALLS)
        if hanging:
            dead = [one for one in due if one not in well]
            pushes.backlog(dead, rows * hanging // len(well), CALLS)
        with pushes.dispatching():
            rate = pushes.drained(port, [url.partition(str(port))[2] for _, _, url in well], rows)
            pushes.wait_until_noted([url for _, _, url in well])
    pushes.forget()
    return rate


def _p99(owners: list[tuple[int, int]], hanging: int, *, name: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "came.jsonl"
        with pushes.receiving(log) as port, pushes.dispatching():
            due = _urls(owners, port, hanging)
            took = pushes.fed(due, RATE * len(due) / (ENDPOINTS - HANGING), SECONDS, FEEDERS, log, name)
    pushes.forget()
    return pushes.p99(took)

"""A backlog of pushes through one dispatcher, against a bare client in the same run (docs/bench.md)."""

from statistics import median

from bench import pushes
from bench.result import Result

ENDPOINTS, CALLS = 50, 2_000
REFERENCE_REQUESTS, ROUNDS = 20_000, 3
LEAST, BUDGET = 4_000, 0.45


def run(rows: int) -> list[Result]:
    """Return the line for backlogs of `rows` pushes in all: signed twice, in order, with caps, leases and the log."""
    owners = pushes.customers(ENDPOINTS)
    return [_result([_round(owners, rows // ROUNDS) for _ in range(ROUNDS)])]


def _round(owners: list[tuple[int, int]], rows: int) -> tuple[float, float]:
    """Return pushes a second of the bare client and of a dispatcher, to the same servers; 0 if some were not noted."""
    with pushes.receiving() as port:
        due = [(*owner, f"http://127.0.0.1:{port}/well/{index}") for index, owner in enumerate(owners)]
        pushes.backlog(due, rows, CALLS)
        bare = pushes.reference([f"{url}/bare" for _, _, url in due], REFERENCE_REQUESTS)
        with pushes.dispatching():
            drained = pushes.drained(port, [f"/well/{index}" for index in range(ENDPOINTS)], rows)
            noted = pushes.wait_until_noted([url for _, _, url in due])
        pushes.forget()
        return bare, drained * noted


def _result(rounds: list[tuple[float, float]]) -> Result:
    bare, drained = (median(column) for column in zip(*rounds, strict=True))
    return Result(
        name="push drain",
        figure=f"{drained:,.0f} pushes/s",
        reference=f"bare aiohttp {bare:,.0f}/s",
        ratio=f"{drained / bare:.0%}",
        budget=f"{BUDGET:.0%} and {LEAST:,}/s",
        met=drained >= LEAST and drained / bare >= BUDGET,
    )

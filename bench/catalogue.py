"""The benchmarks there are: names, sizes, and the function each one's own process calls. Imports no Django."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bench:
    """One benchmark: `function` is "module:name", called with the rows; returns a Result for each of `names`."""

    key: str
    names: tuple[str, ...]
    function: str
    rows: int
    full_rows: int

    @property
    def database(self) -> str:
        """Return the name of its database, a copy of the empty one."""
        return f"maskline_bench_{self.key}"


BENCHES = (
    Bench("ingest", ("CDR ingest over HTTP", "CDR file import"), "bench.ingest:run", 100_000, 1_000_000),
    Bench("bind", ("bind over HTTP, signed", "bind with many bindings"), "bench.bind:run", 1_000_000, 1_000_000),
    Bench(
        "routing",
        ("call routing decision", "call routing at 300/s", "call routing with many bindings"),
        "bench.routing:run",
        1_000_000,
        1_000_000,
    ),
    Bench("drain", ("push drain",), "bench.push_drain:run", 60_000, 60_000),
    Bench("latency", ("push latency",), "bench.push_latency:run", 15_000, 15_000),
    Bench(
        "isolation",
        ("healthy endpoints while 10 of 50 hang", "healthy endpoints' latency then"),
        "bench.push_isolation:run",
        20_000,
        20_000,
    ),
    Bench("beside", ("fresh pushes beside a long queue",), "bench.push_beside:run", 200_000, 1_000_000),
    Bench("replay", ("fresh pushes beside a replay",), "bench.push_replay:run", 10_000, 100_000),
    Bench("settlement", ("settlement",), "bench.money:settlement", 1_000_000, 1_000_000),
    Bench("growth", ("10x the history",), "bench.money:growth", 1_000_000, 10_000_000),
    Bench("detail", ("detail report",), "bench.money:detail_report", 1_000_000, 1_000_000),
    Bench("history", ("console history page", "console search by number"), "bench.history:run", 1_000_000, 10_000_000),
)


def chosen(names: list[str]) -> list[Bench]:
    """Return the benchmarks that print a line of one of these names (or begin so); all without names.

    Raises KeyError with a name that none has.
    """
    wanted = []
    for name in names:
        found = [bench for bench in BENCHES if any(line.lower().startswith(name.lower()) for line in bench.names)]
        if not found:
            raise KeyError(name)
        wanted += found
    return [bench for bench in BENCHES if not names or bench in wanted]

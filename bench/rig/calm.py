"""What is done to a run in which nothing is killed: dispatchers are asked to end, Redis is away, Redis is empty."""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.rig import customer, journal, redis
from bench.rig.criteria import Criterion
from bench.rig.records import Customer
from bench.rig.stage import DISPATCHERS, Stage, wait_until

BETWEEN_SECONDS = 3.0
# The most for each look at the rate; what Redis is away for are minutes, in a long run.
MOST_USUAL, MOST_AWAY, MOST_HUNG = 30.0, 180.0, 60.0
BEGINS_SECONDS = 2.0
STOPS_SECONDS = 2.0
LEAST_RATE = 0.8
# Jobs are looked after each minute.
REMADE_SECONDS = 90.0
REPLAYS = "/api/v1/pushes/replay"
# A worker that waits for a message waits for so long at a time.
BLOCKS_SECONDS = 2.0


@dataclass(frozen=True)
class Window:
    """From when until when, by the monotonic clock."""

    start: float
    end: float

    def rate(self, arrivals: Sequence[float]) -> float:
        """Return how many arrived in it, a second."""
        return sum(self.start <= at < self.end for at in arrivals) / (self.end - self.start)


def dispatchers_end_when_asked(
    stage: Stage, seconds: float, records_a_second: float, customers: int
) -> list[Criterion]:
    """SIGTERM in the middle of load, one dispatcher after the other; what is sent twice by it, the checker sees."""
    switch = stage.generate(customers=customers, seconds=seconds, records_a_second=records_a_second)
    until = time.monotonic() + seconds
    worst, ends = 0.0, 0
    while time.monotonic() < until:
        time.sleep(BETWEEN_SECONDS)
        name = DISPATCHERS[ends % len(DISPATCHERS)]
        took = stage.end_dispatcher(name)
        stage.dispatch(name)
        worst, ends = max(worst, took), ends + 1
    switch.wait()
    return [Criterion.of_seconds(f"SIGTERM to the end of a dispatcher, worst of {ends}", worst, most=STOPS_SECONDS)]


def pushes_go_on_without_redis(stage: Stage, seconds: float, customers: int) -> list[Criterion]:
    """The switch tells as fast as it can; Redis is there, refuses, is there, hangs, is there."""
    usual, away, hung = min(MOST_USUAL, seconds / 8), min(MOST_AWAY, seconds / 2), min(MOST_HUNG, seconds / 8)
    switch = stage.generate(customers=customers, seconds=3 * (usual + BEGINS_SECONDS) + away + hung)
    before = _watch(usual)
    redis.take_away(stage.layout)
    refused = _watch(away)
    redis.bring_back(stage.layout)
    between = _watch(usual)
    redis.hang(stage.layout)
    hanging = _watch(hung)
    redis.bring_back(stage.layout)
    after = _watch(usual)
    switch.wait()
    arrivals = [float(line["came"]) for line in journal.read(stage.log("received")) if line["told"] == 200]

    def share(name: str, without: Window, *beside: Window) -> Criterion:
        """Compare with what was just before and after it: what else the machine does changes in minutes."""
        usually = sum(window.rate(arrivals) for window in beside) / len(beside)
        return Criterion.of_share(f"pushes a second, Redis {name}", without.rate(arrivals), usually, least=LEAST_RATE)

    return [
        share(f"stopped for {away:.0f} s", refused, before, between),
        share(f"hung for {hung:.0f} s", hanging, between, after),
    ]


def jobs_are_made_again(stage: Stage) -> list[Criterion]:
    """A customer has a push sent again; the job of it is lost with everything in Redis, and made again."""
    stage.work()
    first, second, *_ = (line["id"] for line in customer.Reader(stage.web_port, Customer(0)).read())
    usual = _replay(stage, first)
    stage.worker.send_signal(signal.SIGSTOP)
    time.sleep(BLOCKS_SECONDS)
    _order(stage, second)
    redis.flush(stage.layout)
    stage.worker.send_signal(signal.SIGCONT)
    remade = _arrives_again(stage, second)
    return [
        Criterion.of_seconds("a job: a push ordered again arrives after", usual, most=REMADE_SECONDS),
        Criterion.of_seconds("a job lost by FLUSHALL is made again after", remade, most=REMADE_SECONDS),
    ]


def _watch(seconds: float) -> Window:
    time.sleep(BEGINS_SECONDS)
    start = time.monotonic()
    time.sleep(seconds)
    return Window(start, time.monotonic())


def _replay(stage: Stage, id: str) -> float | None:
    _order(stage, id)
    return _arrives_again(stage, id)


def _order(stage: Stage, id: str) -> None:
    customer.ask(stage.web_port, Customer(0), "POST", REPLAYS, {"push": id, "reason": "lost"})


def _arrives_again(stage: Stage, id: str) -> float | None:
    """Return after how many seconds a push came as a replay; None when it does not."""
    began = time.monotonic()

    def came() -> bool:
        return any(line["replay"] and line["id"] == id for line in journal.read(stage.log("received")))

    return time.monotonic() - began if wait_until(came, 2 * REMADE_SECONDS) else None

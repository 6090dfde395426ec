"""A whole run: records are told, pushes arrive at servers that fail, processes are killed; then all is joined."""

import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psycopg

from bench.rig import checker, journal
from bench.rig.checker import Verdict
from bench.rig.monkey import Monkey
from bench.rig.stage import Stage, wait_until
from config.services.layout import Layout

# Under way in one dispatcher, and as many again that are answered and not noted yet.
PER_PROCESS = 2 * 64
Step = Callable[[Stage, Monkey], None]


@dataclass(frozen=True)
class Plan:
    """How long records are told and things are killed, how many a second, to how many endpoints, how bad these are."""

    seconds: float
    seed: int = 1
    records_a_second: float = 100.0
    endpoints: int = 40
    errors: float = 0.2
    silences: float = 0.05
    settle_seconds: float = 120.0
    # Seconds between two kills; 0: the steps alone.
    between_kills: tuple[float, float] = (2.0, 7.0)
    # (second, what is done to the run), beside chance.
    steps: tuple[tuple[float, Step], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What came of a run: the verdict, what was killed, what is wrong."""

    verdict: Verdict
    kills: list[str]
    faults: list[str]

    def __str__(self) -> str:
        text = f"{self.verdict}; killed: {', '.join(self.kills) or 'nothing'}"
        return "\n".join([text, *(f"WRONG: {fault}" for fault in self.faults)])


def layout(home: Path) -> Layout:
    """Return where the servers of a run keep their files."""
    return Layout(home, "run")


def run(home: Path, plan: Plan, *, schema: str = "") -> Outcome:
    """Play it in a data directory of its own; the database must be new. Its tables are migrated, or given as SQL."""
    with Stage(home, plan.seed) as stage:
        port = stage.receive(errors=plan.errors, silences=plan.silences)
        stage.prepare([f"http://127.0.0.1:{port}/faulty/{index}" for index in range(plan.endpoints)], schema)
        stage.serve()
        for name in ("first", "second"):
            stage.dispatch(name)
        switch = stage.generate(customers=plan.endpoints, seconds=plan.seconds, records_a_second=plan.records_a_second)
        monkey = Monkey(stage)
        _trouble(stage, monkey, plan)
        _settle(stage, lambda: switch.poll() is not None, plan)
        verdict = checker.check(
            journal.read(stage.log("told")), journal.read(stage.log("received")), journal.read(stage.outbox())
        )
        faults = verdict.faults(most_duplicates=monkey.most_duplicates(PER_PROCESS))
        if switch.poll() is None:
            faults.append("the switch could not tell everything")
        faults += [f"{verdict.pending} still pending"] * bool(verdict.pending)
        faults += [f"{verdict.dead} dead"] * bool(verdict.dead)
        return Outcome(verdict, [kill.victim for kill in monkey.kills], faults)


def _trouble(stage: Stage, monkey: Monkey, plan: Plan) -> None:
    """Kill while records are told; revive what was killed; move the clock on for what waits for its schedule."""
    random = Random(plan.seed)
    began = time.monotonic()
    next_kill = began + random.uniform(*plan.between_kills)
    steps = list(plan.steps)
    while (now := time.monotonic()) < began + plan.seconds:
        if plan.between_kills[1] and now >= next_kill:
            next_kill = now + random.uniform(*plan.between_kills)
            monkey.kill()
        while steps and now >= began + steps[0][0]:
            steps.pop(0)[1](stage, monkey)
        stage.revive()
        _move_clock(stage)
        time.sleep(0.5)
    for _, step in steps:
        step(stage, monkey)


def _settle(stage: Stage, told: Callable[[], bool], plan: Plan) -> None:
    """No more faults: wait until everything was told and nothing is pending."""

    def done() -> bool:
        stage.revive()
        _move_clock(stage)
        return told() and stage.pending() == 0

    wait_until(done, plan.settle_seconds)


def _move_clock(stage: Stage) -> None:
    with suppress(psycopg.OperationalError):
        stage.move_clock()


def main(home: Path, seconds: float) -> int:
    """Soak for so long in an empty data directory and print what came of it; 1 when something is wrong."""
    shutil.rmtree(home, ignore_errors=True)
    seed = int(time.time()) % 1_000_000
    print(f"bin/bench --soak: seed {seed}, {seconds:.0f} s", file=sys.stderr)
    outcome = run(home, Plan(seconds=seconds, seed=seed, settle_seconds=600.0))
    print(outcome)
    return 1 if outcome.faults else 0

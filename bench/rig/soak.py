"""A whole run: records are told, pushes arrive at servers that fail, processes are killed; then all is joined."""

import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psycopg

from bench import web
from bench.rig import calm, checker, criteria, customer, journal, receiver, redis
from bench.rig.checker import Verdict
from bench.rig.criteria import Criterion
from bench.rig.monkey import FORGETFUL, Monkey
from bench.rig.stage import DISPATCHERS, Stage, Tables, wait_until
from config.services.layout import Layout

# Under way in one dispatcher, slow and quick ones; a kill of the database is felt by both dispatchers.
AT_ONCE = 2 * 64
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
    # How many customers follow their lists all the time.
    followers: int = 5
    # How long, after the kills, dispatchers are asked to end, and Redis is away; then whether a job is lost.
    ending_seconds: float = 0.0
    redis_seconds: float = 0.0
    jobs: bool = False
    web_workers: int = web.WORKERS
    # How many pushes may come twice after one kill.
    most_twice: int = len(DISPATCHERS) * AT_ONCE


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    verdict: Verdict
    kills: list[str]
    criteria: list[Criterion] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Return what is wrong, a line each."""
        return criteria.unmet(self.criteria)

    def __str__(self) -> str:
        killed = ", ".join(f"{victim} {count}" for victim, count in Counter(self.kills).most_common())
        return f"{self.verdict}\nkilled: {killed or 'nothing'}\n\n{criteria.table(self.criteria)}"


def layout(home: Path) -> Layout:
    """Return where the servers of a run keep their files."""
    return Layout(home, "run")


def run(
    home: Path, plan: Plan, *, tables: Tables | None = None, environment: Mapping[str, str] | None = None
) -> Outcome:
    """Play it in a data directory of its own; the database must be new. Its tables are migrated, or given as SQL."""
    with Stage(home, plan.seed, environment or {}) as stage:
        port = stage.receive(errors=plan.errors, silences=plan.silences)
        stage.prepare([f"http://127.0.0.1:{port}/faulty/{index}" for index in range(plan.endpoints)], tables)
        stage.serve(plan.web_workers)
        monkey = Monkey(stage)
        found = _with_kills(stage, monkey, plan, port) + _without_kills(stage, monkey, plan, port)
        verdict = checker.check(
            stage.told(),
            journal.read(stage.log("received")),
            customer.everything(stage.web_port, plan.endpoints),
            monkey.excuses(),
        )
        found.append(Criterion.of_count("noted twice", stage.noted_twice(), most=0))
        judged = verdict.criteria(most_at_a_kill=plan.most_twice)
        return Outcome(verdict, [kill.victim for kill in monkey.kills], [*judged, *found])


def _with_kills(stage: Stage, monkey: Monkey, plan: Plan, port: int) -> list[Criterion]:
    """Tell records to servers that fail, and kill; then let all be well, and see whether everything arrives."""
    switch = stage.generate(customers=plan.endpoints, seconds=plan.seconds, records_a_second=plan.records_a_second)
    follower = customer.Follower(stage.web_port, plan.followers)
    follower.start()
    wait_until(lambda: stage.holders() == len(DISPATCHERS) and receiver.seen(port)["requests"] > 0, 60)
    _trouble(stage, monkey, plan)
    monkey.wake(all_of_them=True)
    receiver.seen(port, "/_heal")
    stopped = time.monotonic()
    settled = _settle(stage, lambda: switch.poll() is not None, plan.settle_seconds)
    took = time.monotonic() - stopped if settled else None
    return [
        Criterion.of_seconds("everything told and nothing pending after", took, most=plan.settle_seconds),
        *_followed(stage, follower),
        *([_arrived_without_redis(stage, monkey)] if monkey.redis_gone_at else []),
    ]


def _without_kills(stage: Stage, monkey: Monkey, plan: Plan, port: int) -> list[Criterion]:
    found: list[Criterion] = []
    if plan.ending_seconds:
        time.sleep(max(0.0, max(FORGETFUL.values()) - monkey.seconds_since_the_last()))
        rate = plan.records_a_second
        receiver.seen(port, "/_fail")
        found += calm.dispatchers_end_when_asked(stage, plan.ending_seconds, rate, plan.endpoints)
        receiver.seen(port, "/_heal")
        _settle(stage, lambda: True, plan.settle_seconds)
    if plan.redis_seconds:
        found += calm.pushes_go_on_without_redis(stage, plan.redis_seconds, plan.endpoints)
    if plan.jobs:
        found += calm.jobs_are_made_again(stage)
    _settle(stage, lambda: True, plan.settle_seconds)
    return found


def _trouble(stage: Stage, monkey: Monkey, plan: Plan) -> None:
    """Kill while records are told; revive what was killed; move the clock on for what waits for its schedule."""
    random = Random(plan.seed)
    began = time.monotonic()
    next_kill = began + random.uniform(*plan.between_kills)
    steps = list(plan.steps)
    while (now := time.monotonic()) < began + plan.seconds or steps:
        if plan.between_kills[1] and now >= next_kill:
            next_kill = now + random.uniform(*plan.between_kills)
            monkey.by_chance()
        while steps and now >= began + steps[0][0]:
            steps.pop(0)[1](stage, monkey)
        monkey.wake()
        stage.revive()
        _move_clock(stage)
        time.sleep(0.5)


def _settle(stage: Stage, told: Callable[[], bool], seconds: float) -> bool:
    """No more faults: wait until everything was told and nothing is pending; return whether that came about."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        stage.revive()
        _move_clock(stage)
        if wait_until(lambda: told() and stage.pending() == 0, 0.5):
            return True
    return False


def _followed(stage: Stage, follower: customer.Follower) -> list[Criterion]:
    """Hold what who follows the lists was given against what is in them now."""
    seen = follower.end()
    there = {line["id"] for line in customer.everything(stage.web_port, follower.customers)}
    return [
        Criterion.of_none("skipped by who follows the list", sorted(there - seen.keys())),
        Criterion.of_none("given twice to who follows the list", [id for id, times in seen.items() if times > 1]),
    ]


def _arrived_without_redis(stage: Stage, monkey: Monkey) -> Criterion:
    came = sum(
        line["told"] == 200 and line["came"] > monkey.redis_gone_at for line in journal.read(stage.log("received"))
    )
    return Criterion.of_count("pushes that arrived while Redis was away", came, least=1)


def _move_clock(stage: Stage) -> None:
    with suppress(psycopg.OperationalError):
        stage.move_clock()


def take_redis_away(stage: Stage, monkey: Monkey) -> None:
    """Lose everything in Redis, then Redis itself."""
    redis.flush(stage.layout)
    redis.take_away(stage.layout)
    monkey.redis_gone_at = time.monotonic()


def main(home: Path, seconds: float) -> int:
    """Soak for so long in an empty data directory and print what came of it; 1 when something is wrong."""
    shutil.rmtree(home, ignore_errors=True)
    seed = int(time.time()) % 1_000_000
    print(f"bin/bench --soak: seed {seed}, {seconds:.0f} s", file=sys.stderr)
    plan = Plan(
        seconds=0.6 * seconds,
        seed=seed,
        settle_seconds=600.0,
        ending_seconds=0.1 * seconds,
        redis_seconds=0.3 * seconds,
        jobs=True,
    )
    outcome = run(home, plan)
    print(outcome)
    return 1 if outcome.faults else 0

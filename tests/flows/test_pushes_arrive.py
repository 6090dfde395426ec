"""The rig for half a minute: servers that fail, processes that are killed, and every push where it should be."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from bench.rig import checker, soak
from bench.rig.monkey import Monkey
from bench.rig.soak import Plan
from bench.rig.stage import Stage
from config.services import postgres
from tests.startup.holders import end_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a data directory of its own, deep enough for no test's servers to be in reach of a kill."""
    top = Path(tempfile.mkdtemp(prefix="maskline-"))
    yield top / "var"
    end_all(soak.layout(top / "var"))
    shutil.rmtree(top, ignore_errors=True)


def schema() -> str:
    """Return the tests' tables as SQL, which is quicker than migrating anew."""
    parameters = connection.get_connection_params()
    command = [str(postgres.binaries() / "pg_dump"), "--no-owner", "-h", parameters["host"], "-U", parameters["user"]]
    done = subprocess.run([*command, parameters["dbname"]], env=postgres.environment(), check=True, capture_output=True)
    return done.stdout.decode()


def kill(victim: str) -> soak.Step:
    """Return a step that kills one of them."""
    return lambda stage, monkey: monkey.kill(victim)


def stop(stage: Stage, monkey: Monkey) -> None:
    monkey.stop("first")


def go_on(stage: Stage, monkey: Monkey) -> None:
    monkey.go_on("first")


@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="takes the tables from the embedded server")
def test_nothing_acknowledged_is_lost_when_anything_is_killed(home: Path) -> None:
    steps: tuple[tuple[float, soak.Step], ...]
    steps = ((1.0, kill("dispatcher")), (2.0, stop), (3.0, kill("web")), (4.5, kill("backend")), (6.0, kill("redis")))
    steps += ((7.0, kill("postmaster")), (12.2, go_on))
    plan = Plan(seconds=12, endpoints=20, silences=0.005, settle_seconds=90, between_kills=(0, 0), steps=steps)
    outcome = soak.run(home, plan, schema=schema())
    assert outcome.faults == [], outcome
    assert outcome.kills == ["dispatcher", "stopped", "web", "backend", "redis", "postmaster"]
    assert outcome.verdict.acknowledged > 100


def test_the_checker_sees_what_is_wrong() -> None:
    told = [{"sent": [["s", 0], ["s", 1], ["s", 2], ["t", 0]], "of": [0, 0, 0, 1]}]
    told += [{"acked": [["s", 0], ["s", 1], ["s", 2], ["t", 0]]}]
    fine = {"id": "a", "to": "/well/0", "key": ["s", 1], "sha": "x", "told": 200, "good": True}
    came = [fine, fine | {"key": ["s", 0], "id": "b"}, fine | {"key": ["s", 1], "sha": "y"}, fine | {"key": None}]
    came += [fine | {"key": ["t", 0], "id": "t", "good": False}]
    outbox = [{"key": ["s", 2], "state": "delivered"}]
    verdict = checker.check(told, came, outbox)
    assert verdict.lost == [("s", 2)] and verdict.invented == [("s", 2)]
    assert verdict.phantoms == ["a"] and verdict.bad_signatures == ["t"] and verdict.misplaced == [("t", 0)]
    assert verdict.inversions == ["s 0"] and verdict.hasty == ["s 1"]
    assert verdict.duplicates == 1 and verdict.changed == ["a"]
    assert len(verdict.faults(most_duplicates=0)) == 9

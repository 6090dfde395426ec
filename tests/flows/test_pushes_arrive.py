"""The rig for a quarter of a minute: servers that fail, processes killed, and every push where it should be."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from bench.rig import soak
from bench.rig.monkey import STOPPED, Monkey
from bench.rig.soak import Plan
from bench.rig.stage import Stage
from config.services import postgres
from tests.startup.holders import end_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a data directory of its own, deep enough for no test's servers to be in reach of a kill."""
    top = Path(tempfile.mkdtemp(prefix="maskline-"))
    yield top / "var"
    end_all(soak.layout(top / "var"))
    shutil.rmtree(top, ignore_errors=True)


def tables(file: Path) -> str:
    """Return the tests' tables with the rig's customers in them as SQL, which is quicker than migrating anew."""
    call_command("provision", file, verbosity=0)
    parameters = connection.get_connection_params()
    command = [str(postgres.binaries() / "pg_dump"), "--no-owner", "-h", parameters["host"], "-U", parameters["user"]]
    done = subprocess.run([*command, parameters["dbname"]], env=postgres.environment(), check=True, capture_output=True)
    return done.stdout.decode()


def kill(victim: str) -> soak.Step:
    """Return a step that kills one of them."""
    return lambda stage, monkey: monkey.insist(victim)


def kill_second(stage: Stage, monkey: Monkey) -> None:
    monkey.kill_dispatcher("second")


def stop_first(stage: Stage, monkey: Monkey) -> None:
    monkey.stop("first")


def first_goes_on(stage: Stage, monkey: Monkey) -> None:
    monkey.go_on("first")


# The first dispatcher is stopped for longer than its lease lasts; Redis is away from the seventh second to the end.
STEPS: tuple[tuple[float, soak.Step], ...] = (
    (0.0, kill("postmaster")),
    (0.5, kill_second),
    (1.5, stop_first),
    (2.0, kill("web")),
    (3.0, kill("redis")),
    (4.0, kill("backend")),
    (7.0, soak.take_redis_away),
    (11.8, first_goes_on),
)


@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="takes the tables from the embedded server")
def test_nothing_is_lost_whatever_is_killed_and_pushes_go_on_without_redis(home: Path, settings: Any) -> None:
    settings.MASKLINE = settings.MASKLINE | {"push_allow_private": ["1"]}
    plan = Plan(
        seconds=10, endpoints=20, silences=0.005, settle_seconds=240, between_kills=(0, 0), steps=STEPS, followers=1,
        web_workers=1, most_twice=64,
    )  # fmt: skip
    key = {"MASKLINE_DATA_KEY": str(settings.MASKLINE_DATA_KEY)}
    outcome = soak.run(home, plan, tables=tables, environment=key)
    assert outcome.faults == [], str(outcome)
    assert outcome.kills == ["postmaster", "dispatcher", STOPPED, "web", "redis", "backend"]
    assert outcome.verdict.acknowledged > 100

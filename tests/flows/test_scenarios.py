"""Every scenario of docs/examples/scenarios, played over HTTP: decisions, pushes, CDRs and charges are as expected."""

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from pytest_django import DjangoDbBlocker

from accounts.models import Upstream
from console.simulation.records import Json
from console.simulation.scenarios import comparison, expectations, performing, script
from tests.serving import ROOT, provisioned, serving

FOLDER = ROOT / "docs" / "examples" / "scenarios"
FILES = sorted(path for path in FOLDER.glob("*.json") if not path.name.endswith(script.EXPECTED))
SWITCH = {"upstreams": [{"code": "switch1", "key": "switch1", "secret": "correct-horse-battery-staple-000"}]}
SHORTEST: dict[str, Any] = {
    "MASKLINE_ASK_CALL_SECONDS": "1",
    "MASKLINE_ASK_SMS_SECONDS": "1",
    "MASKLINE_PUSH_ALLOW_PRIVATE": "1",
}
PATIENCE_SECONDS = 1.0

# django_db only says that the database is needed: what is in it is the module's, and seen by the server.
pytestmark = [pytest.mark.django_db, pytest.mark.slow]
T = TypeVar("T")


@pytest.fixture(scope="module")
def server(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Serve a switch."""
    file = tmp_path_factory.mktemp("scenarios") / "switch.json"
    file.write_text(json.dumps(SWITCH))
    with provisioned(django_db_blocker, file), serving(**SHORTEST) as url:
        yield url


@pytest.fixture
def play(server: str) -> Callable[[Path], Json]:
    """Give what plays a scenario."""

    def perform(path: Path) -> Json:
        upstream = Upstream.objects.get(code="switch1")
        return performing.perform(script.read(path), upstream, server, deadline=PATIENCE_SECONDS)

    return lambda path: apart(perform, path)


def apart(work: Callable[..., T], *arguments: object) -> T:
    """Return what a function returns, run outside the test's transaction: what it commits, the server has to see."""

    def run() -> T:
        try:
            return work(*arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def command(path: Path, server: str, *options: str) -> str:
    """Run `simulate --scenario`; return what it printed."""
    out = StringIO()
    call_command("simulate", "--scenario", str(path), "--url", server, *options, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_ends_as_is_expected(path: Path, play: Callable[[Path], Json]) -> None:
    expected = expectations.read(script.read(path).expectations)
    assert comparison.differences(expected, play(path)) == []


def test_the_command_writes_checks_and_tells_what_differs(server: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine.json"
    shutil.copy(FOLDER / "axb-refused.json", mine)
    with pytest.raises(CommandError, match="cannot be read: No such file or directory; --write writes"):
        apart(command, mine, server, "--check")
    assert "is written: read it before it counts" in apart(command, mine, server, "--write")
    assert apart(command, mine, server, "--check") == f"{mine}: as expected\n"
    stale = script.read(mine).expectations
    stale.write_text(stale.read_text().replace('"stateCode": 7503', '"stateCode": 8102'))
    with pytest.raises(CommandError) as told:
        apart(command, mine, server, "--check")
    assert str(told.value).splitlines() == [
        f"{mine}: 1 differences from what is expected",
        'pushes 4 (disconnect of "A calls X"): stateCode: expected 8102, came 7503',
    ]


def test_every_expectation_belongs_to_a_scenario() -> None:
    expected = {path.name.removesuffix(script.EXPECTED) for path in FOLDER.glob(f"*{script.EXPECTED}")}
    assert expected == {path.stem for path in FILES}

"""Every scenario of docs/examples/scenarios, played over HTTP: decisions, pushes, CDRs and charges are as expected."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from accounts.models import Upstream
from console.simulation.records import Json
from console.simulation.scenarios import comparison, expectations, performing, script
from tests.serving import ROOT, provisioned, serving

FOLDER = ROOT / "docs" / "examples" / "scenarios"
FILES = sorted(path for path in FOLDER.glob("*.json") if not path.name.endswith(script.EXPECTED))
SWITCH = {"upstreams": [{"code": "switch1", "key": "switch1", "secret": "correct-horse-battery-staple-000"}]}
SHORTEST = {"MASKLINE_ASK_CALL_SECONDS": "1", "MASKLINE_ASK_SMS_SECONDS": "1", "MASKLINE_PUSH_ALLOW_PRIVATE": "1"}
PATIENCE_SECONDS = 1.0

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def play(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Path], Json]]:
    """Serve a switch; give what plays a scenario there. What is made is committed: the server has to see it."""
    file = tmp_path_factory.mktemp("scenarios") / "switch.json"
    file.write_text(json.dumps(SWITCH))
    with provisioned(django_db_blocker, file), serving(**SHORTEST) as url:

        def perform(path: Path) -> Json:
            with django_db_blocker.unblock():
                upstream = Upstream.objects.get()
                return performing.perform(script.read(path), upstream, url, deadline=PATIENCE_SECONDS)

        yield perform


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_ends_as_is_expected(path: Path, play: Callable[[Path], Json]) -> None:
    expected = expectations.read(script.read(path).expectations)
    assert comparison.differences(expected, play(path)) == []


# The mark has the tests' database made, also when this file runs alone; the others are in no transaction of a test's.
@pytest.mark.django_db
def test_every_expectation_belongs_to_a_scenario() -> None:
    expected = {path.name.removesuffix(script.EXPECTED) for path in FOLDER.glob(f"*{script.EXPECTED}")}
    assert expected == {path.stem for path in FILES}

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import OperationalError, connection

from common import faults
from common.errors import BadInput

PASSES = """
from common.faults import fault_point
for number in range(5):
    print(number, flush=True)
    fault_point("here")
"""


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MASKLINE_", "DATABASE"))}
    return subprocess.run(
        [sys.executable, "-c", PASSES], env={**inherited, **environment}, capture_output=True, text=True, timeout=30
    )


def test_the_process_is_killed_at_the_nth_pass_and_only_once(tmp_path: Path) -> None:
    log = tmp_path / "fired"
    wish = {"MASKLINE_FAULT": "here:3", "MASKLINE_TEST_BUILD": "1", "MASKLINE_FAULT_LOG": str(log)}
    first = run(**wish)
    assert (first.returncode, first.stdout.split()) == (-signal.SIGKILL, ["0", "1", "2"])
    assert log.read_text() == "here\n"
    assert run(**wish).returncode == 0


@pytest.mark.parametrize(
    "environment",
    [
        {"MASKLINE_FAULT": "here:1"},
        {"MASKLINE_FAULT": "there:1", "MASKLINE_TEST_BUILD": "1"},
        {"MASKLINE_FAULT": "here:1", "MASKLINE_TEST_BUILD": "1", "DATABASE_URL": "postgresql://x/y"},
    ],
)
def test_nothing_dies_elsewhere_or_outside_a_test_build(environment: dict[str, str]) -> None:
    assert run(**environment).returncode == 0


def test_the_database_session_can_be_ended_instead(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_armed", faults.Fault("here", 1, backend=True, log=None))
    with pytest.raises(OperationalError):
        faults.fault_point("here")
    connection.close()
    faults.fault_point("here")


@pytest.mark.parametrize("text", ["here", "here:0", "here:x", ":1", "here:1:child"])
def test_a_malformed_wish_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="MASKLINE_FAULT: malformed"):
        faults.read({"MASKLINE_FAULT": text})


def test_the_points_of_the_code_can_be_listed(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.py").write_text('fault_point("of_a_test")')
    (tmp_path / "b.py").write_text('fault_point("settle.claimed")\nfault_point(\n    "settle.posted"\n)')
    assert faults.named_in(tmp_path) == {"settle.claimed", "settle.posted"}


def test_a_fault_in_production_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKLINE_FAULT", "here:1")
    monkeypatch.delenv("MASKLINE_TEST_BUILD", raising=False)
    assert "maskline.E091" in [message.id for message in run_checks()]
    monkeypatch.setenv("MASKLINE_TEST_BUILD", "1")
    assert "maskline.E091" not in [message.id for message in run_checks()]
    monkeypatch.setenv("DATABASE_URL", "postgresql://x/y")
    assert "maskline.E091" in [message.id for message in run_checks()]


def test_an_unreadable_data_key_stops_the_start(settings: Any) -> None:
    settings.MASKLINE_DATA_KEY = "k1:AAAA"
    (found,) = [message for message in run_checks() if message.id == "maskline.E090"]
    assert "3 bytes instead of 64" in found.msg and found.hint

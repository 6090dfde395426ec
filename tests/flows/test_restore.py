"""A backup, restored into an empty folder: every record and cent is there, and `reconcile` finds nothing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from config.environment import CHECKOUT

MARCH = ["--from", "2026-03-01T00:00:00+08:00", "--to", "2026-04-01T00:00:00+08:00"]


def manage(home: Path, *words: str) -> str:
    """Run bin/manage on the servers under `home`; return what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MASKLINE_", "TEST_"))}
    done = subprocess.run(
        [CHECKOUT / "bin" / "manage", *words],
        env={**kept, "DATA_DIR": str(home)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_backup_restored_into_an_empty_folder_reconciles_and_gives_the_same_report(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    examples = CHECKOUT / "docs" / "examples"
    manage(first, "migrate", "--verbosity", "0")
    for name in ("prices-cny.json", "demo.json"):
        manage(first, "provision", str(examples / name))
    manage(first, "import_cdrs", str(examples / "cdrs.jsonl"))
    manage(first, "settle")
    (first / "recordings").mkdir(exist_ok=True)
    (first / "recordings" / "a.wav").write_bytes(b"RIFF")
    report = manage(first, "export_charges", *MARCH)
    assert report.count("\n") > 1
    manage(first, "backup", str(tmp_path / "backup"))
    assert not list((tmp_path / "backup").rglob("*key*"))

    second.mkdir()
    shutil.copytree(first / "keys", second / "keys")
    manage(second, "restore", str(tmp_path / "backup"))
    manage(second, "reconcile")
    assert manage(second, "export_charges", *MARCH) == report
    assert (second / "recordings" / "a.wav").read_bytes() == b"RIFF"

"""bin/_setup: which Python, and one clear line when there is none that will do."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.startup.holders import CHECKOUT, clean_environment


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout that holds nothing but what sets it up, and needs no package."""
    shutil.copytree(CHECKOUT / "bin", tmp_path / "bin")
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "manage.py").write_text("import sys; print('ran', *sys.argv[1:])")
    return tmp_path


def manage(checkout: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run bin/manage there."""
    command = [str(checkout / "bin" / "manage"), "x", "a b"]
    return subprocess.run(command, env=clean_environment(**environ), capture_output=True, text=True, timeout=120)


def program(path: Path, text: str) -> str:
    """Write an executable script and return its path."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.parametrize("answers", ["echo Python 3.9.2", "echo Python 2.7.18 >&2", "exit 1"])
def test_a_python_too_old_is_one_line(checkout: Path, answers: str) -> None:
    done = manage(checkout, PYTHON=program(checkout / "old-python", answers))
    assert done.returncode == 1
    assert done.stderr.startswith("bin/manage: Python 3.11 or newer is needed; ")
    assert len(done.stderr.splitlines()) == 1
    assert not (checkout / ".venv").exists()


def test_no_python_at_all_is_one_line(checkout: Path) -> None:
    done = manage(checkout, PYTHON="python-that-nobody-has")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "bin/manage: Python 3.11 or newer is needed, and there is no python-that-nobody-has; install it or set PYTHON"
    ]


def test_a_python_without_its_venv_module_is_one_line(checkout: Path) -> None:
    (checkout / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "real = util.find_spec\n"
        "util.find_spec = lambda name: None if name == 'ensurepip' else real(name)\n"
    )
    done = manage(checkout, PYTHON=sys.executable, PYTHONPATH=str(checkout))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "Python's venv module is missing; on Debian: apt install python3." in done.stderr


def test_a_requirement_that_cannot_be_had_is_one_line(checkout: Path) -> None:
    (checkout / "requirements.txt").write_text("./no-such-folder\n")
    done = manage(checkout, PYTHON=sys.executable)
    assert done.returncode == 1
    assert "pip could not install requirements.txt: ERROR" in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_two_first_set_ups_at_once_make_one_environment_and_the_next_run_is_silent(checkout: Path) -> None:
    command = [str(checkout / "bin" / "manage"), "x", "a b"]
    environ = clean_environment(PYTHON=sys.executable)
    both = [
        subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert [out for out, _ in said] == ["ran x a b\n"] * 2
    assert sum("making .venv" in err for _, err in said) == 1
    assert manage(checkout).stderr == ""


@pytest.mark.slow
def test_a_half_made_environment_is_made_again(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    os.symlink("/nonexistent/python", checkout / ".venv" / "bin" / "python")
    assert manage(checkout).stdout == "ran x a b\n"

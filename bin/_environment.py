"""Make .venv in the checkout and install a requirements file into it, only when something changed.

Called by bin/_setup as `python _environment.py ME FILE`. Two at once are harmless: the second waits on a lock that the
kernel takes back from a killed one. Standard library only.
"""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"


def main(me: str, requirements: str) -> int:
    """Bring the environment up to date; 1 after one clear line when that is not possible."""
    if is_current(requirements):
        return 0
    try:
        lock = os.open(CHECKOUT, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_current(requirements):
            make(me, requirements)
    except OSError as error:
        print(f"{me}: {VENV} cannot be made: {error.strerror} ({error.filename})", file=sys.stderr)
        return 1
    except Refused as error:
        print(f"{me}: {error}", file=sys.stderr)
        return 1
    return 0


class Refused(Exception):
    """Why there is no environment, in one line."""


def make(me: str, requirements: str) -> None:
    """Make the environment if there is none that runs, and install the file."""
    os.umask(0o022)  # PostgreSQL's binaries are run by another user when root starts them
    if not runs():
        if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise Refused(f"Python's venv module is missing; on Debian: apt install python{version}-venv")
        print(f"{me}: making .venv with Python {sys.version.split()[0]}", file=sys.stderr)
        run([sys.executable, "-m", "venv", "--clear", str(VENV)], "the virtual environment could not be made")
    print(f"{me}: installing {requirements} (once; about half a minute and the download)", file=sys.stderr)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    run([*pip, "-r", requirements], f"pip could not install {requirements}")
    for name in included(requirements):
        stamp(name).write_text(fingerprint(name))


def runs() -> bool:
    """Return whether .venv has a Python with pip that starts."""
    try:
        return subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def run(command: list[str], failure: str) -> None:
    """Run it quietly; Refused with its last line when it fails."""
    done = subprocess.run(command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        errors = [line for line in said if line.startswith("ERROR")] or said or ["no reason given"]
        raise Refused(f"{failure}: {errors[-1]}")


def is_current(requirements: str) -> bool:
    """Return whether what the file asks for was installed from this very text."""
    try:
        return PYTHON.exists() and stamp(requirements).read_text() == fingerprint(requirements)
    except OSError:
        return False


def stamp(requirements: str) -> Path:
    """Return the file that remembers the last installation."""
    return VENV / f".installed-{requirements}"


def fingerprint(requirements: str) -> str:
    """Return a hash over the file and those it includes."""
    texts = [(CHECKOUT / name).read_bytes() for name in included(requirements)]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def included(requirements: str) -> Iterator[str]:
    """Yield the file and, after it, each that it names with -r."""
    yield requirements
    for line in (CHECKOUT / requirements).read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            yield from included(line[3:].strip())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""Points at which a test build can be made to die.

`MASKLINE_FAULT=name:n` kills the process (SIGKILL) at the n-th time it passes the point of
that name; `name:n:backend` ends its database session instead. Both need
`MASKLINE_TEST_BUILD=1` and are refused in production (`common.checks`). A point fires once
per `MASKLINE_FAULT_LOG`, so that the process started in place of the dead one goes on.
"""

import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from common.errors import BadInput

_CALL = re.compile(r"\bfault_point\(\s*\"([a-z][a-z0-9_.]*)\"")


@dataclass
class Fault:
    """One armed fault: where, at which pass, how, and where it is noted."""

    name: str
    passes: int
    backend: bool
    log: Path | None
    seen: int = 0


def read(environment: Mapping[str, str]) -> Fault | None:
    """Return the fault the environment asks for, armed or not. Raises BadInput when malformed."""
    text = environment.get("MASKLINE_FAULT", "")
    if not text:
        return None
    name, _, rest = text.partition(":")
    passes, _, kind = rest.partition(":")
    if not (name and passes.isdecimal() and int(passes) and kind in ("", "backend")):
        raise BadInput("MASKLINE_FAULT", "malformed", "use name:n or name:n:backend, n from 1")
    log = environment.get("MASKLINE_FAULT_LOG")
    return Fault(name, int(passes), kind == "backend", Path(log) if log else None)


def allowed(environment: Mapping[str, str]) -> bool:
    """Return whether this is a test build: only there a fault may be armed."""
    return environment.get("MASKLINE_TEST_BUILD") == "1" and not environment.get("DATABASE_URL")


def named_in(folder: Path) -> set[str]:
    """Return the names of all fault points in the Python files below `folder`, tests apart."""
    files = (file for file in folder.rglob("*.py") if "tests" not in file.parts)
    return {name for file in files for name in _CALL.findall(file.read_text("utf-8"))}


_armed = read(os.environ) if allowed(os.environ) else None


def fault_point(name: str) -> None:
    """Die here if this point is armed and its turn has come; otherwise cost nothing."""
    if _armed is None or _armed.name != name:
        return
    _armed.seen += 1
    if _armed.seen == _armed.passes and not _fired_before(_armed):
        _note(_armed)
        _die(_armed)


def _fired_before(fault: Fault) -> bool:
    if fault.log is None or not fault.log.exists():
        return False
    return fault.name in fault.log.read_text("utf-8").splitlines()


def _note(fault: Fault) -> None:
    if fault.log is None:
        return
    with fault.log.open("a", encoding="utf-8") as file:
        file.write(f"{fault.name}\n")
        file.flush()
        os.fsync(file.fileno())


def _die(fault: Fault) -> None:
    if not fault.backend:
        os.kill(os.getpid(), signal.SIGKILL)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

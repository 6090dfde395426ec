"""pg_dump, pg_restore and psql: the embedded ones, or those on PATH where they suit the operator's server better."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.services import postgres
from config.services.layout import ServiceError

_TOOL_ENVIRONMENT = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


@dataclass(frozen=True)
class Toolbox:
    """PostgreSQL's client programs in one folder, and their major version."""

    folder: Path
    major: int

    def run(self, arguments: list[str], target: Mapping[str, str]) -> str:
        """Run one program against `target` (libpq's parameters) and return its output; ServiceError when it fails.

        The parameters go through the environment: a command line can be read by every user of the machine.
        """
        done = subprocess.run(
            [str(self.folder / arguments[0]), *arguments[1:]],
            env=tool_environment(target),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ServiceError(f"{arguments[0]}: {reason(done.stderr)}")
        return done.stdout


def reason(stderr: str) -> str:
    """Return the line that says what went wrong."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"error|fatal", line, re.IGNORECASE)] or lines
    return telling[0] if telling else "failed without a reason"


def tool_environment(target: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which the programs reach `target`."""
    return postgres.environment() | {_TOOL_ENVIRONMENT[k]: str(v) for k, v in target.items() if k in _TOOL_ENVIRONMENT}


def toolbox(at_least: int, *, embedded: bool) -> Toolbox:
    """Return client programs of major version `at_least` or newer.

    The embedded ones have no TLS, so for a server of the operator's own those on PATH come first.
    """
    boxes = [box for box in (_embedded(), _on_path()) if box is not None and box.major >= at_least]
    if not boxes:
        raise ServiceError(f"pg_dump {at_least} or newer is needed for this server; put it on PATH")
    return boxes[0] if embedded else boxes[-1]


def _embedded() -> Toolbox | None:
    try:
        return Toolbox(postgres.binaries(), int(postgres.MAJOR))
    except ServiceError:
        return None


def _on_path() -> Toolbox | None:
    program = shutil.which("pg_dump")
    if program is None:
        return None
    said = subprocess.run([program, "--version"], capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"})
    found = re.search(r"\s(\d+)", said.stdout)
    return Toolbox(Path(program).parent, int(found[1])) if found else None

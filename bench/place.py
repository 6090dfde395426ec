"""Where benchmarks run: a server of their own under $DATA_DIR/bench, and a database for each. Never the user's own."""

import base64
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config import services

TEMPLATE = "maskline_bench"
# Known to everybody: it seals nothing but what a benchmark made up.
DATA_KEY = "b1:" + base64.b64encode(bytes(range(64, 128))).decode()
SECRET_KEY = "benchmarks-only-" + "0123456789abcdef" * 4
# Tells a benchmark's process where the servers of all are.
HOME = "MASKLINE_BENCH_HOME"
OPERATORS = {"DATABASE_URL", "REDIS_URL", "DATABASE_REPLICA_URL", "EMAIL_URL", "HOST", "PORT", "DATA_DIR"}


@dataclass(frozen=True)
class Place:
    """The running servers and the folder of the benchmarks."""

    home: Path
    servers: services.Services

    def url(self, database: str) -> str:
        """Return the address of one database."""
        base, query = self.servers.database_url.split("?", 1)
        return f"{base.rsplit('/', 1)[0]}/{database}?{query}"

    def environment(self, database: str) -> dict[str, str]:
        """Return the environment of a process that works on `database`; nothing of the operator's own."""
        kept = {name: value for name, value in os.environ.items() if not is_the_operators(name)}
        return kept | {
            HOME: str(self.home),
            "DATA_DIR": str(self.home),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "MASKLINE_DATA_KEY": DATA_KEY,
            "MASKLINE_SECRET_KEY": SECRET_KEY,
            "MASKLINE_EMBEDDED_DATABASE_URL": self.url(database),
            "MASKLINE_EMBEDDED_REDIS_URL": self.servers.redis_url,
        }

    def databases(self) -> set[str]:
        """Return the names of the databases there are."""
        with self._admin() as connection:
            return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}

    def make_template(self) -> None:
        """Make the empty, migrated database that others are copied from."""
        self.drop(TEMPLATE)
        self._execute("CREATE DATABASE {}", TEMPLATE)
        self.migrate(TEMPLATE)

    def migrate(self, database: str) -> None:
        """Bring a database up to date."""
        command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0", "--skip-checks"]
        subprocess.run(command, env=self.environment(database), check=True)

    def copy(self, database: str) -> None:
        """Make `database` an empty one; what was there is gone."""
        self.drop(database)
        self._execute("CREATE DATABASE {} TEMPLATE {}", database, TEMPLATE)

    def call(self, function: str, rows: int, database: str) -> Any:
        """Return what "module:function" returns for `rows`, run in a process of its own on `database`."""
        with tempfile.TemporaryDirectory() as folder:
            told = Path(folder) / "told.json"
            command = [sys.executable, "-m", "bench.one", function, str(rows), str(told)]
            subprocess.run(command, env=self.environment(database), check=True)
            return json.loads(told.read_text(encoding="utf-8"))

    def drop(self, database: str) -> None:
        """Drop a database if it is there."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)

    def rename(self, old: str, new: str) -> None:
        """Rename a database: what is kept gets its name when it is complete."""
        self.drop(new)
        self._execute("ALTER DATABASE {} RENAME TO {}", old, new)

    def _execute(self, statement: str, *names: str) -> None:
        with self._admin() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _admin(self) -> psycopg.Connection[tuple[str]]:
        return psycopg.connect(self.servers.database_url, autocommit=True)


def open_place() -> Place:
    """Start the servers under $DATA_DIR/bench, with the settings of real use."""
    home = Path(os.environ.get(HOME) or services.data_dir(os.environ) / "bench")
    servers = services.use(home, "run")
    (home / "static").mkdir(exist_ok=True)  # whitenoise warns when it is missing
    return Place(home, servers)


def is_the_operators(name: str) -> bool:
    """Return whether a variable is of whoever runs the benchmarks, who is not to decide what they find."""
    return name in OPERATORS or name.startswith("MASKLINE_")

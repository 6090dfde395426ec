"""What the operator's environment says, read once, with every mistake kept for the system checks.

Reading never raises: a wrong value becomes a Problem (id, message, hint) and the documented default stands in,
so that `manage.py check` can name all mistakes at once instead of the first (config/checks.py turns them into errors).
Source of the names: docs/operations.md, "Environment".
"""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Problem:
    """One mistake in the environment: a check id, what is wrong, and the cure."""

    id: str
    message: str
    hint: str


@dataclass
class Reader:
    """Reads variables of one environment and collects the problems met."""

    environ: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        """Return the variable, blanks stripped, or the default when it is absent or empty."""
        return self.environ.get(name, "").strip() or default

    def secret(self, name: str) -> str:
        """Return the variable, or the contents of the file that NAME_FILE names."""
        path = self.text(f"{name}_FILE")
        if not path:
            return self.text(name)
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            self.problem("maskline.E002", f"{name}_FILE cannot be read: {error.strerror}", f"Make {path} readable.")
            return ""

    def whole(self, name: str, default: int, lowest: int, highest: int) -> int:
        """Return the variable as an integer inside the limits."""
        raw = self.text(name)
        if not raw:
            return default
        if raw.isascii() and raw.isdigit() and lowest <= int(raw) <= highest:
            return int(raw)
        self.problem("maskline.E003", f"{name} is {raw!r}", f"Give a whole number from {lowest} to {highest}.")
        return default

    def flag(self, name: str) -> bool:
        """Return True for 1, true, yes or on."""
        return self.text(name).lower() in {"1", "true", "yes", "on"}

    def words(self, name: str, default: str = "") -> list[str]:
        """Return a comma-separated list without empty items."""
        return [word for word in (part.strip() for part in self.text(name, default).split(",")) if word]

    def networks(self, name: str) -> list[str]:
        """Return a list of CIDRs; each that is none becomes a problem."""
        kept = []
        for word in self.words(name):
            try:
                kept.append(str(ipaddress.ip_network(word, strict=False)))
            except ValueError:
                self.problem(
                    "maskline.E004", f"{name} holds {word!r}", "Give addresses or networks such as 10.0.0.0/8."
                )
        return kept

    def problem(self, check_id: str, message: str, hint: str) -> None:
        """Keep one mistake for the system checks."""
        self.problems.append(Problem(check_id, message, hint))


def django_database(url: str, reader: Reader, name: str) -> dict[str, object]:
    """Return Django's settings of the PostgreSQL at `url` (postgresql://user:password@host:port/name?host=/socket/dir)."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        reader.problem(
            "maskline.E005", f"{name} is no PostgreSQL address", "Write postgresql://USER:PASSWORD@HOST:PORT/NAME."
        )
        return {"ENGINE": "django.db.backends.postgresql", "NAME": "maskline"}
    host = query.pop("host", "") or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or "maskline"),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": {"connect_timeout": "5", **query},
        # Persistent connections with a check before use: a pool makes the first requests after a restart wait 5 s.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }


def celery_redis(url: str) -> str:
    """Return Celery's spelling of a Redis address (unix:///path becomes redis+socket:///path)."""
    if not url.startswith("unix://"):
        return url
    parts = urlsplit(url)
    database = dict(parse_qsl(parts.query)).get("db", "0")
    return f"redis+socket://{parts.path}?virtual_host={database}"


def read() -> Reader:
    """Return a reader over this process's environment."""
    return Reader(os.environ)

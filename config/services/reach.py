"""Whether the servers the operator names can be reached; asked before anything else starts, answered in one line."""

import socket
from urllib.parse import unquote, urlsplit

import psycopg

from config.services.layout import ServiceError

OLDEST_POSTGRES = 15
TIMEOUT_SECONDS = 5


def postgres(url: str, name: str = "DATABASE_URL") -> None:
    """Connect once to the PostgreSQL at `url`; ServiceError without its password when that fails."""
    try:
        with psycopg.connect(url, connect_timeout=TIMEOUT_SECONDS) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        said = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise ServiceError(f"{name} cannot be reached: {said[0] if said else type(error).__name__}") from None
    if version < OLDEST_POSTGRES:
        raise ServiceError(f"{name} is PostgreSQL {version}; {OLDEST_POSTGRES} or newer is needed")


def redis(url: str, name: str = "REDIS_URL") -> None:
    """Open and close one connection to the Redis at `url`; ServiceError when that fails."""
    parts = urlsplit(url)
    try:
        if parts.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(TIMEOUT_SECONDS)
                line.connect(unquote(parts.path))
        elif parts.scheme in {"redis", "rediss"}:
            socket.create_connection((parts.hostname or "localhost", parts.port or 6379), TIMEOUT_SECONDS).close()
        else:
            raise ServiceError(f"{name} is no Redis address; write redis://HOST:PORT/0 or unix:///path")
    except (OSError, ValueError) as error:
        raise ServiceError(f"{name} cannot be reached: {getattr(error, 'strerror', None) or error}") from None

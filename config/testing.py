"""The environment of the tests: servers, keys, a Redis database per worker. config/pytest_plugin.py applies it.

The tests have a data directory of their own, `$DATA_DIR/test`, whose PostgreSQL is fast and unsafe. With
TEST_DATABASE_URL and TEST_REDIS_URL they run against those servers instead.
"""

import base64
from collections.abc import MutableMapping
from urllib.parse import urlsplit, urlunsplit

from config.environment import CHECKOUT
from config.services import Services, data_dir, reach, translations, use

# Known to everybody: it seals nothing but test data.
TEST_DATA_KEY = "t1:" + base64.b64encode(bytes(range(64))).decode()
TEST_SECRET_KEY = "tests-only-" + "0123456789abcdef" * 4


def prepare(environ: MutableMapping[str, str]) -> Services | None:
    """Write the tests' environment into `environ`; return the embedded servers where some are needed.

    ServiceError in one line when servers cannot be started or those named cannot be reached.
    """
    database, redis = (environ.get(name, "").strip() for name in ("TEST_DATABASE_URL", "TEST_REDIS_URL"))
    if database:
        reach.postgres(database, "TEST_DATABASE_URL")
    if redis:
        reach.redis(redis, "TEST_REDIS_URL")
    for name in [name for name in environ if _is_the_operators(name)]:
        del environ[name]
    translations.compile_stale(CHECKOUT / "locale")
    home = data_dir(environ) / "test"
    services = None if database and redis else use(home, "test")
    environ["DATA_DIR"] = str(home)
    environ["MASKLINE_TEST_BUILD"] = "1"
    environ["MASKLINE_DATA_KEY"] = TEST_DATA_KEY
    environ["MASKLINE_SECRET_KEY"] = TEST_SECRET_KEY
    environ["MASKLINE_EMBEDDED_DATABASE_URL"] = database or (services.database_url if services else "")
    environ["MASKLINE_EMBEDDED_REDIS_URL"] = redis or (services.redis_url if services else "")
    return services


def _is_the_operators(name: str) -> bool:
    """Return whether the variable would let the shell of whoever runs the tests decide their outcome."""
    return name in {"DATABASE_URL", "REDIS_URL", "DATABASE_REPLICA_URL", "EMAIL_URL", "HOST", "PORT"} or (
        name.startswith("MASKLINE_") and not name.startswith("MASKLINE_FAULT")
    )


def redis_of_worker(url: str, worker: str) -> str:
    """Return the address of the worker's own Redis database: gw0 -> 1, gw1 -> 2; without workers the one given."""
    if not worker.startswith("gw"):
        return url
    number = int(worker.removeprefix("gw")) % 15 + 1
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return urlunsplit(parts._replace(path=f"/{number}"))

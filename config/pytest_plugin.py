"""What pytest does before the settings are read (`-p config.pytest_plugin` in pyproject.toml)."""

import os
import sys

from config import testing
from config.services import ServiceError

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["MASKLINE_EMBEDDED_REDIS_URL"] = testing.redis_of_worker(
        os.environ["MASKLINE_EMBEDDED_REDIS_URL"], os.environ["PYTEST_XDIST_WORKER"]
    )
else:
    try:
        # Held until the process ends: it is what keeps the servers up.
        SERVICES = testing.prepare(os.environ)
    except ServiceError as problem:
        sys.exit(f"bin/test: {problem}")

"""schemathesis against the running server, over the OpenAPI file it serves: every phase, no 5xx, no answer that the
file does not describe.

    OPENAPI_EXAMPLES=200 bin/test tests/test_openapi.py -n0     # longer; 15 of each operation are usual
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.serving import DEMO, ROOT, provisioned, serving

EXAMPLES = os.environ.get("OPENAPI_EXAMPLES", "15")
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
PATIENCE_SECONDS = 300 if EXAMPLES == "15" else 3600

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(PATIENCE_SECONDS + 30)]


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Serve the demo's accounts, and lock nobody out: a signature is tried wrongly more often than people do."""
    with provisioned(django_db_blocker, DEMO), serving(MASKLINE_LOCKOUT_FAILURES="10000") as url:
        yield url


def test_every_answer_is_as_the_openapi_file_says(server: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server}/api/schema/"]
    command += ["--phases", "examples,coverage,fuzzing,stateful", "--mode", "all", "--max-examples", EXAMPLES]
    command += ["--checks", ",".join(CHECKS), "--generation-deterministic"]
    command += ["--suppress-health-check", "all", "--no-color", "--continue-on-failure", "--warnings", "off"]
    environ = os.environ | {"SCHEMATHESIS_HOOKS": "tests.signing_hooks", "PYTHONPATH": str(ROOT)}
    log = Path(os.environ["DATA_DIR"]) / "schemathesis.log"
    with log.open("wb") as said:
        done = subprocess.run(
            command, cwd=tmp_path, env=environ, stdout=said, stderr=subprocess.STDOUT, timeout=PATIENCE_SECONDS
        )
    assert done.returncode == 0, log.read_text()[-20_000:]

"""What docs/northbound.md and docs/examples/northbound show, run as customers run it, against the demo's accounts."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.serving import DEMO, ROOT, provisioned, serving

CLIENTS = ROOT / "docs" / "examples" / "northbound"
PAGE = ROOT / "docs" / "northbound.md"
PATIENCE_SECONDS = 120

# django_db only says that the database is needed: what is in it is the module's, and seen by the server.
pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Doors:
    """Where the server listens, and the certificate of its second door."""

    http: str
    https: str
    certificate: Path


@pytest.fixture(scope="module")
def doors(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Doors]:
    """Serve the demo's accounts, over http and https."""
    folder = tmp_path_factory.mktemp("doors")
    with provisioned(django_db_blocker, DEMO):
        with serving() as http, serving(folder) as https:
            yield Doors(http, https, folder / "tls" / "certificate.pem")


def run(command: list[str], **environ: str) -> str:
    """Run a client with nothing but these variables and PATH; return what it printed. It must end well."""
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | environ
    done = subprocess.run(
        command, cwd=CLIENTS, env=environ, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("mode", ["axb", "ax", "axe", "axyb"])
def test_the_client_of_each_mode_binds_queries_modifies_and_unbinds(mode: str, doors: Doors) -> None:
    said = run([sys.executable, f"{mode}.py"], MASKLINE_URL=doors.http)
    assert said.count('"resultcode":"0"') >= 5


def test_a_client_names_the_number_it_wants(doors: Doors) -> None:
    said = run([sys.executable, "axb.py"], MASKLINE_URL=doors.http, X_NUMBER="+8617100000002")
    assert '"relationNum":"+8617100000002"' in said


def test_in_x_mode_there_is_nothing_to_bind(doors: Doors) -> None:
    said = run([sys.executable, "x.py"], MASKLINE_URL=doors.http)
    assert '"1010040"' in said


@pytest.mark.parametrize("mode", ["axb", "ax"])
def test_a_python_client_speaks_https_and_checks_the_certificate(mode: str, doors: Doors) -> None:
    run([sys.executable, f"{mode}.py"], MASKLINE_URL=doors.https, SSL_CERT_FILE=str(doors.certificate))


def test_a_client_that_does_not_know_the_certificate_refuses_it(doors: Doors) -> None:
    with pytest.raises(AssertionError, match="CERTIFICATE_VERIFY_FAILED"):
        run([sys.executable, "axb.py"], MASKLINE_URL=doors.https)


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
@pytest.mark.parametrize("mode", ["axb", "ax", "axe", "axyb"])
def test_the_client_of_each_mode_in_node_speaks_http_and_https(mode: str, doors: Doors) -> None:
    run(["node", f"{mode}.js"], MASKLINE_URL=doors.http)
    run(["node", f"{mode}.js"], MASKLINE_URL=doors.https, NODE_EXTRA_CA_CERTS=str(doors.certificate))


@pytest.mark.skipif(shutil.which("java") is None, reason="there is no java")
def test_the_client_in_java_speaks_https(doors: Doors) -> None:
    try:
        run(["java", "Axb.java"], MASKLINE_URL=doors.https, CA_FILE=str(doors.certificate))
    except AssertionError as failure:
        if "compiler" in str(failure):  # a runtime without the compiler cannot start a source file
            pytest.skip("java cannot run a source file here")
        raise


@pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl", "openssl"))), reason="there is no curl or openssl")
def test_the_tour_in_curl_is_true(doors: Doors, tmp_path: Path) -> None:
    sections = ["Five minutes with curl", "AX", "AXE", "AXYB", "X"]
    script = tmp_path / "tour.sh"
    script.write_text("\n".join(["set -eu", *map(shown, sections)]))
    answers = [json.loads(line) for line in run(["bash", str(script)], MASKLINE_URL=doors.http).splitlines()]
    codes = [answer["resultcode"] for answer in answers]
    bound = 4 + 3 + 4  # what AX, AXE and AXYB print
    assert codes == ["0"] * 4 + ["1012007"] + ["0"] * bound + ["1012007", "1020152"], answers


def test_the_tour_in_python_is_true(doors: Doors, tmp_path: Path) -> None:
    script = tmp_path / "tour.py"
    script.write_text(shown("The same in Python"))
    said = run([sys.executable, str(script)], MASKLINE_URL=doors.http).splitlines()
    assert len(said) == 4 and all("'resultcode': '0'" in line for line in said), said


def shown(section: str) -> str:
    """Return the code that a section of the page shows, without the answers it shows."""
    text = re.split(rf"^#+ {section}$", PAGE.read_text(), flags=re.MULTILINE)[1]
    text = re.split(r"^#+ ", text, flags=re.MULTILINE)[0]
    blocks = re.findall(r"(?:^    .*\n|^\n)+", text, flags=re.MULTILINE)
    code = [textwrap.dedent(block).strip("\n") for block in blocks]
    return "\n".join(block for block in re.split(r"\n\n(?=\S)", "\n\n".join(code)) if not block.startswith("{")) + "\n"


def test_every_client_is_run_here() -> None:
    modes = ("ax", "axb", "axe", "axyb")
    run_here = {"x.py", "Axb.java", *(f"{mode}.{kind}" for mode in modes for kind in ("py", "js"))}
    assert {path.name for path in CLIENTS.iterdir()} == run_here

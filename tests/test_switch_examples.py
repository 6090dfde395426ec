"""What docs/switch-api.md and docs/examples/switch show, run as switches run it, against the demo's accounts."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from accounts.tests.cast import signed_headers
from config.openapi import switch as openapi
from privacy.control import judging
from privacy.models import BlacklistEntry, RiskRule
from privacy.routing import messages, rules
from tests.serving import DEMO, ROOT, provisioned, serving

EXAMPLES = ROOT / "docs" / "examples" / "switch"
PAGE = (ROOT / "docs" / "switch-api.md").read_text("utf-8")
KAMAILIO = (EXAMPLES / "kamailio.cfg").read_text("utf-8")
A, B, STRANGER, HOME = "+8613800010051", "+8613800010052", "+8613800010059", "+8613800010053"
X, XE = "+8617100000001", "+8617100000021"
AXB, AXE = "/rest/caas/relationnumber/partners/v1.0", "/rest/caas/extendnumber/v1.0"
PATIENCE_SECONDS = 60

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def bound(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[str, str]]:
    """Serve the demo's accounts with A and B bound on X, and an extension on XE; the address and the extension."""
    with provisioned(django_db_blocker, DEMO), serving() as url:
        signed = signed_headers("demoAppKey01", "demoAppSecret01")
        post(url + AXB, signed, {"relationNum": X, "callerNum": A, "calleeNum": B, "userData": "order-1"})
        signed = signed_headers("demoAppKey03", "demoAppSecret03")
        told = post(url + AXE, signed, {"virtualNum": XE, "bindNum": HOME})
        yield url, told["extendNum"]


def post(url: str, headers: dict[str, str], body: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, content, headers), timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)


def run(command: list[str], **environ: str) -> str:
    """Run a program with nothing but these variables and PATH; return what it printed. It must end well."""
    environ = {"PATH": os.environ["PATH"]} | environ
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def switch(url: str, *arguments: str) -> list[dict[str, Any]]:
    """Return what the example switch printed: its answers, in order."""
    said = run([sys.executable, str(EXAMPLES / "switch.py"), *arguments], MASKLINE_URL=url)
    return [json.loads(line) for line in said.splitlines()]


def test_the_example_switch_puts_a_party_through_and_reports_it(bound: tuple[str, str]) -> None:
    call, report, stops, taken = switch(bound[0], X, A)
    assert (call["decision"], call["callee"], call["display"], call["user_data"]) == ("connect", B, X, "order-1")
    assert (report["stored"], report["quarantined"]) == (1, 0)
    assert (stops["stops"], taken["taken"]) == ([], 0)


def test_the_example_switch_refuses_a_stranger_and_reports_it(bound: tuple[str, str]) -> None:
    call, report, *_ = switch(bound[0], "17100000001", STRANGER)
    assert (call["decision"], call["rule"], call["state_code"], call["x"]) == ("refuse", "no_binding", 8014, X)
    assert (report["stored"], report["quarantined"]) == (1, 0)


@pytest.mark.parametrize(("entered", "rule"), [("", "empty_extension"), (None, "extension_calls_a")])
def test_the_example_switch_collects_an_extension(bound: tuple[str, str], entered: str | None, rule: str) -> None:
    url, extension = bound
    first, call, report, *_ = switch(url, XE, STRANGER, extension if entered is None else entered)
    assert (first["decision"], first["digits"]) == ("collect", 4)
    assert (call["rule"], call["callee"]) == (rule, HOME if entered is None else "")
    assert (report["stored"], report["quarantined"]) == (1, 0)


@pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl", "openssl"))), reason="there is no curl or openssl")
def test_the_page_in_curl_is_true(bound: tuple[str, str], tmp_path: Path) -> None:
    blocks = [textwrap.dedent(block).strip("\n") for block in re.findall(r"(?:^    .*\n|^\n)+", PAGE, re.MULTILINE)]
    shown = re.split(r"\n\n(?=\S)", "\n\n".join(block for block in blocks if block))
    script = tmp_path / "tour.sh"
    script.write_text("\n".join(["set -eu", *(part for part in shown if not part.startswith("{"))]) + "\n")
    said = [json.loads(line) for line in run(["bash", str(script)], MASKLINE_URL=bound[0]).splitlines()]
    assert [answer["resultcode"] for answer in said] == ["0", "0", "0", "1012007"], said
    assert said[0] | {"state_description": "..."} == json.loads(
        next(part for part in shown if "no_binding" in part and part.startswith("{"))
    )


def test_the_signature_of_the_kamailio_script_is_accepted(bound: tuple[str, str]) -> None:
    variables = signed_by_the_script()
    headers = dict(line.split(": ", 1) for line in variables["headers"].split("\r\n"))
    assert set(headers) == {"Content-Type", "Authorization", "X-WSSE"}
    sent = dict(re.findall(r'jansson_set\("string", "(\w+)", "([^"]+)"', KAMAILIO))
    assert sent == {"session_id": "$ci", "x": "$rU", "caller": "$fU", "digits": "$hdr(X-Digits)"}
    path = re.search(r'http_client_query\("MASKLINE_URL(/[^"]+)"', KAMAILIO)
    assert path is not None
    answer = post(bound[0] + path[1], headers, {"session_id": "k-1", "x": X, "caller": B})
    assert (answer["decision"], answer["callee"]) == ("connect", A)
    read = set(re.findall(r'jansson_get\("(\w+)"', KAMAILIO))
    assert read <= set(answer)


def test_a_kamailio_script_with_another_secret_is_refused(bound: tuple[str, str]) -> None:
    variables = signed_by_the_script(secret="another-secret")
    headers = dict(line.split(": ", 1) for line in variables["headers"].split("\r\n"))
    with pytest.raises(urllib.error.HTTPError, match="401"):
        post(bound[0] + "/switch/v1/calls", headers, {"session_id": "k-2", "x": X, "caller": B})


def signed_by_the_script(secret: str = "") -> dict[str, str]:
    """Return the variables of the script's route that signs, carried out here as Kamailio does it."""
    defined = dict(re.findall(r'^#!substdef "!(\w+)!([^!]*)!g"$', KAMAILIO, re.MULTILINE))
    if secret:
        defined["MASKLINE_SECRET"] = secret
    route = re.search(r"^route\[MASKLINE_SIGN\] \{\n(.*?)^\}", KAMAILIO, re.MULTILINE | re.DOTALL)
    assert route is not None
    variables: dict[str, str] = {}
    for line in route[1].strip().splitlines():
        assigned = re.fullmatch(r"\s*\$var\((\w+)\) = (.+);", line)
        assert assigned is not None, line
        parts = re.findall(r'"(?:[^"\\]|\\.)*"|\$[^ ]+', assigned[2])
        variables[assigned[1]] = "".join(value(part, variables, defined) for part in parts)
    return variables


def value(part: str, variables: dict[str, str], defined: dict[str, str]) -> str:
    """Return what one operand of an assignment stands for."""
    if part.startswith('"'):
        text = part[1:-1].replace('\\"', '"').replace("\\r", "\r").replace("\\n", "\n")
        for name, meant in defined.items():
            text = text.replace(name, meant)
        return text
    if part == "$uuid(g)":
        return str(uuid.uuid4())
    if clock := re.fullmatch(r"\$utimef\((.+)\)", part):
        return time.strftime(clock[1], time.gmtime())
    if plain := re.fullmatch(r"\$var\((\w+)\)", part):
        return variables[plain[1]]
    changed = re.fullmatch(r"\$\(var\((\w+)\)\{([a-z0-9.]+)\}\)", part)
    assert changed is not None, part
    plain_bytes = variables[changed[1]].encode()
    return {
        "s.sha256": hashlib.sha256(plain_bytes).hexdigest(),
        "s.encode.base64": base64.b64encode(plain_bytes).decode(),
    }[changed[2]]


def test_every_rule_code_and_field_is_on_the_page() -> None:
    known = {**rules.RULES, **messages.RULES}
    known |= {f"blacklist_{side}": 7005 for side in BlacklistEntry.Side.values} | {judging.HOURS_RULE: 8050}
    known |= {f"frequency_{kind}": judging.CODES[kind] for kind in RiskRule.Kind.values if kind in judging.CODES}
    assert {name for name in known if f"`{name}`" not in PAGE} == set()
    assert {code for code in known.values() if not re.search(rf"\b{code}\b", PAGE)} == set()
    fields = {*openapi.CALL_ASKED["properties"], *openapi.CALL_DECISION, *openapi.MESSAGE_ASKED["properties"]}
    assert {name for name in fields | set(openapi.MESSAGE_DECISION) if not re.search(rf"\b{name}\b", PAGE)} == set()


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == {"switch.py", "kamailio.cfg"}

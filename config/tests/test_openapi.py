"""The OpenAPI file and its page: whole, true to the URLs, served offline and without an inline script."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.test import Client
from drf_spectacular.validation import validate_schema

from accounts import digests, headers
from config.openapi.document import document
from privacy.api.northbound import urls

NORTHBOUND = [
    (path, method.lower())
    for found in urls.urlpatterns
    if hasattr(found.callback, "cls")
    for path, method in ((str(found.pattern), method) for method in getattr(found.callback.cls, "operations", {}))
]
NORTHBOUND_PATHS = {path for path, _ in NORTHBOUND}
ASSETS = re.compile(r'(?:src|href)="([^"]+)"')


@pytest.fixture(scope="module")
def paths() -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"]
    return found


def test_the_file_is_openapi_3_1_as_json_and_as_yaml() -> None:
    answer = Client().get("/api/schema/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json; charset=utf-8")
    made = json.loads(answer.content)
    assert made["openapi"] == "3.1.1"
    for asked in (
        Client().get("/api/schema/?format=yaml"),
        Client(headers={"Accept": "application/yaml"}).get("/api/schema/"),
    ):
        assert yaml.safe_load(asked.content) == made


def test_every_operation_is_described_with_an_example_and_its_refusals(paths: dict[str, Any]) -> None:
    operations = {f"{method} {path}": found for path in paths for method, found in paths[path].items()}
    assert {name for name in operations if name.endswith(tuple(NORTHBOUND_PATHS))} == {
        f"{method} /{path}" for path, method in NORTHBOUND
    }
    # Beside these the upstream door, six operations of switches, three of test calls and four of pushes.
    assert len(operations) == len(NORTHBOUND) + 14 == 32
    for name, operation in operations.items():
        assert operation["summary"] and operation["tags"] and operation["security"] == [{"AKSK": []}, {"WSSE": []}], (
            name
        )
        assert {"400", "401", "403", "503"} <= set(operation["responses"]), name
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {"examples": True})
        assert body["examples"], name
        good = operation["responses"].get("200", {}).get("content", {}).get("application/json", {"example": True})
        assert good.get("example") or good["examples"], name


def test_the_upstream_door_is_described(paths: dict[str, Any]) -> None:
    assert set(paths["/upstream/v1/notifications"]["post"]["responses"]) == {"200", "400", "401", "403", "413", "503"}


def test_the_file_is_valid() -> None:
    validate_schema(document())


def test_every_reference_leads_somewhere() -> None:
    made = document()
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(made))):
        found: Any = made
        for step in reference.split("/"):
            found = found[step]
        assert found


def test_the_page_loads_only_files_of_this_server_and_no_inline_script() -> None:
    answer = Client().get("/api/docs/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "'unsafe-inline'" not in re.search(r"script-src [^;]*", answer["Content-Security-Policy"])[0]  # type: ignore[index]
    assert not re.search(r"<script(?![^>]*src=)", page) and not re.search(r"\son\w+=", page)
    for address in ASSETS.findall(page):
        assert address.startswith("/"), address
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address


# The page's own script in Node, with as much of a browser as it uses.
IN_NODE = """
const places = {"swagger-ui": {dataset: {schema: "/api/schema/"}}, "signer-key": {value: "someKey"},
    "signer-secret": {value: "someSecret"}, signer: {addEventListener() {}}, "signer-note": {dataset: {}}};
let made;
globalThis.window = globalThis;
globalThis.document = {getElementById: (id) => places[id]};
globalThis.SwaggerUIBundle = Object.assign((options) => { made = options; }, {presets: {apis: []}});
require("vm").runInThisContext(require("fs").readFileSync(process.argv[1], "utf8"));
made.requestInterceptor({headers: {}}).then((request) => console.log(JSON.stringify(request.headers)));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_the_page_signs_as_the_door_checks() -> None:
    script = finders.find("api/docs.js")
    assert isinstance(script, str)
    done = subprocess.run(["node", "-e", IN_NODE, script], capture_output=True, text=True, timeout=30, check=True)
    sent = headers.parse(json.loads(done.stdout))
    assert (sent.generation, sent.key) == ("AKSK", "someKey")
    assert digests.matches("AKSK", sent.digest, sent.nonce, sent.created, "someSecret")
    assert abs(sent.created_at - datetime.now(UTC)) < timedelta(minutes=1)

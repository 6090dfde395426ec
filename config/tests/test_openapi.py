"""The OpenAPI file and its page: whole, true to the URLs, served offline and without an inline script."""

import json
import re
from typing import Any

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.test import Client

from config.openapi.document import document

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


def test_the_upstream_door_is_described(paths: dict[str, Any]) -> None:
    assert set(paths["/upstream/v1/notifications"]["post"]["responses"]) == {"200", "400", "401", "403", "413", "503"}


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

"""The URLs of an application, where people and files write them: the address guard says no, where and why."""

import json
import threading
import time
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.forms import modelform_factory
from django.utils import translation

from accounts import provision_values
from accounts.admin.customers import CheckedForm
from accounts.models import Application
from accounts.provisioning import APPLICATION_URLS
from common import resolving
from common.errors import BadInput
from common.tests.spellings import FORBIDDEN

FORM = modelform_factory(Application, form=CheckedForm, fields=APPLICATION_URLS)


def test_none_of_three_hundred_forbidden_spellings_is_read() -> None:
    assert len(set(FORBIDDEN)) >= 300
    for url in FORBIDDEN:
        with pytest.raises(BadInput):
            provision_values.url(url)


@pytest.mark.parametrize("field", APPLICATION_URLS)
def test_the_form_names_the_field_and_the_cure(field: str) -> None:
    form = FORM({field: "http://10.0.0.1/x"})
    said = "This address leads into a private network: give an address that is reachable from the internet."
    assert form.errors == {field: [said]}
    assert FORM({field: "https://acme.example/x"}).is_valid()


def test_the_form_says_it_in_chinese_too() -> None:
    with translation.override("zh-hans"):
        (said,) = FORM({"cdr_url": "https://acme.example:6379/"}).errors["cdr_url"]
    assert str(said).startswith("该地址所用端口不是网站端口：")


@pytest.mark.django_db
@pytest.mark.parametrize("field", APPLICATION_URLS)
def test_provision_names_the_field_and_the_cure(field: str, tmp_path: Any) -> None:
    file = tmp_path / "file.json"
    application = {"account": "acme", "app_key": "acmeAppKey01", field: "http://localhost:9000/x"}
    file.write_text(json.dumps({"accounts": [{"code": "acme"}], "applications": [application]}))
    with pytest.raises(CommandError) as refused:
        call_command("provision", str(file))
    assert f"applications[0].{field}: leads to this machine; give an address" in str(refused.value)
    assert not Application.objects.exists()


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names and the addresses the network gives for them; others are unknown."""
    answers: dict[str, list[str]] = {}

    def look_up(host: str, port: int) -> list[Any]:
        if host not in answers:
            raise OSError("no such name")
        return [(2, 1, 6, "", (address, port)) for address in answers[host]]

    monkeypatch.setattr(resolving, "addresses", look_up)
    return answers


def test_a_name_that_leads_inside_is_refused_at_once(named: dict[str, list[str]]) -> None:
    named |= {"inside.acme.internal": ["93.184.216.34", "10.0.0.5"], "acme.internal": ["93.184.216.34"]}
    form = FORM({"cdr_url": "https://inside.acme.internal/x", "sms_url": "https://acme.internal/x"})
    said = "This address leads into a private network: give an address that is reachable from the internet."
    assert form.errors == {"cdr_url": [said]}
    # What nobody knows yet is judged at each sending.
    assert FORM({"cdr_url": "https://later.acme.internal/x"}).is_valid()


def test_name_servers_that_are_silent_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    silence = threading.Event()
    monkeypatch.setattr(resolving, "addresses", lambda *_: silence.wait(20) and [])
    began = time.monotonic()
    assert resolving.objections([f"https://silent{n}.acme.internal/" for n in range(100)], 0.1) == {}
    assert time.monotonic() - began < 10
    silence.set()


def test_names_that_cannot_be_known_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "addresses", lambda *_: pytest.fail("asked"))
    urls = ["https://acme.example/x", "https://hooks.acme.test/", "https://93.184.216.34/"]
    assert resolving.objections(urls) == {}


@pytest.mark.django_db
def test_provision_refuses_a_name_that_leads_inside(named: dict[str, list[str]], tmp_path: Any) -> None:
    named["inside.acme.internal"] = ["127.0.0.1"]
    file = tmp_path / "file.json"
    application = {"account": "acme", "app_key": "acmeAppKey01", "sms_url": "https://inside.acme.internal/x"}
    file.write_text(json.dumps({"accounts": [{"code": "acme"}], "applications": [application]}))
    with pytest.raises(CommandError) as refused:
        call_command("provision", str(file))
    assert "applications[0].sms_url: leads to this machine; give an address" in str(refused.value)
    assert not Application.objects.exists()


@pytest.mark.django_db
def test_what_is_let_through_by_hand_can_be_saved(settings: Any, tmp_path: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": ["127.0.0.1:9000"]}
    file = tmp_path / "file.json"
    application = {"account": "acme", "app_key": "acmeAppKey01", "cdr_url": "http://127.0.0.1:9000/x"}
    file.write_text(json.dumps({"accounts": [{"code": "acme"}], "applications": [application]}))
    call_command("provision", str(file), verbosity=0)
    assert Application.objects.get().cdr_url == "http://127.0.0.1:9000/x"

"""The URLs of an application, where people and files write them: the address guard says no, where and why."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.forms import modelform_factory
from django.utils import translation

from accounts import provision_values
from accounts.admin.customers import CheckedForm
from accounts.models import Application
from accounts.provisioning import APPLICATION_URLS
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


@pytest.mark.django_db
def test_what_is_let_through_by_hand_can_be_saved(settings: Any, tmp_path: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": ["127.0.0.1:9000"]}
    file = tmp_path / "file.json"
    application = {"account": "acme", "app_key": "acmeAppKey01", "cdr_url": "http://127.0.0.1:9000/x"}
    file.write_text(json.dumps({"accounts": [{"code": "acme"}], "applications": [application]}))
    call_command("provision", str(file), verbosity=0)
    assert Application.objects.get().cdr_url == "http://127.0.0.1:9000/x"

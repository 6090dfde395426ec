"""Who would it reach? The page and the command tell the rule, mask numbers and keep to the person's account."""

import html
import re
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from privacy.tests.binding_orders import A, B, C, bind, pool, unbind

pytestmark = pytest.mark.django_db
URL = "/who-would-it-reach/"


@pytest.fixture
def browser():
    client = Client()
    client.force_login(cast.staff("support"))
    return client


def looked_up(client, x, caller, **more):
    assert reverse("who_would_it_reach") == URL
    return client.post(URL, {"x": x, "caller": caller, **more})


def test_the_page_says_who_is_reached_and_shows_no_real_number(browser):
    bound = bind(pool("AXB"), terms={"max_minutes": 30})
    page = looked_up(browser, f" {bound.number.number} ", A.removeprefix("+86"))
    text = page.content.decode()
    assert page.status_code == 200
    assert "Put through to +86139****0001" in text and "30 minutes" in text
    assert str(bound.pk) in text
    assert B not in text and B.removeprefix("+86") not in text


def test_the_page_names_the_first_rule_that_stops_a_call_and_what_to_do(browser):
    bound = bind(pool("AXB"))
    text = looked_up(browser, bound.number.number, C).content.decode()
    assert "Refused" in text and "8014" in text and "no_binding" in text
    assert "Nothing is bound on X for this caller." in text


def test_the_past_is_told_as_it_was(browser):
    bound = bind(pool("AXB"))
    while_it_held = timezone.localtime(timezone=ZoneInfo("Asia/Shanghai"))
    unbind(bound)
    then = f"{while_it_held:%Y-%m-%dT%H:%M:%S.%f}"
    assert "Put through to" in looked_up(browser, bound.number.number, A, at=then).content.decode()
    now = looked_up(browser, bound.number.number, A).content.decode()
    assert "ended_binding" in now and str(bound.pk) in now


def test_bad_input_is_told_at_its_field_and_shown_again(browser):
    page = looked_up(browser, "", A, at="yesterday")
    assert page.status_code == 400
    assert set(page.context["form"].errors) == {"x", "at"}
    page = looked_up(browser, "1" * 40, A)
    assert page.status_code == 400 and "x" in page.context["form"].errors


def test_anothers_number_is_nobodys(acme, bolt):
    bound = bind(pool("AXB", account=bolt.account))
    client = Client()
    client.force_login(cast.staff("customer", acme.account))
    text = looked_up(client, bound.number.number, A).content.decode()
    assert "None of your applications held this number" in text
    assert "8014" not in text and str(bound.pk) not in text and "7108" not in text
    unknown = looked_up(client, "+8617199999999", A).content.decode()
    assert _without(text, bound.number.number) == _without(unknown, "+8617199999999")


def _without(text, x):
    """Return a page without its X and what differs each time."""
    return re.sub(r'(name="csrfmiddlewaretoken" value|nonce)="[^"]*"', "", text.replace(x, "X"))


@pytest.mark.parametrize("field, typed", [("x", "1" * 40), ("caller", "1" * 40), ("digits", "１２")])
def test_a_problem_is_told_in_the_persons_language(browser, field, typed):
    asked = {"x": "+8617100000001", "caller": A, field: typed}
    for language, is_chinese in (("en", False), ("zh-hans", True)):
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        page = browser.post(URL, asked)
        assert page.status_code == 400 and set(page.context["form"].errors) == {field}
        with translation.override(language):
            (problem,) = page.context["form"].errors[field]
        assert ("。" in problem) == is_chinese, problem
        assert problem in html.unescape(page.content.decode())


def test_the_command_says_the_same_in_lines():
    bound = bind(pool("AXB"))
    told = StringIO()
    call_command("who_would_it_reach", bound.number.number, A, stdout=told)
    assert "callee:       +86139****0001" in told.getvalue() and str(bound.pk) in told.getvalue()
    told = StringIO()
    call_command("who_would_it_reach", bound.number.number, C, at="2020-01-01T00:00:00Z", stdout=told)
    assert "rule:         unknown_number" in told.getvalue()
    with pytest.raises(CommandError, match="offset"):
        call_command("who_would_it_reach", bound.number.number, C, at="2020-01-01T00:00:00")

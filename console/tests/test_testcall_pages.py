"""The pages of test calls: who may play, what a form sent twice does, what is told when a URL is missing."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Application, AuditEntry
from billing import settlement
from billing.models import Balance, Charge, LedgerEntry, SettlementTotal, UnansweredCount
from console import reconciliation
from console.testcalls import words
from console.tests.scene import Scene
from notifications.models import Push
from privacy import testcalls
from privacy.models import Call, Message, Session, Usage
from privacy.testcalls import Wanted

URLS = {"call_status_url": "https://acme.example/status", "cdr_url": "https://acme.example/fee"}


@pytest.fixture
def application(scene: Scene) -> Application:
    """Acme's, with URLs."""
    Application.objects.filter(pk=scene.acme.application.pk).update(**URLS, sms_url="https://acme.example/sms")
    scene.acme.application.refresh_from_db()
    return scene.acme.application


def form(browser: Client, of: Application, **fields: str) -> dict[str, str]:
    """Return what a browser would send of the form on the page."""
    page = browser.get(reverse("test_calls")).content.decode()
    (key,) = re.findall(r'name="key" value="([0-9a-f]+)"', page)
    return {"application": of.app_key, "scenario": "busy", "key": key, **fields}


def test_a_customers_developer_plays_a_call_and_sees_its_pushes(
    scene: Scene, application: Application, signed_in: Callable[..., Client]
) -> None:
    browser = signed_in("customer", scene.acme.account)
    before = Push.objects.count()
    page = browser.post(reverse("play_test_call"), form(browser, application, caller="138 1234 5678"), follow=True)
    text = page.content.decode()
    assert testcalls.TEST_NUMBER in text and "13812345678" not in text
    assert "The callee is busy" in text and "https://acme.example/status" in text and "8102" in text
    assert Push.objects.count() == before + 4
    (entry,) = AuditEntry.objects.filter(action="test.play")
    assert (entry.username, entry.account) == ("customer", scene.acme.account)
    assert "The callee is busy" in browser.get(reverse("test_calls")).content.decode()


def test_a_form_sent_twice_plays_once(scene: Scene, application: Application, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("support")
    sent = form(browser, application)
    first, again = (browser.post(reverse("play_test_call"), sent).headers["Location"] for _ in range(2))
    assert first == again and AuditEntry.objects.filter(action="test.play").count() == 1


def test_the_page_says_which_url_to_set(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("support")
    answer = browser.post(reverse("play_test_call"), form(browser, scene.acme.application))
    assert answer.status_code == 400
    assert "Call-status URL is not set for acmeAppKey01" in answer.content.decode()


def test_the_page_says_that_number_status_is_switched_off(
    scene: Scene, application: Application, signed_in: Callable[..., Client]
) -> None:
    Application.objects.filter(pk=application.pk).update(push_number_status=False)
    browser = signed_in("support")
    sent = form(browser, application, scenario="number_status")
    said = "Pushes of number status are switched off for acmeAppKey01"
    answer = browser.post(reverse("play_test_call"), sent)
    assert answer.status_code == 400 and said in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"scenario": "x_mode"}, "Only applications of mode X are asked"),
        ({"caller": "hello"}, "This is no phone number that can be called."),
        ({"caller": "10086"}, "This is no phone number that can be called."),
        ({"application": "boltAppKey01"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_played_is_told_at_the_form(
    scene: Scene, application: Application, signed_in: Callable[..., Client], fields: dict[str, str], said: str
) -> None:
    browser = signed_in("customer", scene.acme.account)
    answer = browser.post(reverse("play_test_call"), form(browser, application, **fields))
    assert answer.status_code == 400 and said in answer.content.decode()


def test_another_accounts_test_is_as_absent_as_none(
    scene: Scene, application: Application, signed_in: Callable[..., Client]
) -> None:
    call = testcalls.play(application, Wanted("busy"), key="", asked_by="", now=timezone.now())
    browser = signed_in("customer", scene.bolt.account)
    assert browser.get(reverse("test_call", args=[call.pk])).status_code == 404
    assert call.session_id not in browser.get(reverse("test_calls")).content.decode()


def test_every_scenario_has_words() -> None:
    assert set(words.SCENARIOS) == set(testcalls.SCENARIOS)
    assert words.answer({"operation": "", "problem": "silent", "state_code": 8020})["outcome"].startswith("8020 · ")


def test_neither_money_nor_statistics_nor_the_proof_know_of_test_calls(
    scene: Scene, application: Application, signed_in: Callable[..., Client]
) -> None:
    books = (Charge, LedgerEntry, SettlementTotal, UnansweredCount, Call, Message, Session, Usage)
    browser = signed_in("operator")

    def state() -> Any:
        now = timezone.now()
        settlement.settle(until=now, now=now)
        checks = list(reconciliation.reconcile(None, None, now=now))
        rows = {model.__name__: model.objects.count() for model in books}
        balances = dict(Balance.objects.values_list("pk", "amount"))
        return rows, balances, [(check.name, check.differences) for check in checks]

    before, page = state(), _figures(browser)
    for scenario in ("answered", "busy", "sms", "number_status"):
        testcalls.play(application, Wanted(scenario), key="", asked_by="", now=timezone.now())
    assert (state(), _figures(browser)) == (before, page)


def _figures(browser: Client) -> dict[str, list[str]]:
    """Return every row of the lists of calls, SMS, numbers and charges, and the figures of applications."""
    pages = ("calls", "messages", "call_events", "numbers", "charges", "balances", "applications")
    texts = {name: browser.get(reverse(name)).content.decode() for name in pages}
    return {name: re.findall(r"<tr.*?</tr>", text, re.DOTALL) for name, text in texts.items()}

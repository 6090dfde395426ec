"""The keywords' pages: who sees and changes them, adding, ending, and trying a text."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy import keywords
from privacy.models import KeywordRule

SignIn = Callable[..., Client]
NEW = {"account": "acme", "kind": "forbidden", "words": "sale\n发票\n\n", "reason": "ticket 4711"}


def page(client: Client, name: str, **query: Any) -> str:
    answer = client.get(reverse(name), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_operator_adds_words_and_everybody_sees_them(signed_in: SignIn, acme: Company, corp: Company) -> None:
    operator = signed_in("operator")
    answer = operator.post(reverse("add_keywords"), NEW, follow=True)
    shown = answer.content.decode()
    assert "2 words hold from now on." in shown
    assert keywords.words(acme.account.pk) == ((), ("sale", "发票"))
    assert AuditEntry.objects.get(action="keywords.add").reason == "ticket 4711"
    assert "keywords added" in operator.get(reverse("admin:accounts_auditentry_changelist")).content.decode()
    for role, account in (("support", None), ("finance", None), ("auditor", None), ("customer", acme.account)):
        seen = page(signed_in(role, account), "keywords")
        assert "发票" in seen
        assert 'action="/keywords/add/"' not in seen and 'name="rule"' not in seen
    stranger = Client()
    stranger.force_login(cast.staff("customer", corp.account, username="stranger"))
    assert "发票" not in page(stranger, "keywords")


@pytest.mark.parametrize("role", ["support", "finance", "auditor", "customer"])
def test_others_add_and_end_nothing(signed_in: SignIn, acme: Company, role: str, operator: Any) -> None:
    [rule] = keywords.add(acme.account, "forbidden", ["sale"], reason="ticket 4711", user=operator)
    browser = signed_in(role, acme.account if role == "customer" else None)
    assert browser.post(reverse("add_keywords"), NEW).status_code == 403
    assert browser.post(reverse("end_keywords"), {"rule": rule.pk, "reason": "gone"}).status_code == 403
    assert keywords.words(acme.account.pk).forbidden == ("sale",)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"account": "nobody"}, "There is no account with this code."),
        ({"words": " "}, "This field is required."),
        ({"words": "sale\n13900000202"}, "looks like a phone number"),
        ({"reason": "x"}, "Give a reason."),
        ({"kind": "other"}, "is not one of the available choices"),
    ],
)
def test_what_is_wrong_stands_at_the_form_and_nothing_is_added(
    signed_in: SignIn, acme: Company, changed: dict[str, str], sentence: str
) -> None:
    answer = signed_in("operator").post(reverse("add_keywords"), {**NEW, **changed})
    assert (answer.status_code, sentence in answer.content.decode()) == (400, True)
    assert not KeywordRule.objects.exists()


def test_words_end_after_a_confirmation_with_a_reason(signed_in: SignIn, acme: Company, operator: Any) -> None:
    rules = keywords.add(acme.account, "forbidden", ["sale", "发票"], reason="ticket 4711", user=operator)
    browser = Client()
    browser.force_login(operator)
    ticked = {"rule": [rule.pk for rule in rules]}
    asked = page(browser, "end_keywords", **ticked)
    assert "2 words would end now" in asked and "发票" in asked
    assert len(keywords.words(acme.account.pk).forbidden) == 2
    refused = browser.post(reverse("end_keywords"), {**ticked, "reason": " "})
    assert (refused.status_code, "Give a reason." in refused.content.decode()) == (400, True)
    done = browser.post(reverse("end_keywords"), {**ticked, "reason": "no longer"}, follow=True).content.decode()
    assert "2 words ended." in done and "No keywords" in done
    again = browser.post(reverse("end_keywords"), {**ticked, "reason": "no longer"}, follow=True).content.decode()
    assert "ended meanwhile" in again
    assert "ticket 4711 / no longer" in page(browser, "keywords", state="ended")


@pytest.mark.parametrize("ticked", [{}, {"rule": "x"}, {"rule": "²"}, {"rule": "9" * 30}])
def test_nothing_ticked_ends_nothing(signed_in: SignIn, acme: Company, ticked: dict[str, str]) -> None:
    answer = signed_in("operator").get(reverse("end_keywords"), ticked, follow=True)
    assert "Tick the words that are to end." in answer.content.decode()


def test_the_list_is_limited_by_account_kind_word_and_instant(
    signed_in: SignIn, acme: Company, corp: Company, operator: Any
) -> None:
    keywords.add(acme.account, "forbidden", ["sale"], reason="ticket 4711", user=operator)
    keywords.add(corp.account, "required", ["corp"], reason="ticket 4711", user=operator)
    KeywordRule.objects.filter(word="sale").update(valid_from=timezone.now() - timedelta(days=2))
    browser = signed_in("support")

    def words(**query: str) -> set[str]:
        shown = page(browser, "keywords", **query)
        return {word for word in ("sale", "corp") if f'mk-strong">{word}<' in shown}

    assert words() == {"sale", "corp"}
    assert words(account="corp") == words(kind="required") == words(word="COR") == {"corp"}
    yesterday = timezone.localtime(timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert words(at=yesterday) == {"sale"}
    assert words(state="ended") == set()
    assert "could not be read" in page(browser, "keywords", at="yesterday")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("acme 发 票", "13"),
        ("hello", "12"),
        ("ACME hello", "No word stops this text."),
    ],
)
def test_a_text_is_tried_against_the_words(
    signed_in: SignIn, acme: Company, operator: Any, text: str, sentence: str
) -> None:
    keywords.add(acme.account, "forbidden", ["发票"], reason="ticket 4711", user=operator)
    keywords.add(acme.account, "required", ["acme"], reason="ticket 4711", user=operator)
    for browser, given in (
        (signed_in("support"), {"account": "acme"}),
        (signed_in("customer", acme.account), {}),
    ):
        answer = browser.post(reverse("try_keywords"), {"text": text, **given}).content.decode()
        notice = answer[answer.index('role="status"') :][:200]
        assert sentence in notice


def test_a_text_is_tried_as_of_an_instant_and_another_account_is_none(
    signed_in: SignIn, acme: Company, corp: Company, operator: Any
) -> None:
    keywords.add(acme.account, "forbidden", ["sale"], reason="ticket 4711", user=operator)
    browser = signed_in("support")
    given = {"text": "sale", "account": "acme", "at": "2026-03-01T10:00"}
    assert "No word stops this text." in browser.post(reverse("try_keywords"), given).content.decode()
    bad = browser.post(reverse("try_keywords"), {**given, "at": "soon"})
    assert (bad.status_code, "could not be read" in bad.content.decode()) == (400, True)
    # A bound person's account is his own, whatever he sends.
    theirs = signed_in("customer", corp.account).post(reverse("try_keywords"), {"text": "sale", "account": "acme"})
    assert "No word stops this text." in theirs.content.decode()

"""An account's words: added, ended, known as they held, never edited."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from common.errors import BadInput, Conflict
from privacy import keywords
from privacy.models import KeywordRule

FORBIDDEN, REQUIRED = KeywordRule.Kind.FORBIDDEN, KeywordRule.Kind.REQUIRED


def add(company: Company, *words: str, kind: str = FORBIDDEN, user: User, reason: str = "ticket 4711") -> Any:
    return keywords.add(company.account, kind, words, reason=reason, user=user)


def test_words_hold_from_the_instant_they_were_added_until_they_end(acme: Company, operator: User) -> None:
    before = timezone.now()
    add(acme, "sale", "发票", user=operator)
    [needed] = add(acme, "Acme", kind=REQUIRED, user=operator)
    between = timezone.now()
    assert keywords.words(acme.account.pk) == (("Acme",), ("sale", "发票"))
    assert keywords.end([needed], reason="no longer", user=operator) == [needed]
    assert keywords.words(acme.account.pk) == ((), ("sale", "发票"))
    assert keywords.words(acme.account.pk, between) == (("Acme",), ("sale", "发票"))
    assert keywords.words(acme.account.pk, before) == ((), ())
    needed.refresh_from_db()
    assert (needed.made_by, needed.ended_by, needed.reason) == ("operator", "operator", "ticket 4711 / no longer")


def test_another_account_has_its_own_words(acme: Company, corp: Company, operator: User) -> None:
    add(acme, "sale", user=operator)
    assert keywords.words(corp.account.pk) == ((), ())
    assert len(add(corp, "sale", user=operator)) == 1


def test_a_word_that_holds_in_another_spelling_is_not_added_again(acme: Company, operator: User) -> None:
    assert [rule.word for rule in add(acme, "Big  Sale", "ＢＩＧ sale", user=operator)] == ["ＢＩＧ sale"]
    assert add(acme, "big sale", user=operator) == []
    assert len(add(acme, "big sale", kind=REQUIRED, user=operator)) == 1
    assert AuditEntry.objects.filter(action="keywords.add").count() == 2


def test_a_word_may_hold_again_after_its_end(acme: Company, operator: User) -> None:
    keywords.end(add(acme, "sale", user=operator), reason="no longer", user=operator)
    assert len(add(acme, "sale", user=operator)) == 1
    assert KeywordRule.objects.count() == 2


def test_ending_twice_ends_once(acme: Company, operator: User) -> None:
    rules = add(acme, "sale", user=operator)
    assert keywords.end(rules, reason="no longer", user=operator) == rules
    assert keywords.end(rules, reason="again", user=operator) == []
    with pytest.raises(Conflict):
        keywords.find(KeywordRule.objects.all(), [rules[0].pk])
    assert AuditEntry.objects.filter(action="keywords.end").count() == 1


@pytest.mark.parametrize(
    ("words", "reason", "field"),
    [
        ([], "ticket 4711", "words"),
        (["  "], "ticket 4711", "words"),
        (["\u200b"], "ticket 4711", "words"),
        (["a\0b"], "ticket 4711", "words"),
        (["a" * 65], "ticket 4711", "words"),
        (["13900000202"], "ticket 4711", "words"),
        (["call 139 0000 0202"], "ticket 4711", "words"),
        (["sale"], " ", "reason"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_with_it(
    acme: Company, operator: User, words: list[str], reason: str, field: str
) -> None:
    with pytest.raises(BadInput) as problem:
        add(acme, "fine", *words, user=operator, reason=reason) if words else add(acme, user=operator, reason=reason)
    assert problem.value.field == field
    assert "\0" not in problem.value.problem
    assert not KeywordRule.objects.exists()


def test_half_a_surrogate_pair_is_kept_as_a_question_mark(acme: Company, operator: User) -> None:
    assert [rule.word for rule in add(acme, "a\ud800", user=operator)] == ["a?"]


def test_an_account_has_a_bounded_number_of_words(acme: Company, operator: User) -> None:
    add(acme, *(f"word{n}" for n in range(keywords.MOST_RULES)), user=operator)
    with pytest.raises(BadInput, match="1000"):
        add(acme, "one more", user=operator)


def test_a_reason_keeps_no_number(acme: Company, operator: User) -> None:
    [rule] = add(acme, "sale", user=operator, reason="13900000202 complained")
    assert "13900000202" not in rule.reason
    assert not AuditEntry.objects.filter(reason__contains="13900000202").exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_add_the_same_word_at_once_add_one() -> None:
    account = cast.make_account()
    user = cast.staff("operator")

    def one(word: str) -> int:
        try:
            return len(keywords.add(account, FORBIDDEN, [word], reason="ticket 4711", user=user))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(one, ["sale", "SALE", "ｓａｌｅ", "Sale"])) == 1
    assert KeywordRule.objects.count() == 1

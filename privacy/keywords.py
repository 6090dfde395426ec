"""The words an account's SMS must hold (one of them) and those they must not (pushes.md 4.2.1, results 12 and 13).

Nothing is edited: a rule holds during [valid_from, valid_to), by the database's clock, so that what held when an SMS
was decided stays known. How words are found in a text: privacy.routing.keywords.
"""

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account
from accounts.roles import User
from common.errors import BadInput, Conflict
from common.phone import mask_in_text
from privacy.models import KeywordRule
from privacy.routing.keywords import fold

LONGEST, MOST_RULES, REASON_AT_LEAST = 64, 1000, 3
REASON_AT_MOST = 500
Kind = KeywordRule.Kind


class Words(NamedTuple):
    """What holds for an account: one of `required` is needed if there are any, none of `forbidden` may be there."""

    required: tuple[str, ...]
    forbidden: tuple[str, ...]


def words(account_id: int, at: datetime | None = None) -> Words:
    """Return the words that hold for an account, now or as they held at an instant."""
    rows = holding(KeywordRule.objects.filter(account=account_id), at).order_by("pk")
    sorted_by_kind: dict[str, list[str]] = {Kind.REQUIRED: [], Kind.FORBIDDEN: []}
    for kind, word in rows.values_list("kind", "word"):
        sorted_by_kind[kind].append(word)
    return Words(tuple(sorted_by_kind[Kind.REQUIRED]), tuple(sorted_by_kind[Kind.FORBIDDEN]))


def holding(rows: QuerySet[KeywordRule], at: datetime | None = None) -> QuerySet[KeywordRule]:
    """Return those of some rules that hold, now or at an instant."""
    if at is None:
        return rows.filter(valid_to__isnull=True)
    return rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=at), valid_from__lte=at)


def add(
    account: Account, kind: str, typed: Iterable[str], *, reason: str, user: User, request: HttpRequest | None = None
) -> list[KeywordRule]:
    """Let words hold from now on and return their new rules; what holds already in any spelling is left as it is.

    All or nothing. Raises BadInput("words" or "reason", why), in the person's language.
    """
    wanted = {fold(word): word for word in map(clean, typed)}
    reason = _reason(reason)
    if not wanted:
        raise BadInput("words", _("Write at least one word."))
    with transaction.atomic():
        # Those who add to one account wait for each other: two spellings of a word are one rule.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        rows = holding(KeywordRule.objects.filter(account=account)).values_list("kind", "word")
        known = {(held, fold(word)) for held, word in rows}
        new = [word for folded, word in wanted.items() if (kind, folded) not in known]
        if len(known) + len(new) > MOST_RULES:
            raise BadInput("words", _("An account has at most %(n)s words.") % {"n": MOST_RULES})
        rules = [
            KeywordRule(account=account, kind=Kind(kind), word=word, made_by=user.get_username(), reason=reason)
            for word in new
        ]
        KeywordRule.objects.bulk_create(rules)
        if rules:
            _record("add", account, {"kind": str(kind), "words": new}, reason, user, request)
    return rules


def end(
    rules: Iterable[KeywordRule], *, reason: str, user: User, request: HttpRequest | None = None
) -> list[KeywordRule]:
    """End rules and return those that held until now; who comes second ends nothing. Raises BadInput("reason", why)."""
    reason = _reason(reason)
    ended: list[KeywordRule] = []
    with transaction.atomic():
        open_rows = KeywordRule.objects.filter(pk__in=[rule.pk for rule in rules], valid_to__isnull=True)
        for rule in open_rows.select_for_update(of=("self",)).select_related("account").order_by("pk"):
            told = f"{rule.reason} / {reason}" if rule.reason else reason
            KeywordRule.objects.filter(pk=rule.pk).update(
                valid_to=Now(), ended_by=user.get_username(), reason=told[-REASON_AT_MOST:]
            )
            ended.append(rule)
        for account in {rule.account_id: rule.account for rule in ended}.values():
            gone = [{"kind": rule.kind, "word": rule.word} for rule in ended if rule.account_id == account.pk]
            _record("end", account, {"rules": gone}, reason, user, request)
    return ended


def clean(typed: str) -> str:
    """Return a word as it is kept. Raises BadInput("words", why) for what no text could hold, or must not be kept."""
    word = " ".join(typed.encode("utf-8", "replace").decode().split())
    shown = word[:LONGEST]
    if any(unicodedata.category(character) == "Cc" for character in word) or not fold(word):
        raise BadInput("words", _("“%(word)s” has nothing to look for.") % {"word": shown.replace("\0", "")})
    if len(word) > LONGEST:
        raise BadInput("words", _("“%(word)s…” is longer than %(n)s characters.") % {"word": shown, "n": LONGEST})
    if mask_in_text(word) != word:
        raise BadInput("words", _("“%(word)s” looks like a phone number.") % {"word": mask_in_text(word)})
    return word


def find(rows: QuerySet[KeywordRule], pks: Iterable[int]) -> list[KeywordRule]:
    """Return the open rules of some keys, of those a person sees. Raises Conflict when one of them ended meanwhile."""
    wanted = set(pks)
    found = list(
        holding(rows.filter(pk__in=wanted)).select_related("account").order_by("account__code", "kind", "word")
    )
    if len(found) < len(wanted):
        raise Conflict(_("One of the words ended meanwhile: look at the list again."))
    return found


def _reason(typed: str) -> str:
    reason = mask_in_text(typed.strip())[:REASON_AT_MOST]
    if len(reason) < REASON_AT_LEAST:
        raise BadInput("reason", _("Give a reason."))
    return reason


def _record(
    verb: str, account: Account, detail: dict[str, object], reason: str, user: User, request: HttpRequest | None
) -> None:
    audit.record(
        user=user, action=f"keywords.{verb}", subject_kind="keyword_rule", subject=account.code, account=account,
        reason=reason, detail=detail, request=request,
    )  # fmt: skip

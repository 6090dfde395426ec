"""The lock-out: who guesses digests is refused for a while (northbound.md 12)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection

from accounts import lockout
from accounts.models import Lockout
from accounts.tasks import forget_old_headers
from accounts.tests import cast
from accounts.tests.asking import BEIJING, CODES, HOME, KEY, MINUTE, NOW, ask, code_of, request_with
from accounts.tests.cast import signed_headers
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company


def guess(times: int, now: datetime = NOW, address: str = HOME, key: str = KEY) -> list[str]:
    return [
        code_of(signed_headers(key, secret="wrong-secret", now=now), now=now, address=address) for _ in range(times)
    ]


def test_twenty_wrong_digests_lock_the_pair_for_thirty_minutes(acme: Company, bolt: Company) -> None:
    assert guess(20) == ["401 1010010"] * 20
    assert code_of(signed_headers(KEY, now=NOW)) == "403 1020176"
    assert code_of(signed_headers(KEY, now=NOW), now=NOW + 30 * MINUTE - timedelta(seconds=1)) == "403 1020176"
    later = NOW + 30 * MINUTE
    assert ask(signed_headers(KEY, now=later), now=later).key == KEY
    assert guess(1, now=later) == ["401 1010010"]


def test_only_the_pair_is_locked(acme: Company, bolt: Company) -> None:
    guess(20)
    assert ask(signed_headers(KEY, now=NOW), address="192.0.2.11").key == KEY
    assert ask(signed_headers("boltAppKey01", now=NOW)).key == "boltAppKey01"


def test_wrong_digests_further_apart_do_not_lock(acme: Company) -> None:
    guess(19)
    guess(1, now=NOW + 5 * MINUTE)
    later = NOW + 5 * MINUTE
    assert ask(signed_headers(KEY, now=later), now=later).key == KEY


def test_faults_of_form_and_clock_are_no_guesses(acme: Company) -> None:
    for fault in ("form", "key", "state", "address", "time"):
        sent = request_with([fault])
        for _ in range(21):
            assert code_of(sent) == CODES[fault]
    assert not Lockout.objects.exclude(key="").exists()  # under no key: what nobody has


def test_a_released_address_may_try_again_at_once(acme: Company) -> None:
    guess(20)
    assert lockout.release(HOME) == 1
    assert ask(signed_headers(KEY, now=NOW)).key == KEY


def test_old_lock_outs_are_removed_a_day_later(acme: Company) -> None:
    guess(20)
    assert lockout.forget_old(NOW + timedelta(hours=23)) == 0
    assert lockout.forget_old(NOW + timedelta(hours=25)) == 1


@pytest.mark.django_db(transaction=True)
def test_thirty_guesses_at_once_are_all_counted() -> None:
    cast.make_application(cast.make_account("acme"))

    def one(_: int) -> str:
        try:
            return guess(1)[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(30) as threads:
        answers = sorted(threads.map(one, range(30)))
    assert answers == ["401 1010010"] * 20 + ["403 1020176"] * 10
    assert code_of(signed_headers(KEY, now=NOW)) == "403 1020176"


def test_the_hourly_task_forgets_what_is_over(acme: Company) -> None:
    ask(signed_headers(KEY, now=NOW + BEIJING))
    guess(1)
    assert forget_old_headers() == 2
    assert forget_old_headers() == 0

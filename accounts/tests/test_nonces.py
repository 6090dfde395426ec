"""Headers used again: strict nonces, the memory of Beijing time, the body's hash (northbound.md 1.3)."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts import digests, nonces
from accounts.authentication import Refused
from accounts.models import Application, UsedNonce
from accounts.tests import cast
from accounts.tests.asking import (
    BEIJING,
    BODY,
    KEY,
    MINUTE,
    NOW,
    ask,
    code_of,
    with_digest,
)
from accounts.tests.cast import SECRET, signed_headers
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company


def test_a_header_may_be_used_again_inside_its_window(acme: Company) -> None:
    sent = signed_headers(KEY, now=NOW)
    for moment in (NOW, NOW + MINUTE, NOW + 5 * MINUTE):
        assert ask(sent, now=moment).key == KEY
    assert not UsedNonce.objects.exists()


def test_a_header_in_beijing_time_is_good_within_the_skew_after_its_first_use_only(acme: Company) -> None:
    sent = signed_headers(KEY, now=NOW + BEIJING)
    early = NOW - 4 * MINUTE
    assert ask(sent, now=early).key == KEY
    assert ask(sent, now=early + 5 * MINUTE).key == KEY
    assert code_of(sent, now=early + 6 * MINUTE) == "401 1010013"


def test_a_header_in_beijing_time_is_not_good_again_eight_hours_later_as_utc(acme: Company) -> None:
    sent = signed_headers(KEY, now=NOW + BEIJING)
    assert ask(sent).key == KEY
    for later in (BEIJING - 5 * MINUTE, BEIJING, BEIJING + 5 * MINUTE):
        assert code_of(sent, now=NOW + later) == "401 1010013"


def test_remembered_headers_are_forgotten_after_nine_hours(acme: Company) -> None:
    ask(signed_headers(KEY, now=NOW + BEIJING))
    assert nonces.forget_old(NOW + timedelta(hours=8, minutes=59)) == 0
    assert nonces.forget_old(NOW + timedelta(hours=9)) == 1


def test_a_header_in_beijing_time_with_a_wrong_digest_is_not_remembered(acme: Company) -> None:
    assert code_of(signed_headers(KEY, secret="wrong", now=NOW + BEIJING)) == "401 1010010"
    assert not UsedNonce.objects.exists()


@pytest.mark.parametrize("zone", [timedelta(0), BEIJING])
def test_an_application_with_strict_nonces_takes_no_header_twice(acme: Company, zone: timedelta) -> None:
    Application.objects.update(strict_nonces=True)
    sent = signed_headers(KEY, now=NOW + zone)
    assert ask(sent).key == KEY
    assert code_of(sent) == "401 1010013"
    assert ask(signed_headers(KEY, now=NOW + zone)).key == KEY


@pytest.mark.parametrize("zone", [timedelta(0), BEIJING])
def test_an_application_with_strict_nonces_takes_none_with_another_created(acme: Company, zone: timedelta) -> None:
    Application.objects.update(strict_nonces=True)
    assert ask(signed_headers(KEY, now=NOW + zone, nonce="n")).key == KEY
    for created in (NOW - MINUTE, NOW + MINUTE, NOW + BEIJING):
        assert code_of(signed_headers(KEY, now=created, nonce="n")) == "401 1010013"
    assert code_of(signed_headers(KEY, now=NOW + BEIJING, nonce="n"), now=NOW + BEIJING) == "401 1010013"


def test_the_same_nonce_of_two_applications_is_good_for_both(acme: Company, bolt: Company) -> None:
    Application.objects.update(strict_nonces=True)
    for key in (KEY, "boltAppKey01"):
        assert ask(signed_headers(key, now=NOW, nonce="same")).key == key


def test_a_body_hash_binds_the_body(acme: Company) -> None:
    body = b'{"callerNum":"x"}'
    sent = signed_headers(KEY, now=NOW, nonce="n")
    bound = with_digest(sent, digests.aksk("n" + digests.content(body), "2026-03-01T10:00:30Z", SECRET))
    bound["X-Content-SHA256"] = digests.content(body).upper()
    assert ask(bound, body=body).key == KEY
    assert code_of(bound, body=body + b" ") == "401 1010010"
    assert code_of({**sent, "X-Content-SHA256": digests.content(body)}, body=body) == "401 1010010"


@pytest.mark.parametrize("digested", [str.upper, str.lower])
@pytest.mark.parametrize("generation", ["AKSK", "WSSE"])
def test_an_upper_case_body_hash_may_be_digested_as_sent_or_in_lower_case(
    acme: Company, generation: Any, digested: Callable[[str], str]
) -> None:
    body, told = b"{}", digests.content(b"{}").upper()
    sent = signed_headers(KEY, generation=generation, now=NOW, nonce="n" + digested(told))
    sent = {**with_nonce(sent, "n"), "X-Content-SHA256": told}
    assert ask(sent, body=body).key == KEY
    assert code_of(sent, body=body + b" ") == "401 1010010"


def with_nonce(sent: dict[str, str], nonce: str) -> dict[str, str]:
    """Return a header with another nonce under the same digest."""
    name = next(name for name in sent if name.startswith("X-A") or name.startswith("X-W"))
    return {**sent, name: re.sub('Nonce="[^"]*"', f'Nonce="{nonce}"', sent[name])}


def moved(now: datetime, written: Callable[[str], str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return one digest twice: with the hash of BODY in its header, and with that hash at the end of the nonce."""
    told = written(digests.content(BODY))
    inside = signed_headers(KEY, now=now, nonce="n" + told)
    return {**with_nonce(inside, "n"), "X-Content-SHA256": told}, inside


@pytest.mark.parametrize("written", [str.upper, str.lower])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("zone", [timedelta(0), BEIJING])
def test_strict_nonces_take_no_body_hash_moved_into_the_nonce(
    acme: Company, zone: timedelta, first: int, written: Callable[[str], str]
) -> None:
    Application.objects.update(strict_nonces=True)
    headers = moved(NOW + zone, written)
    assert ask(headers[first], body=BODY).key == KEY
    for again in headers:
        assert code_of(again, body=BODY) == "401 1010013"
    assert code_of(headers[1], body=b'{"evil":1}') == "401 1010013"


@pytest.mark.parametrize("written", [str.upper, str.lower])
@pytest.mark.parametrize("first", [0, 1])
def test_the_memory_of_beijing_time_knows_a_body_hash_moved_into_the_nonce(
    acme: Company, first: int, written: Callable[[str], str]
) -> None:
    headers = moved(NOW + BEIJING, written)
    assert ask(headers[first], body=BODY).key == KEY
    for later in (MINUTE * 6, BEIJING - MINUTE, BEIJING + MINUTE):
        for again in headers:
            assert code_of(again, now=NOW + later, body=BODY) == "401 1010013"


def test_strict_nonces_take_no_nonce_with_another_body_hash(acme: Company) -> None:
    Application.objects.update(strict_nonces=True)
    for at, body in enumerate((b"{}", b"[]")):
        told = digests.content(body)
        sent = {**with_nonce(signed_headers(KEY, now=NOW, nonce="n" + told), "n"), "X-Content-SHA256": told}
        assert ask(sent, body=body).key == KEY if at == 0 else code_of(sent, body=body) == "401 1010013"
    assert code_of(signed_headers(KEY, now=NOW, nonce="n")) == "401 1010013"


@pytest.mark.django_db(transaction=True)
def test_of_ten_requests_at_once_with_one_strict_header_one_is_good() -> None:
    cast.make_application(cast.make_account("acme"), strict_nonces=True)
    sent = signed_headers(KEY, now=NOW)

    def one(_: int) -> bool:
        try:
            return bool(ask(sent))
        except Refused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(one, range(10))) == 1

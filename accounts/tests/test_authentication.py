"""Who signed a request: both generations, every refusal, the order of the checks (northbound.md 1, 9, 11)."""

import re
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts import digests, lockout, nonces
from accounts.authentication import Principal, Refused, authenticate
from accounts.models import Application, Lockout, Upstream, UpstreamApplication, UsedNonce
from accounts.tasks import forget_old_headers
from accounts.tests import cast
from accounts.tests.cast import SECRET, signed_headers
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company

NOW = datetime(2026, 3, 1, 10, 0, 30, tzinfo=UTC)
HOME = "192.0.2.10"
KEY = "acmeAppKey01"
BEIJING = timedelta(hours=8)
MINUTE = timedelta(minutes=1)
BODY = b'{"callerNum":"+8613800000021"}'


def ask(
    sent: dict[str, str], door: Any = "customer", now: datetime = NOW, address: str = HOME, body: bytes = b""
) -> Principal:
    return authenticate(sent, address=address, door=door, now=now, body=body)


def code_of(sent: dict[str, str], **where: Any) -> str:
    with pytest.raises(Refused) as refused:
        ask(sent, **where)
    return f"{refused.value.http_status} {refused.value.code}"


def with_digest(sent: dict[str, str], digest: str) -> dict[str, str]:
    name = next(name for name in sent if name.startswith("X-"))
    head, _, rest = sent[name].partition('PasswordDigest="')
    return {**sent, name: f'{head}PasswordDigest="{digest}"{rest[rest.index(chr(34)) + 1 :]}'}


@pytest.mark.parametrize("generation", ["AKSK", "WSSE"])
def test_either_generation_of_signature_names_the_application(acme: Company, generation: Any) -> None:
    found = ask(signed_headers(KEY, generation=generation, now=NOW))
    assert found == Principal(acme.application, None, KEY)
    assert found.application is not None and found.application.account == acme.account


def test_the_hex_form_of_the_older_digest_is_right_too(acme: Company) -> None:
    sent = signed_headers(KEY, generation="WSSE", now=NOW, nonce="5f1c2d3e4a5b6")
    sent = with_digest(sent, digests.wsse_hex("5f1c2d3e4a5b6", "2026-03-01T10:00:30Z", SECRET))
    assert ask(sent).key == KEY


def test_a_digest_of_the_other_generation_is_wrong(acme: Company) -> None:
    sent = signed_headers(KEY, generation="AKSK", now=NOW, nonce="n")
    assert code_of(with_digest(sent, digests.wsse("n", "2026-03-01T10:00:30Z", SECRET))) == "401 1010010"


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
@pytest.mark.parametrize("zone", [timedelta(0), BEIJING])
def test_a_clock_within_five_minutes_of_utc_or_beijing_is_right(acme: Company, seconds: int, zone: timedelta) -> None:
    assert ask(signed_headers(KEY, now=NOW + zone + timedelta(seconds=seconds))).key == KEY


@pytest.mark.parametrize("seconds", [-301, 301, 4 * 3600, 8 * 3600 - 301, 8 * 3600 + 301, -8 * 3600, 10**9])
def test_any_other_clock_is_out_of_time(acme: Company, seconds: int) -> None:
    assert code_of(signed_headers(KEY, now=NOW + timedelta(seconds=seconds))) == "401 1010013"


def test_beijing_time_is_refused_where_the_setting_says_so(acme: Company, settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "accept_beijing_time": False}
    assert code_of(signed_headers(KEY, now=NOW + BEIJING)) == "401 1010013"


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


def test_dsl_for_type_is_taken_from_an_application_that_may(acme: Company, bolt: Company) -> None:
    Application.objects.filter(app_key=KEY).update(lenient_headers=True)
    for key, good in ((KEY, True), ("boltAppKey01", False), ("nobody", False)):
        sent = signed_headers(key, now=NOW)
        sent["Authorization"] = sent["Authorization"].replace("type=", "dsl=")
        assert (ask(sent).key == key) if good else (code_of(sent) == "400 1023012")


# --- the order of the checks ----------------------------------------------------------------------------------------

FAULTS = ["form", "lockout", "key", "state", "address", "time", "digest"]
CODES = {
    "form": "400 1023012",
    "lockout": "403 1020176",
    "key": "403 1010003",
    "state": "403 1010008",
    "address": "403 1020166",
    "time": "401 1010013",
    "digest": "401 1010010",
}


def request_with(faults: list[str]) -> dict[str, str]:
    """Return a request that has all these faults, after bringing the database to where they are faults."""
    key = "nobody" if "key" in faults else KEY
    Application.objects.update(
        state="suspended" if "state" in faults else "active", allowed_ips=["10.0.0.0/8"] if "address" in faults else []
    )
    if "lockout" in faults:
        Lockout.objects.create(address=HOME, key=key, failures=20, window_started_at=NOW, locked_until=NOW + MINUTE)
    secret = "another-secret" if "digest" in faults else SECRET
    sent = signed_headers(key, secret=secret, now=NOW - timedelta(hours=1) if "time" in faults else NOW)
    if "form" in faults:
        sent["Authorization"] = sent["Authorization"].replace(',type="Appkey"', "")
    return sent


@pytest.mark.parametrize("first", range(len(FAULTS)))
def test_a_request_with_several_faults_is_told_the_first(acme: Company, first: int) -> None:
    assert code_of(request_with(FAULTS[first:])) == CODES[FAULTS[first]]


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_alone_has_its_code_and_status(acme: Company, fault: str) -> None:
    assert code_of(request_with([fault])) == CODES[fault]


@pytest.mark.parametrize("key", ["nobody", "a\x00b", "k" * 129, "k" * 100_000, "acmeappkey01", "‮acme", "'; --"])
def test_a_key_that_is_none_is_unknown_whatever_it_holds(acme: Company, key: str) -> None:
    assert code_of(signed_headers(key, now=NOW)) == "403 1010003"


def test_an_unknown_key_costs_a_digest_too(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def matches(*given: str) -> bool:
        made.append(given[0])
        return False

    monkeypatch.setattr(digests, "matches", matches)
    assert code_of(signed_headers("nobody", now=NOW)) == "403 1010003"
    assert made == ["AKSK"]


def test_the_time_of_a_refusal_does_not_tell_a_key_that_is_known(acme: Company, settings: Any) -> None:
    """Medians of taken turns; the codes differ anyway, as the vendor's do (reliability.md G18)."""
    settings.MASKLINE = {**settings.MASKLINE, "lockout_failures": 10_000}
    spent: dict[str, list[float]] = {KEY: [], "nobody": []}
    for _ in range(200):
        for key, times in spent.items():
            sent = signed_headers(key, secret="another-secret", now=NOW)
            began = time.perf_counter()
            with pytest.raises(Refused):
                ask(sent)
            times.append(time.perf_counter() - began)
    known, unknown = (statistics.median(times) for times in spent.values())
    assert abs(known - unknown) < max(0.001, 0.2 * known)


def test_keys_that_nobody_has_are_counted_and_lock_nothing(acme: Company) -> None:
    for number in range(30):
        assert code_of(signed_headers(f"nobody{number}", now=NOW)) == "403 1010003"
    counted = Lockout.objects.get()
    assert (counted.address, counted.key, counted.failures, counted.locked_until) == (HOME, "", 30, None)
    assert ask(signed_headers(KEY, now=NOW)).key == KEY


@pytest.mark.parametrize(
    ("allowed", "good"),
    [([], True), ([HOME], True), (["192.0.2.0/24"], True), (["198.51.100.1"], False), (["2001:db8::/32"], False)],
)
def test_an_address_is_checked_against_the_list(acme: Company, allowed: list[str], good: bool) -> None:
    Application.objects.update(allowed_ips=allowed)
    sent = signed_headers(KEY, now=NOW)
    assert (ask(sent).key == KEY) if good else (code_of(sent) == "403 1020166")


# --- the upstream's door --------------------------------------------------------------------------------------------


@pytest.fixture
def vendor(acme: Company, switch1: Upstream) -> UpstreamApplication:
    """Acme's application as the vendor calls it."""
    return UpstreamApplication.objects.create(
        upstream=switch1, app_key="vendorKey", app_secret="vendor-secret", application=acme.application
    )


def test_an_upstream_signs_with_its_own_key(switch1: Upstream) -> None:
    assert ask(signed_headers("switch1", now=NOW), door="upstream") == Principal(None, switch1, "switch1")


def test_a_vendors_app_key_names_upstream_and_application(vendor: UpstreamApplication) -> None:
    found = ask(signed_headers("vendorKey", "vendor-secret", now=NOW), door="upstream")
    assert found == Principal(vendor.application, vendor.upstream, "vendorKey", "vendorKey")
    assert code_of(signed_headers("vendorKey", SECRET, now=NOW), door="upstream") == "401 1010010"


def test_the_key_of_one_door_does_not_open_the_other(vendor: UpstreamApplication) -> None:
    assert code_of(signed_headers(KEY, now=NOW), door="upstream") == "403 1010003"
    assert code_of(signed_headers("switch1", now=NOW)) == "403 1010003"
    assert code_of(signed_headers("vendorKey", "vendor-secret", now=NOW)) == "403 1010003"


def test_the_list_of_addresses_of_an_upstream_holds_for_its_app_keys_too(vendor: UpstreamApplication) -> None:
    Upstream.objects.update(allowed_ips=["198.51.100.7"])
    for sent in (signed_headers("switch1", now=NOW), signed_headers("vendorKey", "vendor-secret", now=NOW)):
        assert code_of(sent, door="upstream") == "403 1020166"
        assert ask(sent, door="upstream", address="198.51.100.7").upstream is not None


# --- the lock-out ---------------------------------------------------------------------------------------------------


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


def test_the_hourly_task_forgets_what_is_over(acme: Company) -> None:
    ask(signed_headers(KEY, now=NOW + BEIJING))
    guess(1)
    assert forget_old_headers() == 2
    assert forget_old_headers() == 0

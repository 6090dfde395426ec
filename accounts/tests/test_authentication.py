"""Who signed a request: both generations, every refusal, the order of the checks (northbound.md 1, 9, 11)."""

import statistics
import time
from datetime import timedelta
from typing import Any

import pytest

from accounts import digests
from accounts.authentication import Principal, Refused
from accounts.models import Application, Lockout, Upstream, UpstreamApplication
from accounts.tests.asking import BEIJING, CODES, FAULTS, HOME, KEY, NOW, ask, code_of, request_with, with_digest
from accounts.tests.cast import SECRET, signed_headers
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company


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


def test_dsl_for_type_is_taken_from_an_application_that_may(acme: Company, bolt: Company) -> None:
    Application.objects.filter(app_key=KEY).update(lenient_headers=True)
    for key, good in ((KEY, True), ("boltAppKey01", False), ("nobody", False)):
        sent = signed_headers(key, now=NOW)
        sent["Authorization"] = sent["Authorization"].replace("type=", "dsl=")
        assert (ask(sent).key == key) if good else (code_of(sent) == "400 1023012")


# --- the order of the checks ----------------------------------------------------------------------------------------


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

"""Reading a provision file: what is wrong is told by list, index and field, and never repeated."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.provision_file import Entry, ProvisionError, read
from accounts.provision_lists import LISTS

APPLICATION = {"account": "acme", "app_key": "k"}
NUMBER = {"number": "+8617100000001"}
TARIFF = {"item": "call", "price": "0.06", "valid_from": "2026-01-01T00:00:00+08:00"}
UPSTREAM = {"code": "s", "applications": [{"app_key": "v", "application": "k"}]}


def entries(**lists: Any) -> dict[str, list[Entry]]:
    return read(json.dumps(lists).encode(), LISTS)


def refusal(content: bytes) -> str:
    with pytest.raises(ProvisionError) as refused:
        read(content, LISTS)
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "line 1: is not JSON"),
        (b'{"accounts": [\n{"code": "acme",}]}', "line 2: is not JSON"),
        (b"[]", "file: is no object"),
        (b"\xff{}", "file: is not UTF-8 at byte 0"),
        (b'{"account": []}', "account: is unknown; use accounts, upstreams"),
        (b'{"accounts": {}}', "accounts: is no list"),
        (b'{"accounts": [1]}', "accounts[0]: is no object"),
        (b'{"accounts": [{"code": "a", "code": "b"}]}', "code: stands twice in one object"),
        (b'{"packages": [{"code": "a", "price": NaN}]}', "file: NaN is no value"),
        (b'{"packages": [{"code": "a", "price": 1' + b"0" * 5000 + b"}]}", "file: is nested too deep, or holds"),
        (b"[" * 100_000, "file: is nested too deep"),
    ],
)
def test_a_file_of_the_wrong_form_says_where(content: bytes, text: str) -> None:
    assert refusal(content).startswith(text)


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("accounts", {}, "code: is missing"),
    ("accounts", {"code": None}, "code: is missing"),
    ("accounts", {"code": "a b"}, "code: cannot be used"),
    ("accounts", {"code": "a\n"}, "code: cannot be used"),
    ("accounts", {"code": "x" * 33}, "code: cannot be used"),
    ("accounts", {"code": "a", "color": 1}, "color: is unknown"),
    ("accounts", {"code": "a", "name": ""}, "name: has not 1-128 characters"),
    ("accounts", {"code": "a", "name": "\x00"}, "name: holds control characters"),
    ("accounts", {"code": "a", "name": "\ud800"}, "name: holds control characters"),
    ("accounts", {"code": "a", "time_zone": "Mars"}, "time_zone: is unknown"),
    ("accounts", {"code": "a", "time_zone": ["UTC"]}, "time_zone: is unknown"),
    ("accounts", {"code": "a", "currency": "XXX"}, "currency: is unknown"),
    ("accounts", {"code": "a", "credit_limit": "-1"}, "credit_limit: is below 0"),
    ("accounts", {"code": "a", "credit_limit": "1.0000001"}, "credit_limit: has more than six decimals"),
    ("accounts", {"code": "a", "credit_limit": True}, "credit_limit: is no amount"),
    ("accounts", {"code": "a", "contacts": [1]}, "contacts[0]: is neither"),
    ("accounts", {"code": "a", "contacts": ["x"] * 11}, "contacts: is no list of contacts"),
    ("accounts", {"code": "a", "topup": {"amount": "1"}}, "topup.reference: is missing"),
    ("accounts", {"code": "a", "topup": {"amount": "x", "reference": "r"}}, "topup.amount: not a number"),
    ("upstreams", {"code": "s", "secret": "short"}, "secret: has not 8-128 characters"),
    ("upstreams", {"code": "s", "key": 'a"b'}, "key: cannot be used"),
    ("upstreams", {"code": "s", "accounts": "acme"}, "accounts: is no list of account codes"),
    ("upstreams", {"code": "s", "accounts": ["a", "a"]}, "accounts: names an account twice"),
    ("upstreams", {"code": "s", "allowed_ips": ["10.0.0.0/8", "10.0.0.256"]}, "allowed_ips[1]: is no address"),
    ("upstreams", {"code": "s", "applications": [{"app_key": "v"}]}, "applications[0].application: is missing"),
    ("upstreams", {"code": "s", "recording_hosts": "rec.example"}, "recording_hosts: is no list of hosts"),
    ("upstreams", {"code": "s", "recording_hosts": ["rec.example", "https://b"]}, "recording_hosts[1]: is no host"),
    ("upstreams", {"code": "s", "recording_hosts": ["REC.example"]}, "recording_hosts[0]: is no host"),
    ("upstreams", {"code": "s", "stop_url": "http://169.254.169.254/"}, "stop_url: leads to an address"),
    ("applications", {**APPLICATION, "mode": "AXC"}, "mode: is unknown; use AX, AXB, AXE, AXYB or X"),
    ("applications", {**APPLICATION, "app_secret": "x" * 129}, "app_secret: has not 8-128"),
    ("applications", {**APPLICATION, "app_secret": "whsec_abcde"}, "app_secret: begins with whsec_, yet"),
    ("applications", {**APPLICATION, "cdr_url": "ftp://acme.example"}, "cdr_url: is neither http nor https"),
    ("applications", {**APPLICATION, "cdr_url": "https://acme.example/a b"}, "cdr_url: is no address"),
    ("applications", {**APPLICATION, "cdr_url": "https://"}, "cdr_url: is no address"),
    ("applications", {**APPLICATION, "cdr_url": "https://acme.example:99999/"}, "cdr_url: is no address"),
    ("applications", {**APPLICATION, "extension_digits": 5}, "extension_digits: cannot be used"),
    ("applications", {**APPLICATION, "extension_digits": True}, "extension_digits: cannot be used"),
    ("applications", {**APPLICATION, "recording": "true"}, "recording: is neither true nor false"),
    ("applications", {**APPLICATION, "tags": {"a b": "c"}}, "tags: holds a tag"),
    ("numbers", {"number": "17100000001"}, "number: cannot be used"),
    ("numbers", {**NUMBER, "area_code": "755"}, "area_code: cannot be used"),
    ("numbers", {**NUMBER, "issued_at": "2026-02-01T00:00:00"}, "issued_at: has no offset"),
    ("numbers", {**NUMBER, "issued_at": 5}, "issued_at: not a time"),
    ("numbers", {**NUMBER, "rental_from": "2026-13"}, "rental_from: is no month"),
    ("numbers", {**NUMBER, "kind": "gold"}, "kind: is unknown"),
    ("tariffs", {**TARIFF, "item": "fax"}, "item: is unknown"),
    ("tariffs", {"item": "call", "price": "1"}, "valid_from: is missing"),
    ("packages", {"code": "p", "minutes": -1}, "minutes: cannot be used"),
    ("packages", {"code": "p", "minutes": 2**31}, "minutes: cannot be used"),
    ("packages", {"code": "p", "months": 0}, "months: cannot be used"),
    ("purchases", {"account": "a", "package": "p"}, "reference: is missing"),
]


@pytest.mark.parametrize(("name", "entry", "text"), FAULTS)
def test_a_fault_is_told_by_list_index_and_field(name: str, entry: dict[str, Any], text: str) -> None:
    good = {"accounts": {"code": "zzz"}, "upstreams": UPSTREAM, "applications": {**APPLICATION, "app_key": "zzz"}}
    first = [good[name]] if name in good else []
    told = refusal(json.dumps({name: [*first, entry]}).encode())
    assert told.startswith(f"{name}[{len(first)}].{text}")


def test_an_error_never_repeats_what_stood_there() -> None:
    told = refusal(json.dumps({"numbers": [{"number": "13900000101"}]}).encode())
    assert "139" not in told


@pytest.mark.parametrize(
    ("name", "entry", "key"),
    [
        ("accounts", {"code": "a"}, "code"),
        ("applications", APPLICATION, "app_key"),
        ("numbers", NUMBER, "number"),
        ("tariffs", TARIFF, "item, number_kind, account, currency, valid_from"),
        ("purchases", {"account": "a", "reference": "r"}, "account, reference"),
    ],
)
def test_one_key_stands_once_in_a_list(name: str, entry: dict[str, Any], key: str) -> None:
    told = refusal(json.dumps({name: [entry, entry]}).encode())
    assert told == f"{name}[1]: has the same {key} as {name}[0]"


def test_values_come_back_as_what_they_are() -> None:
    found = entries(
        tariffs=[{**TARIFF, "price": 0.06}],
        numbers=[{**NUMBER, "rental_from": "2026-02-17", "issued_at": "2026-02-01T00:00:00+08:00"}],
        accounts=[{"code": "a", "topup": {"amount": "100.00", "reference": "t"}, "contacts": [{"name": "x"}, "y"]}],
    )
    assert found["tariffs"][0]["price"] == Decimal("0.06")
    assert found["numbers"][0]["rental_from"] == date(2026, 2, 1)
    assert found["numbers"][0]["issued_at"] == datetime(2026, 1, 31, 16, tzinfo=UTC)
    assert found["accounts"][0]["topup"]["amount"] == Decimal(100)
    assert found["packages"] == []


def test_absent_null_and_given_are_three_things() -> None:
    (given,) = entries(packages=[{"code": "p", "minutes": 5, "messages": None}])["packages"]
    assert given.values("minutes", "messages", "months", new=False) == {"minutes": 5, "messages": 0}
    assert given.values("minutes", "messages", "months", new=True) == {"minutes": 5, "messages": 0, "months": 12}


def test_fallback_cities_are_area_codes_of_the_standard_table() -> None:
    def cities(*codes: str) -> object:
        (given,) = entries(applications=[{"app_key": "k", "fallback_cities": list(codes)}])["applications"]
        return given["fallback_cities"]

    assert cities("755", "020") == ["0755", "020"]
    for wrong in (["0400"], ["0755", "755"]):
        with pytest.raises(ProvisionError, match="fallback_cities"):
            cities(*wrong)

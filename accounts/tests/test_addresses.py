"""Whose address counts: the peer's, unless it is a proxy we trust."""

import pytest
from django.test import RequestFactory, override_settings

from accounts.addresses import UNKNOWN, behind, client_address, is_listed

PROXIES = ["10.0.0.0/8", "2001:db8::1/128"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "127.0.0.1, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "127.0.0.1, 198.51.100.9, 10.0.0.2", "198.51.100.9"),
        ("10.0.0.1", "198.51.100.9, unknown", "10.0.0.1"),
        ("10.0.0.1", "unknown, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
        ("2001:db8::1", "[2001:db8::99]", "2001:db8::99"),
        ("::ffff:192.0.2.1", "", "192.0.2.1"),
        ("::ffff:10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("fe80::1%eth0", "", "fe80::1"),
        ("", "198.51.100.9", UNKNOWN),
        ("nonsense", "", UNKNOWN),
    ],
)
def test_only_a_trusted_proxy_may_say_who_the_client_is(peer: str, forwarded: str, client: str) -> None:
    assert behind(peer, forwarded, PROXIES) == client


@override_settings(MASKLINE_TRUSTED_PROXIES=["10.0.0.0/8"])
def test_the_address_of_a_request_follows_the_setting() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "198.51.100.9"})
    assert client_address(request) == "198.51.100.9"


@pytest.mark.parametrize(
    ("address", "entries", "listed"),
    [
        ("192.0.2.1", ["192.0.2.1"], True),
        ("192.0.2.1", ["192.0.2.0/31"], True),
        ("192.0.2.1", ["192.0.2.2", "nonsense", "::/0"], False),
        ("::ffff:192.0.2.1", ["192.0.2.1"], True),
        ("2001:db8::5", ["2001:db8::/32"], True),
        ("nonsense", ["0.0.0.0/0"], False),
    ],
)
def test_an_address_matches_itself_and_its_networks(address: str, entries: list[str], listed: bool) -> None:
    assert is_listed(address, entries) is listed

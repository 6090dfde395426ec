"""Whose address a request came from, and whether it is on a list."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
UNKNOWN = "0.0.0.0"


def client_address(request: HttpRequest) -> str:
    """Return the client's address: the peer's, or what MASKLINE_TRUSTED_PROXIES say in X-Forwarded-For."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    return behind(peer, forwarded, settings.MASKLINE_TRUSTED_PROXIES)


def behind(peer: str, forwarded: str, proxies: Sequence[str]) -> str:
    """Return the newest address in the chain that is no trusted proxy.

    Read from the right, for each proxy appends whom it saw: whatever a client wrote stands to the left and is
    believed only as far as the chain of trusted proxies reaches.
    """
    address = parse(peer)
    if address is None:
        return UNKNOWN
    for hop in reversed(forwarded.split(",")):
        if not is_listed(str(address), proxies):
            break
        earlier = parse(hop)
        if earlier is None:
            break
        address = earlier
    return str(address)


def is_listed(address: str, entries: Iterable[str]) -> bool:
    """Return whether an address is one of `entries` or inside one (10.0.0.0/8). What is no address matches nothing."""
    wanted = parse(address)
    if wanted is None:
        return False
    return any(_holds(entry, wanted) for entry in entries)


@lru_cache(maxsize=4096)
def parse(text: str) -> Address | None:
    """Return an address, an IPv4 one inside IPv6 as IPv4; None when the text is none."""
    try:
        address = ip_address(text.strip().strip("[]"))
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(address.packed)
    return address


def _holds(entry: str, address: Address) -> bool:
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        return False
    return network.version == address.version and address in network

"""Where the program may connect to when a customer names the address (reliability.md C 41-57). Resolves nothing.

A URL has one spelling here: ASCII, http or https, no user, no fragment, a name or an address as everybody writes it.
Whatever a parser could read in two ways is refused, so that what is checked is what is connected to. Addresses are
judged by a table of our own: what Python calls private or global differs from release to release and misses much.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop

from common.errors import BadInput

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Kind = Literal["public", "private", "loopback", "never"]

LONGEST = 1024
SCHEMES = {"http": 80, "https": 443}
# Above 1023 all but what databases, caches, queues and remote control listen on.
CLOSED_PORTS = frozenset(
    {1433, 1434, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5671, 5672, 5900, 5984, 5985, 5986}
    | {6000, 6379, 6380, 6443, 6667, 7000, 7001, 8125, 9042, 9092, 9093, 9160, 9200, 9300, 10250, 10255, 11211, 15672}
    | {25672, 26379, 26257, 27017, 27018, 27019, 28017, 61616}
)
_URL = re.compile(r"(https?)://([^/?#\\@]+)([/?](?:(?![#\\])[\x21-\x7e])*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")

NO_ADDRESS, HTTP_ONLY = gettext_noop("is no address"), gettext_noop("is neither http nor https")
BAD_PORT = gettext_noop("names a port that is not for web servers")
WITH_USER = gettext_noop("holds a user name or password")
ODD_HOST = gettext_noop("writes its host in an unusual way")
THIS_MACHINE = gettext_noop("leads to this machine")
THIS_PROGRAM = gettext_noop("leads to this program itself")
PRIVATE_NETWORK = gettext_noop("leads into a private network")
RESERVED = gettext_noop("leads to an address that no server on the internet has")
WRITE_SO = gettext_noop("write https://HOST/PATH without blanks")
OTHER_PORT = gettext_noop("use 443, 80, or one above 1023 that no database or cache listens on")
PUBLIC_ONE = gettext_noop("give an address that is reachable from the internet")


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


_LOOPBACK = _networks("127.0.0.0/8", "::1/128")
# No setting opens these: unspecified, link-local, metadata of clouds, multicast, and IPv6 that hides another address.
_NEVER = _networks(
    *("0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "224.0.0.0/4"),
    *("240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fe80::/10", "fec0::/10"),
    *("fd00:ec2::/32", "fd20:ce::254/128", "ff00::/8", "100::/64", "5f00::/16"),
)
_PRIVATE = _networks(
    *("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24"),
    *("192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24"),
    *("203.0.113.0/24", "2001::/23", "2001:db8::/32", "3fff::/20", "fc00::/7"),
)
_GLOBAL_6 = IPv6Network("2000::/3")
_LOCAL_NAMES = re.compile(r"(?:.*\.)?localhost(?:\.localdomain)?|ip6-(?:localhost|loopback)")
_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})


class Forbidden(BadInput):
    """An address that the program does not connect to: why, in words without the address, and the cure."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a URL leads to: `host` without brackets and in lower case, `address` where the host is one.

    `path` is all that follows the host and port.
    """

    url: str
    scheme: str
    host: str
    port: int
    address: Address | None
    path: str

    @property
    def plain_url(self) -> str:
        """Return the URL in its plainest spelling: the one to be connected to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class Policy:
    """The ways round (contract.md): every private address, (host, port) pairs, networks; and who we are ourselves."""

    every_private: bool = False
    listed: frozenset[tuple[str, int]] = frozenset()
    networks: tuple[Network, ...] = ()
    own: tuple[str, int] | None = None

    def listens(self, host: str, port: int) -> bool:
        """Return whether private addresses behind this host and port were let through by hand."""
        return self.every_private or (host, port) in self.listed

    def objection(self, address: Address, host: str, port: int) -> str:
        """Return why nothing connects to an address, "" when it may."""
        plain = unmapped(address)
        kind = kind_of(plain)
        if kind == "public" or (kind != "never" and self.listens(host, port)):
            return ""
        if kind == "private" and any(plain in network for network in self.networks if network.version == plain.version):
            return ""
        return {"private": PRIVATE_NETWORK, "loopback": THIS_MACHINE}.get(kind, RESERVED)


def policy() -> Policy:
    """Return what the settings allow."""
    rules = settings.MASKLINE
    return _policy(
        tuple(rules["push_allow_private"]), tuple(rules["push_allowed_networks"]), settings.MASKLINE_PUBLIC_URL
    )


def check_url(url: Any, rules: Policy | None = None) -> Target:
    """Return what a URL leads to. Raises Forbidden (a BadInput without a field) when nothing may be sent there.

    Names are not resolved: what they mean is judged by `common.resolving` at saving and at each connect.
    """
    rules = rules or policy()
    target = read(url)
    listed = rules.listens(target.host, target.port)
    if not _for_web_servers(target.port) and (target.host, target.port) not in rules.listed:
        raise Forbidden("", BAD_PORT, OTHER_PORT)
    if target.address is not None:
        problem = rules.objection(target.address, target.host, target.port)
    elif target.host in _METADATA_NAMES:
        problem = RESERVED
    else:
        problem = "" if listed or not _LOCAL_NAMES.fullmatch(target.host) else THIS_MACHINE
    if not problem and (target.host, target.port) == rules.own and not listed:
        problem = THIS_PROGRAM
    if problem:
        raise Forbidden("", problem, PUBLIC_ONE)
    return target


def read(url: Any) -> Target:
    """Return the parts of a URL in the one spelling that is taken. Raises Forbidden."""
    if not isinstance(url, str) or not 0 < len(url) <= LONGEST:
        raise Forbidden("", NO_ADDRESS, WRITE_SO)
    found = _URL.fullmatch(url)
    if found is None:
        raise _misread(url)
    authority = _AUTHORITY.fullmatch(found[2])
    if authority is None:
        raise Forbidden("", NO_ADDRESS if url.isascii() else ODD_HOST, WRITE_SO)
    scheme = found[1].lower()
    port = int(authority[2] or SCHEMES[scheme])
    if not 0 < port < 65536:
        raise Forbidden("", NO_ADDRESS, WRITE_SO)
    host, address = _host(authority[1])
    _agree(url, scheme, host, port)
    path = found[3] or "/"
    return Target(url, scheme, host, port, address, path if path.startswith("/") else f"/{path}")


def kind_of(address: Address) -> Kind:
    """Return what an address is for, the IPv4 address inside a mapped one."""
    plain = unmapped(address)
    if _within(plain, _LOOPBACK):
        return "loopback"
    if _within(plain, _NEVER):
        return "never"
    if _within(plain, _PRIVATE):
        return "private"
    return "public" if isinstance(plain, IPv4Address) or plain in _GLOBAL_6 else "never"


def unmapped(address: Address) -> Address:
    """Return the address really connected to: ::ffff:a.b.c.d is a.b.c.d; a zone (%eth0) says nothing about it."""
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))
    return address


@lru_cache(maxsize=32)
def _policy(private: tuple[str, ...], networks: tuple[str, ...], public_url: str) -> Policy:
    parts = urlsplit(public_url)
    own = (parts.hostname or "", parts.port or SCHEMES.get(parts.scheme, 443))
    pairs = [word.rpartition(":") for word in private if ":" in word]
    listed = frozenset((_host(host)[0], int(port)) for host, _, port in pairs)
    return Policy("1" in private, listed, tuple(ip_network(text) for text in networks), own)


def _for_web_servers(port: int) -> bool:
    return port in (80, 443) or (port >= 1024 and port not in CLOSED_PORTS)


def _misread(url: str) -> Forbidden:
    scheme, colon, rest = url.partition(":")
    if colon and scheme.isascii() and scheme.isalnum() and scheme.lower() not in SCHEMES:
        return Forbidden("", HTTP_ONLY, WRITE_SO)
    if "@" in re.split(r"[/?#]", rest.lstrip("/"), maxsplit=1)[0]:
        return Forbidden("", WITH_USER, gettext_noop("leave it out: pushes are signed"))
    return Forbidden("", NO_ADDRESS, WRITE_SO)


def _host(text: str) -> tuple[str, Address | None]:
    """Return a host in lower case without brackets, and the address it is, if it is one. Raises Forbidden."""
    try:
        if text.startswith("["):
            six = IPv6Address(text[1:-1])
            return str(six), six
        if _NUMERIC.fullmatch(text.rstrip(".").rpartition(".")[2]):
            # Anything that ends in a number is an address to some resolver: 127.1, 0x7f.1, 2130706433.
            four = IPv4Address(text)
            return str(four), four
    except ValueError:
        raise Forbidden("", ODD_HOST, WRITE_SO) from None
    name = text.lower().removesuffix(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise Forbidden("", NO_ADDRESS, WRITE_SO)
    return name, None


def _agree(url: str, scheme: str, host: str, port: int) -> None:
    """Refuse a URL that the standard library reads in another way than we do."""
    try:
        parts = urlsplit(url)
        other = (parts.hostname or "").removesuffix(".")
        theirs = (parts.scheme, parts.port or SCHEMES[scheme], str(ip_address(other)) if ":" in other else other)
    except ValueError:
        raise Forbidden("", ODD_HOST, WRITE_SO) from None
    if theirs != (scheme, port, host):
        raise Forbidden("", ODD_HOST, WRITE_SO)


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)

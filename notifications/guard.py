"""The address guard at connecting: every answer of DNS is judged, and what was judged is what is connected to.

A name is resolved once; if any of its addresses is forbidden, nothing is sent at all (reliability.md C 47-49). The
table of addresses and the rules for saving a URL are in `common.egress`.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from common.egress import PUBLIC_ONE, Forbidden, Policy, Target, check_url, policy

__all__ = ["Forbidden", "Policy", "Resolver", "Target", "check_url", "open_socket", "policy"]

RESOLVING_SECONDS = 3.0
# Each name has at most one look-up under way, so only so many names with dead servers can hold up the others.
LOOKUPS = 32


class Resolver(AbstractResolver):
    """Resolves names with the system's resolver, off the event loop, and refuses what may not be reached."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="resolve")
        self._under_way: dict[tuple[str, int], asyncio.Future[list[Any]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name. Raises Forbidden when any is, OSError or TimeoutError when there is none."""
        async with asyncio.timeout(RESOLVING_SECONDS):
            found = await asyncio.shield(self._look_up(host, port))
        rules = policy()
        for info in found:
            _check(str(info[4][0]), host, port, rules)
        return [
            ResolveResult(hostname=host, host=info[4][0], port=port, family=info[0], proto=info[2], flags=_NUMERIC)
            for info in found
        ]

    async def close(self) -> None:
        """Give up the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _look_up(self, host: str, port: int) -> asyncio.Future[list[Any]]:
        key = host, port
        if key not in self._under_way:
            loop = asyncio.get_running_loop()
            future = loop.run_in_executor(self._threads, _addresses, host, port)
            self._under_way[key] = future
            future.add_done_callback(lambda done: self._ended(key, done))
        return self._under_way[key]

    def _ended(self, key: tuple[str, int], done: asyncio.Future[list[Any]]) -> None:
        self._under_way.pop(key, None)
        with suppress(asyncio.CancelledError):
            done.exception()  # looked at: nobody may be waiting any more


_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


def _addresses(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # a label that no name server could be asked for
        raise socket.gaierror(socket.EAI_NONAME, "no name") from None


def open_socket(info: tuple[Any, ...]) -> socket.socket:
    """Return a socket for an address that is about to be connected to: the last look, for literals and names alike.

    Raises Forbidden.
    """
    family, kind, protocol, _, address = info
    rules = policy()
    # The name is not known here; a pair let through by hand counts for its port.
    by_hand = next((host for host, port in rules.listed if port == address[1]), str(address[0]))
    _check(str(address[0]), by_hand, int(address[1]), rules)
    return socket.socket(family=family, type=kind, proto=protocol)


def _check(text: str, host: str, port: int, rules: Policy) -> None:
    problem = rules.objection(ip_address(text.partition("%")[0]), host, port)
    if problem:
        raise Forbidden("", problem, PUBLIC_ONE)

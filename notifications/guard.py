"""The address guard at connecting: every answer of DNS is judged, and what was judged is what is connected to.

A name is resolved once; if any of its addresses is forbidden, nothing is sent at all (reliability.md C 47-49). The
table of addresses and the rules for saving a URL are in `common.egress`.
"""

import asyncio
import socket
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from common import resolving
from common.egress import Forbidden, Policy, Target, check_url, policy

__all__ = ["Forbidden", "NoNameInTime", "Policy", "Resolver", "Target", "check_url", "open_socket", "policy"]

RESOLVING_SECONDS = 3.0
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class NoNameInTime(OSError):
    """The name servers did not answer in time."""


class Resolver(AbstractResolver):
    """Resolves names with the system's resolver, off the event loop, and refuses what may not be reached."""

    def __init__(self) -> None:
        self._lookups = resolving.Lookups()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name. Raises Forbidden when any is, OSError when there is none, NoNameInTime."""
        try:
            async with asyncio.timeout(RESOLVING_SECONDS):
                found = await _answered(self._lookups.begin(host, port))
        except TimeoutError:
            raise NoNameInTime from None
        resolving.judge(found, host, port, policy())
        return [
            ResolveResult(hostname=host, host=info[4][0], port=port, family=info[0], proto=info[2], flags=_NUMERIC)
            for info in found
        ]

    async def close(self) -> None:
        """Leave what is under way to itself: nobody waits for it."""


async def _answered(lookup: Future[resolving.Answers]) -> resolving.Answers:
    """Wait for a look-up that others may wait for as well, and that may outlive this loop."""
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[resolving.Answers] = loop.create_future()

    def hand_over() -> None:
        if waiter.done():
            return
        if (problem := lookup.exception()) is not None:
            waiter.set_exception(problem)
        else:
            waiter.set_result(lookup.result())

    def tell(_: Future[resolving.Answers]) -> None:
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(hand_over)

    lookup.add_done_callback(tell)
    return await waiter


def open_socket(info: tuple[Any, ...]) -> socket.socket:
    """Return a socket for an address that is about to be connected to: the last look, for literals and names alike.

    Raises Forbidden.
    """
    family, kind, protocol, _, address = info
    rules = policy()
    # The name is not known here; a pair let through by hand counts for its port.
    by_hand = next((host for host, port in rules.listed if port == address[1]), str(address[0]))
    resolving.judge([info], by_hand, int(address[1]), rules)
    return socket.socket(family=family, type=kind, proto=protocol)

"""The reference of pushes: a bare aiohttp client on uvloop: python -m bench.rig.bare, told what to do by one JSON line.

No queue, no order, no log: the same body to the same servers, so many at once, on kept connections.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass

import aiohttp
import uvloop

AT_ONCE = 64


@dataclass(frozen=True)
class Orders:
    """Where to post, how often, the body, and headers like those of pushes."""

    urls: list[str]
    requests: int
    body: str
    headers: dict[str, str]


async def main(orders: Orders) -> float:
    """Return requests a second."""
    left = iter(range(orders.requests))
    body = orders.body.encode()
    connector = aiohttp.TCPConnector(limit=0)

    async def client(session: aiohttp.ClientSession) -> None:
        for number in left:
            url = orders.urls[number % len(orders.urls)]
            async with session.post(url, data=body, headers=orders.headers) as answer:
                await answer.read()

    async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
        began = time.perf_counter()
        await asyncio.gather(*(client(session) for _ in range(AT_ONCE)))
        return orders.requests / (time.perf_counter() - began)


if __name__ == "__main__":
    uvloop.install()
    print(asyncio.run(main(Orders(**json.loads(sys.argv[1])))))

"""The rig's switch, a process of its own: python -m bench.rig.generator, told what to do by one JSON line.

Each client tells a handful of calls at once, one request a step; the next step only when the last was acknowledged. A
request that was not acknowledged is sent again until it is. What is about to be sent and what was acknowledged is on
disk before anything else is done.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import aiohttp

from bench.rig import records
from bench.rig.journal import Journal
from bench.rig.records import STEPS, Customer

PATIENCE_SECONDS = 15.0
AGAIN_SECONDS = 0.2


@dataclass(frozen=True)
class Orders:
    """What to tell: to whom, whose calls, how many a second (0: as fast as it goes), until when, the log."""

    url: str
    customers: int
    log: str
    seed: int
    seconds: float
    records_a_second: float = 0.0
    clients: int = 4
    calls_at_once: int = 5


class Switch:
    """All clients of one switch."""

    def __init__(self, orders: Orders, session: aiohttp.ClientSession) -> None:
        self._orders, self._session = orders, session
        self._journal = Journal(Path(orders.log))
        self._random = Random(orders.seed)
        self._calls = 0
        self._ends_at = time.monotonic() + orders.seconds

    async def run(self) -> None:
        """Tell calls until the time is over; what was begun is told to its end."""
        await asyncio.gather(*(self._client() for _ in range(self._orders.clients)))

    async def _client(self) -> None:
        orders = self._orders
        pause = orders.clients * orders.calls_at_once / orders.records_a_second if orders.records_a_second else 0.0
        due = time.monotonic() + self._random.random() * pause
        while time.monotonic() < self._ends_at:
            calls = [self._new_call() for _ in range(orders.calls_at_once)]
            for step in range(len(STEPS)):
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                due = max(due + pause, time.monotonic() - 1.0)
                await self._tell(calls, step)

    def _new_call(self) -> tuple[Customer, str]:
        self._calls += 1
        return Customer(self._random.randrange(self._orders.customers)), f"rig-{self._orders.seed}-{self._calls}"

    async def _tell(self, calls: list[tuple[Customer, str]], step: int) -> None:
        """Tell one step of some calls until it is acknowledged."""
        at = datetime.now(UTC)
        keys = [[session, step] for _, session in calls]
        owners = [customer.index for customer, _ in calls]
        body = json.dumps([records.record(customer, session, step, at) for customer, session in calls]).encode()
        self._journal.write({"sent": keys, "of": owners})
        while (problem := await self._post(body)) is not None:
            self._journal.append([{"again": keys, "because": problem}])
            await asyncio.sleep(AGAIN_SECONDS)
        self._journal.write({"acked": keys})

    async def _post(self, body: bytes) -> str | None:
        """Return None when every item was stored now or before, else why not."""
        headers = records.signed(records.UPSTREAM, records.SECRET)
        try:
            async with self._session.post(self._orders.url + records.PATH, data=body, headers=headers) as answer:
                told = await answer.json(content_type=None)
                if answer.status == 200 and told["quarantined"] == 0:
                    return None
                return f"{answer.status} {str(told)[:200]}"
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
            return type(error).__name__


async def main(orders: Orders) -> None:
    """Do as told."""
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        await Switch(orders, session).run()


if __name__ == "__main__":
    asyncio.run(main(Orders(**json.loads(sys.argv[1]))))

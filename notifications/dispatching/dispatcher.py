"""The dispatcher: takes its shares, reads what is due, sends it, writes what became of it, until it is told to stop.

One event loop. A coroutine for each of: leases, reading, writing, health, upkeep, hints; a task for each request.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable

import redis.asyncio
from django.conf import settings

from common.faults import fault_point
from notifications import hints, retry
from notifications.dispatching import recording, requests
from notifications.dispatching.claiming import Claiming
from notifications.dispatching.clock import Clock
from notifications.dispatching.database import Database, away, run
from notifications.dispatching.finishing import Finishing, keep_partitions, releases
from notifications.dispatching.leases import Leases
from notifications.dispatching.lines import Lines
from notifications.dispatching.outgoing import Outgoing
from notifications.dispatching.recording import Records

log = logging.getLogger(__name__)
POLL_SECONDS, IDLE_SECONDS, LEAST_SECONDS = 0.010, 0.050, 0.004
LOOK_SECONDS, WATCH_SECONDS, HEALTH_SECONDS, UPKEEP_SECONDS = 1.0, 0.25, 0.5, 60.0
# Enough in memory: nothing more is read.
ENOUGH_WAITING = 600
# How long answers are waited for after the word to stop, and when everything is to be written.
ANSWER_SECONDS, STOP_SECONDS = 1.1, 1.6
MOST_GIVEN_UP = 5000


class Dispatcher:
    """One process that sends pushes."""

    def __init__(self) -> None:
        rules = settings.MASKLINE
        self.owner = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.clock = Clock()
        self.lines = Lines(int(rules["push_slots"]))
        self._databases = [Database(), Database(), Database()]
        self.leases = Leases(self._databases[0], self.owner)
        self.claiming = Claiming(
            self._databases[1], self.leases, self.lines, self.clock, int(rules["push_per_endpoint"])
        )
        self.finishing = Finishing(self._databases[2], self.lines, self.owner, self._pump)
        self.records = Records()
        schedule = [int(minutes) for minutes in rules["push_retry_minutes"]]
        self.outgoing = Outgoing(self.leases, self.lines, self.clock, self.finishing, self.records, schedule)
        self._hinted = asyncio.Event()
        self._upkeep_now = asyncio.Event()
        self._stopping = False

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set, then end within two seconds, with everything written and given back."""
        loops = (
            self._look,
            self._watch,
            self._claim,
            self.finishing.run,
            self._keep_health,
            self._upkeep,
            self._listen,
        )
        tasks = [asyncio.create_task(loop(), name=loop.__name__) for loop in loops]
        stopped = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        self._stopping, end = True, time.monotonic() + STOP_SECONDS
        await self.outgoing.stop(ANSWER_SECONDS)
        for task in [stopped, *tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(end - time.monotonic()):
                await self.finishing.write()
                await self._write_health()
                await self.leases.leave()
        await self.outgoing.close()
        for database in self._databases:
            await database.close()
        for task in done - {stopped}:
            task.result()  # a loop that ended by itself: say why

    # --- the loops ---

    async def _look(self) -> None:
        await self._until_there(self.leases.prepare)
        while True:
            try:
                before = set(self.leases.held)
                self._lose(await self.leases.look())
                if self.leases.held.keys() - before:
                    self._upkeep_now.set()
                    self._hinted.set()
                busy = self.outgoing.shards() | self.finishing.shards()
                for shard in self.leases.leaving:
                    self._let_go(shard)
                await self.leases.give_back(self.leases.leaving - busy)
            except Exception as error:
                self._forgive(error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _watch(self) -> None:
        """Break off what a lease that ran out no longer covers. Waits for nothing but time."""
        while True:
            self._lose(self.leases.run_out())
            self.lines.look_again()
            self._pump()
            await asyncio.sleep(WATCH_SECONDS)

    async def _claim(self) -> None:
        pause = IDLE_SECONDS
        while not self._stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._hinted.wait()
            self._hinted.clear()
            enough = self.lines.enough(ENOUGH_WAITING, self.clock.now())
            try:
                came = await self._read_on() if enough else await self.claiming.claim()
            except Exception as error:
                self._forgive(error)
                pause = LOOK_SECONDS
                continue
            fault_point("push.claimed") if came else None
            self._after_claim()
            await asyncio.sleep(LEAST_SECONDS)
            pause = POLL_SECONDS if came or len(self.outgoing) else IDLE_SECONDS

    async def _read_on(self) -> int:
        """Read nothing more, only whether what waits may still be sent."""
        await self.claiming.refresh(set(), time.monotonic())
        return 0

    def _after_claim(self) -> None:
        self.finishing.hold(self.claiming.held)
        self.claiming.held = {}
        if self.claiming.saw_old:
            self.claiming.saw_old = False
            self._upkeep_now.set()
        self._pump()

    async def _keep_health(self) -> None:
        while True:
            await asyncio.sleep(HEALTH_SECONDS)
            try:
                await self._write_health()
            except Exception as error:
                self._forgive(error)

    async def _write_health(self) -> None:
        changes = self.records.take()
        if not changes:
            return
        try:
            rows = requests.as_json(recording.row(*change) for change in changes.values())
            await self._databases[2].rows("keep_health", rows=rows, owner=self.owner)
        except Exception:
            self.records.give_back(changes)
            raise

    async def _upkeep(self) -> None:
        """Give up what has waited too long; have partitions; forget endpoints that have been quiet."""
        while True:
            try:
                await keep_partitions()
                await self._give_up_old()
            except Exception as error:
                self._forgive(error)
            self.lines.tidy(time.monotonic())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(UPKEEP_SECONDS):
                    await self._upkeep_now.wait()
            self._upkeep_now.clear()
            await asyncio.sleep(1)

    async def _give_up_old(self) -> None:
        while self.leases.held:
            async with self._databases[2].transaction() as cursor:
                ended = await run(
                    cursor,
                    "give_up_old",
                    shards=list(self.leases.held),
                    hours=retry.MOST_WAIT.total_seconds() / 3600,
                    known="{" + ",".join(self.lines.known) + "}",
                    reason=requests.WAITED,
                    most=MOST_GIVEN_UP,
                )
                if not ended:
                    return
                await run(cursor, "release_calls", rows=requests.as_json(releases(ended)))

    async def _listen(self) -> None:
        """Wake the reading when somebody says that something is due."""
        while True:
            # Whatever goes wrong here: the outbox is read without being woken.
            with contextlib.suppress(Exception):
                async with redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2) as client:
                    async with client.pubsub() as channel:
                        await channel.subscribe(hints.CHANNEL)
                        async for _ in channel.listen():
                            self._hinted.set()
            await asyncio.sleep(1)

    # --- what is given up ---

    def _lose(self, shards: set[int]) -> None:
        """Break off the requests of shares that are no longer ours, and let go of their pushes."""
        if not shards:
            return
        log.warning("%d shares of the outbox were lost", len(shards))
        self.outgoing.break_off(shards)
        for shard in shards:
            self._let_go(shard, under_way=True)

    def _let_go(self, shard: int, *, under_way: bool = False) -> None:
        for id, line in self.lines.lines.items():
            if line.size and next(iter(line.chains.values()))[0].shard == shard:
                self.lines.drop(id, under_way=under_way)

    def _pump(self) -> None:
        self.outgoing.pump()

    async def _until_there(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await work()
            except Exception as error:
                self._forgive(error)
                await asyncio.sleep(LOOK_SECONDS)

    def _forgive(self, error: Exception) -> None:
        """Go on when only the database is away; anything else ends the process, which is started again."""
        if not away(error):
            raise error
        log.warning("the database is away: %s", type(error).__name__)

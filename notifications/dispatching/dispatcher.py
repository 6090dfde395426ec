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
from redis.exceptions import RedisError

from common.errors import WrongKey
from common.faults import fault_point
from common.keyring import keyring
from notifications import hints, retry
from notifications.dispatching import requests
from notifications.dispatching.claiming import Claiming
from notifications.dispatching.clock import Clock
from notifications.dispatching.database import Database, away
from notifications.dispatching.finishing import Finishing, Outcome, keep_partitions
from notifications.dispatching.leases import Leases
from notifications.dispatching.lines import Claimed, Line, Lines
from notifications.dispatching.recording import Records
from notifications.dispatching.requests import Result
from notifications.models import Endpoint, Push
from notifications.sending import Sender, Sent

log = logging.getLogger(__name__)
POLL_SECONDS, IDLE_SECONDS, LEAST_SECONDS = 0.010, 0.050, 0.004
LOOK_SECONDS, WATCH_SECONDS, HEALTH_SECONDS, UPKEEP_SECONDS = 1.0, 0.25, 0.5, 60.0
# A request under way for longer no longer takes one of the places of quick ones; there are as many places for those.
SLOW_SECONDS = 0.5
# Enough in memory: nothing more is read.
ENOUGH_WAITING = 600
STOP_SECONDS = 1.2
MOST_GIVEN_UP = 5000


class Dispatcher:
    """One process that sends pushes."""

    def __init__(self) -> None:
        rules = settings.MASKLINE
        self.slots = int(rules["push_slots"])
        self.schedule = tuple(int(minutes) for minutes in rules["push_retry_minutes"])
        self.owner = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.clock = Clock()
        self.lines = Lines(self.slots)
        self._databases = [Database(), Database(), Database()]
        self.leases = Leases(self._databases[0], self.owner)
        self.claiming = Claiming(
            self._databases[1], self.leases, self.lines, self.clock, int(rules["push_per_endpoint"])
        )
        self.finishing = Finishing(self._databases[2], self.lines, self.owner, self._pump)
        self.records = Records()
        self.sender = Sender(keep_alive=True)
        # {task: (push, its line, when it began)}, in the order in which they began.
        self._under_way: dict[asyncio.Task[None], tuple[Claimed, Line, float]] = {}
        self._hinted = asyncio.Event()
        self._upkeep_now = asyncio.Event()
        self._stopping = False

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set, then end within two seconds, with everything written and given back."""
        await self._until_there(self.leases.prepare)
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
        self._stopping = True
        await self._finish_requests()
        for task in [stopped, *tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(0.5):
                await self.finishing.write()
                await self._write_health()
                await self.leases.leave()
        await self.sender.close()
        for database in self._databases:
            await database.close()
        for task in done - {stopped}:
            task.result()  # a loop that ended by itself: say why

    # --- the loops ---

    async def _look(self) -> None:
        while True:
            try:
                before = set(self.leases.held)
                self._lose(await self.leases.look())
                if self.leases.held.keys() - before:
                    self._upkeep_now.set()
                    self._hinted.set()
                busy = {push.shard for push, _, _ in self._under_way.values()} | self.finishing.shards()
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
            await asyncio.sleep(WATCH_SECONDS)

    async def _claim(self) -> None:
        pause = IDLE_SECONDS
        while not self._stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._hinted.wait()
            self._hinted.clear()
            if self.lines.waiting >= ENOUGH_WAITING:
                pause = POLL_SECONDS
                self._pump()
                continue
            try:
                came = await self.claiming.claim()
            except Exception as error:
                self._forgive(error)
                pause = LOOK_SECONDS
                continue
            fault_point("push.claimed") if came else None
            self._after_claim()
            await asyncio.sleep(LEAST_SECONDS)
            pause = POLL_SECONDS if came or self._under_way else IDLE_SECONDS

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
        rows = self.records.rows()
        if rows:
            await self._databases[2].rows("keep_health", rows=requests.as_json(rows))

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
            ended = await self._databases[2].rows(
                "give_up_old",
                shards=list(self.leases.held),
                hours=retry.MOST_WAIT.total_seconds() / 3600,
                known="{" + ",".join(self.lines.known) + "}",
                reason=requests.WAITED,
                most=MOST_GIVEN_UP,
            )
            if not ended:
                return
            calls = [{"endpoint": endpoint, "order_key": key} for endpoint, key in set(ended)]
            await self._databases[2].rows("release_calls", rows=requests.as_json(calls))

    async def _listen(self) -> None:
        """Wake the reading when somebody says that something is due."""
        while True:
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                async with redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2) as client:
                    async with client.pubsub() as channel:
                        await channel.subscribe(hints.CHANNEL)
                        async for _ in channel.listen():
                            self._hinted.set()
            await asyncio.sleep(1)

    # --- requests ---

    def _pump(self) -> None:
        """Begin as many requests as may be under way."""
        if self._stopping:
            return
        now = self.clock.now()
        while (free := self._free()) > 0:
            taken = self.lines.take(now, free)
            if taken is None:
                return
            line, push = taken
            if not self.leases.may_begin(push.shard, push.epoch):
                self.lines.break_off(line)
                self._let_go(push.shard)
                continue
            task = asyncio.create_task(self._send(line, push))
            self._under_way[task] = push, line, time.monotonic()
            task.add_done_callback(self._ended)

    def _free(self) -> int:
        """Return how many requests may begin: quick ones have the places, slow ones as many of their own."""
        if self.finishing.unwritten >= self.slots * 4:
            return 0
        limit = time.monotonic() - SLOW_SECONDS
        slow = 0
        for _, _, began in self._under_way.values():
            if began > limit or slow >= self.slots:
                break
            slow += 1
        return self.slots + slow - len(self._under_way)

    async def _send(self, line: Line, push: Claimed) -> None:
        at = self.clock.now()
        try:
            body = keyring().open_body(push.body)
        except WrongKey:
            self._set_aside(line, push)
            return
        fault_point("push.sending")
        try:
            headers = requests.headers(line.recipient, push, body, at)
            sent = await self.sender.send(line.recipient.url, headers, body)
        except asyncio.CancelledError:
            if self._stopping:
                self._record(line, push, Sent(problem=Result.TIMEOUT, reason=requests.STOPPED), learn=False)
            else:
                self.lines.break_off(line)
            raise
        fault_point("push.answered")
        self._record(line, push, sent)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a request ended in an error", exc_info=error)
        self._pump()

    def _record(self, line: Line, push: Claimed, sent: Sent, *, learn: bool = True) -> None:
        """Take in what became of a request."""
        now = self.clock.now()
        result, reason = requests.verdict(sent, any_2xx=line.recipient.any_2xx)
        outcome = Outcome(push, now, result, sent.status, sent.duration_us, reason, requests.kept_answer(sent.answer))
        if outcome.delivered:
            self.lines.arrived(line, push)
            line.health.learn(now, failed=False, timed_out=False)
            self.records.success(line, now)
        else:
            self._plan(line, outcome)
            if learn:
                self._learn_failure(line, outcome)
        self.finishing.add(outcome)

    def _plan(self, line: Line, outcome: Outcome) -> None:
        """Say when a push that failed is due again, or that it is given up; its call waits in the outbox."""
        push, made = outcome.push, outcome.push.attempt + 1
        first = push.first_failed_at or outcome.at
        outcome.due_at = retry.next_due(requests.uuid_of(push.id), made, first, outcome.at, self.schedule)
        if outcome.due_at is None:
            outcome.state, outcome.why = Push.State.DEAD, requests.GAVE_UP
        refused = retry.is_refusal(outcome.status) and outcome.status != retry.GONE
        outcome.poison = refused and made >= retry.POISON_ATTEMPTS and line.health.is_good(outcome.at)
        outcome.forget = self.lines.let_call_go(line, push)

    def _learn_failure(self, line: Line, outcome: Outcome) -> None:
        opened = line.health.learn(outcome.at, failed=True, timed_out=outcome.result == Result.TIMEOUT)
        gone = outcome.status == retry.GONE
        state = self.records.failure(line, outcome.at, outcome.reason, gone=gone)
        off = state in (Endpoint.State.PAUSED, Endpoint.State.DISABLED)
        if off or line.health.closed_until is not None:
            self.lines.drop(line.recipient.id, under_way=False)
        if off or opened:
            log.warning("endpoint %s: %s", line.recipient.id, "left alone" if not off else state)

    def _set_aside(self, line: Line, push: Claimed) -> None:
        outcome = Outcome(push, self.clock.now(), "", state=Push.State.PARKED, why=requests.UNREADABLE)
        outcome.forget = self.lines.let_call_go(line, push)
        self.finishing.add(outcome)

    # --- what is given up ---

    def _lose(self, shards: set[int]) -> None:
        """Break off the requests of shares that are no longer ours, and let go of their pushes."""
        if not shards:
            return
        log.warning("%d shares of the outbox were lost", len(shards))
        for task, (push, _, _) in list(self._under_way.items()):
            if push.shard in shards:
                task.cancel()
        for shard in shards:
            self._let_go(shard, under_way=True)

    def _let_go(self, shard: int, *, under_way: bool = False) -> None:
        for id, line in self.lines.lines.items():
            if line.size and next(iter(line.chains.values()))[0].shard == shard:
                self.lines.drop(id, under_way=under_way)

    async def _finish_requests(self) -> None:
        """Wait a little for the requests under way; break off the rest, as time-outs that count as attempts."""
        if self._under_way:
            await asyncio.wait(list(self._under_way), timeout=STOP_SECONDS)
        for task in list(self._under_way):
            task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

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

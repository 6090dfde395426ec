"""What became of pushes, written in batches of one transaction each, under the lease they were sent under."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone
from psycopg import AsyncCursor

from common import partitions, timeid
from common.faults import fault_point
from notifications import retry
from notifications.dispatching.database import Database, away, run, unreachable
from notifications.dispatching.lines import CallKey, Claimed, Lines
from notifications.dispatching.requests import POISON, as_json, bytes_of
from notifications.models import Attempt, Push

log = logging.getLogger(__name__)
MOST = 500
# Between two batches: a busy disk is not asked for one commit a push.
PAUSE_SECONDS = 0.008
RETRY_SECONDS = 1.0


@dataclass(slots=True)
class Outcome:
    """What became of one push. `forget`: whose ids may be read again once this is written (its call waits with it)."""

    push: Claimed
    at: datetime
    result: str
    status: int | None = None
    took_us: int = 0
    reason: str = ""
    answer: str | None = None
    # Not delivered: when it is due again, or its last state and why.
    due_at: datetime | None = None
    state: int = Push.State.PENDING
    why: str = ""
    poison: bool = False
    forget: list[str] = field(default_factory=list)

    @property
    def delivered(self) -> bool:
        """Return whether it arrived."""
        return self.result == Attempt.Result.DELIVERED


class Finishing:
    """Collects outcomes and writes them."""

    def __init__(self, database: Database, lines: Lines, owner: str, written: Callable[[], None]) -> None:
        self._database, self._lines, self._owner, self._on_written = database, lines, owner, written
        self._waiting: list[Outcome] = []
        self._holds: dict[CallKey, tuple[int, datetime]] = {}
        self._wake = asyncio.Event()
        self._most = MOST
        self.unwritten = 0
        # The database was not to be reached the last time: were we killed, what is sent now would come twice.
        self.cut_off = False

    def add(self, outcome: Outcome) -> None:
        """Take an outcome in, to be written soon."""
        self._waiting.append(outcome)
        self.unwritten += 1
        self._wake.set()

    def hold(self, calls: dict[CallKey, tuple[int, datetime]]) -> None:
        """Have calls wait for their first push."""
        if calls:
            self._holds |= calls
            self._wake.set()

    def shards(self) -> set[int]:
        """Return the shares of which something is not written yet."""
        return {outcome.push.shard for outcome in self._waiting}

    async def run(self) -> None:
        """Write for ever. What cannot be written now is written later, and not sent again meanwhile."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.write()
            except Exception as error:
                if not away(error):
                    self._set_aside()
                self.cut_off = unreachable(error)
                self._wake.set()
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS)

    def _set_aside(self) -> None:
        """After an outcome that the database does not take: one at a time, that one last."""
        log.exception("outcomes of pushes could not be written")
        if self._most == 1:
            self._waiting.append(self._waiting.pop(0))
        self._most = 1

    async def write(self) -> None:
        """Write what there is."""
        while self._waiting or self._holds:
            batch, holds = self._waiting[: self._most], dict(self._holds)
            try:
                await self._commit(batch, holds)
            except psycopg.errors.CheckViolation:
                # The partition of attempts was dropped, or there is none yet.
                await keep_partitions(forget=True)
                await self._commit(batch, holds)
            del self._waiting[: len(batch)]
            self._holds = {call: hold for call, hold in self._holds.items() if holds.get(call) != hold}
            for outcome in batch:
                if outcome.delivered:
                    self._lines.arrival_written(outcome.push)
                else:
                    self._lines.failure_written(outcome.push, outcome.forget)
            self._most = min(MOST, self._most * 2)
            self.unwritten -= len(batch)
            self.cut_off = False
            self._on_written()

    async def _commit(self, batch: Sequence[Outcome], holds: dict[CallKey, tuple[int, datetime]]) -> None:
        delivered = [outcome for outcome in batch if outcome.delivered]
        failed = [outcome for outcome in batch if not outcome.delivered]
        ended = [_place(outcome) for outcome in delivered if outcome.push.attempt]
        fault_point("push.finishing")
        # As a rule everything arrived at the first attempt: one statement is the whole transaction.
        async with self._database.transaction(one=not (failed or holds or ended)) as cursor:
            if delivered:
                await run(cursor, "finish_delivered", rows=as_json(map(_row, delivered)), owner=self._owner)
            if failed:
                states = await self._write_failed(cursor, failed)
                waits = [outcome for outcome in failed if states.get(outcome.push.id) == Push.State.PENDING]
                holds = holds | {_call(each): (each.push.sequence, each.due_at) for each in waits if each.due_at}
                ended += [_place(each) for each in failed if states.get(each.push.id, 0) != Push.State.PENDING]
            if holds:
                await run(cursor, "hold_calls", rows=as_json(_hold(*each) for each in holds.items()))
            if ended:
                await run(cursor, "release_calls", rows=as_json(releases(ended)))

    async def _write_failed(self, cursor: AsyncCursor[Any], failed: Sequence[Outcome]) -> dict[str, int]:
        rows = await run(
            cursor,
            "finish_failed",
            rows=as_json(map(_failed_row, failed)),
            poison=retry.POISON_ATTEMPTS,
            parked=POISON,
            owner=self._owner,
        )
        return dict(rows)


async def keep_partitions(*, forget: bool = False) -> None:
    """Make the partitions of attempts of now and the next two weeks."""
    await sync_to_async(_keep_partitions)(forget=forget)


def _keep_partitions(*, forget: bool) -> None:
    if forget:
        partitions.forget(Attempt._meta.db_table)
    now = timezone.now()
    weeks = [now, now + timedelta(days=7), now + timedelta(days=14)]
    try:
        partitions.ensure(Attempt, Attempt.partition_interval, weeks)
    finally:
        # Django's own connection of this thread: kept, it would be idle for hours, and broken after a restart.
        connection.close()


def _call(outcome: Outcome) -> CallKey:
    return outcome.push.endpoint_id, outcome.push.order_key


def _place(outcome: Outcome) -> tuple[int, int, int]:
    return *_call(outcome), outcome.push.sequence


def _row(outcome: Outcome) -> dict[str, Any]:
    push = outcome.push
    number = push.attempt + 1
    return {
        "push": push.id,
        # Where it was sent: the row may have been moved to another endpoint since.
        "endpoint": push.endpoint_id,
        "shard": push.shard,
        "epoch": push.epoch,
        "id": str(timeid.time_id(outcome.at, "attempt", bytes_of(push.id), number)) if outcome.result else None,
        "number": number,
        "result": outcome.result,
        "status": outcome.status,
        "took": min(outcome.took_us, 2**31 - 1),
        "reason": outcome.reason[:300],
        "answer": outcome.answer,
    }


def _failed_row(outcome: Outcome) -> dict[str, Any]:
    push = outcome.push
    return _row(outcome) | {
        "made": push.attempt,
        "at": outcome.at.isoformat(),
        "due": outcome.due_at.isoformat() if outcome.due_at else None,
        "state": int(outcome.state),
        "why": outcome.why,
        "poison": outcome.poison,
        "since": str(timeid.lower(push.queued_at)),
    }


def _hold(call: CallKey, hold: tuple[int, datetime]) -> dict[str, Any]:
    return {"endpoint": call[0], "order_key": call[1], "sequence": hold[0], "due": hold[1].isoformat()}


def releases(ended: Iterable[tuple[int, int, int]]) -> Iterator[dict[str, int]]:
    """Return what `release_calls` takes, of (endpoint, order key, sequence): of each call its first one that ended."""
    firsts: dict[CallKey, int] = {}
    for endpoint_id, order_key, sequence in ended:
        call = endpoint_id, order_key
        firsts[call] = min(sequence, firsts.get(call, sequence))
    return ({"endpoint": call[0], "order_key": call[1], "sequence": first} for call, first in firsts.items())

"""Due pushes from the outbox into the lines, whole calls from their first push on."""

import logging
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from common.errors import WrongKey
from common.sealed import open_text
from notifications import retry, signing
from notifications.dispatching.clock import Clock
from notifications.dispatching.database import Database, Rows
from notifications.dispatching.health import Health
from notifications.dispatching.leases import Leases
from notifications.dispatching.lines import CallKey, Claimed, Line, Lines, Recipient
from notifications.dispatching.waiting import Waiting

log = logging.getLogger(__name__)
MOST = 500
A_CALL = 4
AN_ENDPOINT = 16
# A line with this many waiting has enough; of a call no more than A_CALL count.
FULL = 12
# Of long calls that have enough in memory, this many pushes are stepped over to find other calls.
STEPPED_OVER = 10_000
# What an endpoint's application says is read again at each claim, and for what waits in memory as often as this.
FRESH_SECONDS = 0.5
# What a line knows is written by then, and what its row says is as new.
SETTLED_SECONDS = 2.0


class Claiming:
    """Reads what is due, in turns around all endpoints."""

    def __init__(self, database: Database, leases: Leases, lines: Lines, clock: Clock, most: int) -> None:
        self._database, self._leases, self._lines, self._clock = database, leases, lines, clock
        self._most_an_endpoint = most
        self._waiting = Waiting()
        self._after = 0
        self._checked_at = 0.0
        self._gaps: dict[CallKey, int] = {}
        self._unreadable: set[int] = set()
        # Calls whose first push is not due yet: (endpoint, order key, its sequence, when it is due).
        self.held: dict[CallKey, tuple[int, datetime]] = {}
        self.saw_old = False

    async def claim(self) -> int:
        """Read due pushes once; return how many came into the lines."""
        epochs = self._leases.claimable()
        if not epochs:
            return 0
        lines = self._lines
        lines.let_go.clear()
        began = time.monotonic()
        if looks := self._waiting.must_look(epochs, began):
            await self._look(epochs, began)
        # What is known now: between the two statements outcomes were written.
        known = dict(lines.known)
        rows = await self._read(epochs, known)
        if looks:
            self._waiting.took(time.monotonic() - began, time.monotonic())
        await self.refresh({(row[1], row[2]) for row in rows}, began)
        return self._take_in(rows, epochs, known)

    async def _look(self, epochs: dict[int, int], began: float) -> None:
        found, now = (await self._database.rows("find_waiting", shards=list(epochs)))[0]
        self._clock.set(now, began)
        self._waiting.looked(epochs, found or (), began)

    async def _read(self, epochs: dict[int, int], known: dict[str, int]) -> Rows:
        full = {id for id, line in self._lines.lines.items() if _is_full(line) or self._is_shut(line)}
        ids = [id for id in self._waiting.turns(self._after) if id not in full]
        long = _long_calls(self._lines.lines, set(self._lines.lines) - full)
        floors = self._waiting.floors
        now, began = self._clock.now(), time.monotonic()
        rows = await self._database.rows(
            "claim_pushes",
            shards=list(epochs),
            since=self._waiting.since(now),
            seen=_array(full | floors.keys()),
            ids=_array(ids),
            floors=_array(floors[id] for id in ids),
            known=_array(known),
            known_at=_array(known.values()),
            long_at=_array(endpoint for endpoint, _ in long),
            long_keys=_array(order_key for _, order_key in long),
            an_endpoint=AN_ENDPOINT,
            stepped_over=STEPPED_OVER,
            a_call=A_CALL,
            most=MOST,
        )
        found: dict[int, datetime] = {}
        for row in rows:
            found[row[1]] = min(row[-2], found.get(row[1], row[-2]))
        last = rows[-1][1] if len(rows) >= MOST else None
        # What was stepped over was not found, and is due from where its call was read to.
        for (id, _), due_at in long.items():
            if id in found or (last is None and id in floors):
                found[id] = min(due_at, found.get(id, due_at))
        self._after = last or 0
        self._waiting.read(ids, found, now, last=last)
        if rows:
            self._clock.set(rows[0][-1], began)
        return rows

    async def refresh(self, calls: set[CallKey], now: float) -> None:
        """Read anew what requests of these calls need, and those to endpoints whose pushes wait in memory."""
        lines = self._lines.lines
        stale = {id for id, line in lines.items() if line.size and now - line.recipient.read_at > FRESH_SECONDS}
        ids = stale | {endpoint for endpoint, _ in calls}
        if ids:
            rows = await self._database.rows("read_endpoints", ids=sorted(ids))
            await self._find_gaps(calls, {row[0] for row in rows if row[-1]})
            for row in rows:
                self._meet(row, now)
        if now - self._checked_at > FRESH_SECONDS:
            self._checked_at = now
            await self._let_go_of_taken_away()

    async def _find_gaps(self, calls: set[CallKey], endpoints: set[int]) -> None:
        where = [call for call in calls if call[0] in endpoints]
        self._gaps = {}
        if where:
            ids, keys = map(list, zip(*where, strict=True))
            found = await self._database.rows("find_gaps", endpoints=ids, order_keys=keys)
            self._gaps = {(endpoint, order_key): sequence for endpoint, order_key, sequence in found}

    async def _let_go_of_taken_away(self) -> None:
        """Forget what waits in memory for endpoints some of whose pushes were moved or given up meanwhile."""
        waiting = [(push.id, push.endpoint_id) for push in self._lines.not_begun()]
        if not waiting:
            return
        ids, endpoints = map(list, zip(*waiting, strict=True))
        for (endpoint,) in await self._database.rows("find_taken_away", ids=_array(ids), endpoints=endpoints):
            self._lines.drop(endpoint, under_way=False)

    def _is_shut(self, line: Line) -> bool:
        """Return whether nothing more may come into a line: it is left alone, or the one that tries it is there."""
        until = line.health.closed_until
        return until is not None and (line.size > 0 or until > self._clock.now())

    def _meet(self, row: tuple[Any, ...], now: float) -> None:
        (
            id,
            account,
            application,
            url,
            any_2xx,
            state,
            closed_until,
            failing_since,
            misses,
            succeeded_at,
            failed_at,
            key,
            secret,
            old,
            wsse,
            _,
        ) = row
        line = self._lines.lines.get(id)
        try:
            secrets = [open_text(each) for each in (secret, old) if each is not None]
            keys = tuple(signing.webhook_key(each) for each in secrets)
        except (WrongKey, ValueError):
            if id not in self._unreadable:
                log.error("endpoint %s: the secret of its application cannot be read", id)
            self._unreadable.add(id)
            self._lines.drop(id, under_way=False)
            return
        self._unreadable.discard(id)
        recipient = Recipient(id, account, application, url, any_2xx, key, secrets[0], keys, wsse, now)
        if line is None:
            health = Health(closed_until, self._most_an_endpoint)
            self._lines.lines[id] = Line(recipient, health, failing_since, misses, succeeded_at, failed_at)
            return
        if not line.size and not line.busy and now - line.recipient.read_at > SETTLED_SECONDS:
            # People may have set it in use again meanwhile.
            line.failing_since, line.misses, line.health.closed_until = failing_since, misses, closed_until
            line.succeeded_at, line.failed_at = succeeded_at, failed_at
        line.recipient = recipient
        if state in ("paused", "disabled"):
            self._lines.drop(id, under_way=False)

    def _take_in(self, rows: Rows, epochs: dict[int, int], known: dict[str, int]) -> int:
        now = self._clock.now()
        came = 0
        skipped: set[CallKey] = set()
        for row in rows:
            push = self._claimed(row, epochs)
            call = push.endpoint_id, push.order_key
            if call in skipped:
                continue
            line = self._lines.lines.get(push.endpoint_id)
            lost = not self._leases.is_ours(push.shard, push.epoch)
            stale = call in self._lines.let_go or call in self._lines.unwritten
            # One that is known was read elsewhere and moved here since: its call waits until that is over.
            seen = push.id in known or push.id in self._lines.known
            if line is None or lost or stale or seen or self._is_shut(line):
                skipped.add(call)
                continue
            if retry.has_waited_too_long(push.queued_at, now):
                self.saw_old = True
                skipped.add(call)
                continue
            chain = line.chains.get(push.order_key)
            # One before what is read already was moved here, and another dispatcher may be sending it yet.
            if push.due_at > now and (not chain or push.attempt or push.sequence < chain[-1].sequence):
                if not chain:
                    self.held[call] = push.sequence, push.due_at
                skipped.add(call)
                continue
            self._lines.add(line, push)
            came += 1
        return came

    def _claimed(self, row: tuple[Any, ...], epochs: dict[int, int]) -> Claimed:
        (id, endpoint, order_key, sequence, shard, body, attempt, due_at, failed_at, queued_at, replay, *_) = row
        given_up = self._gaps.get((endpoint, order_key))
        gap = given_up is not None and given_up < sequence
        epoch = epochs.get(shard, -1)
        return Claimed(
            id, endpoint, order_key, sequence, shard, epoch, body, attempt, due_at, failed_at, queued_at, replay, gap
        )


def _is_full(line: Line) -> bool:
    """Return whether a line has enough waiting: one long call alone does not fill it."""
    return line.size >= FULL and sum(min(len(chain), A_CALL) for chain in line.chains.values()) >= FULL


def _long_calls(lines: dict[int, Line], ids: Iterable[int]) -> dict[CallKey, datetime]:
    """Return the calls of these lines of which enough waits in memory, and when the last of that was due."""
    where = ((id, lines[id].chains) for id in ids if lines[id].size >= A_CALL)
    return {(id, key): chain[-1].due_at for id, of in where for key, chain in of.items() if len(chain) >= A_CALL}


def _array(values: Iterable[object]) -> str:
    """Return plain values as PostgreSQL writes an array, which costs less than a list of parameters."""
    return "{" + ",".join(map(str, values)) + "}"

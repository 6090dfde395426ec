"""Due pushes from the outbox into the lines, whole calls from their first push on."""

import logging
import time
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

log = logging.getLogger(__name__)
MOST = 500
A_CALL = 4
AN_ENDPOINT = 16
# A line with this many waiting has enough.
FULL = 12
# What an endpoint's application says is read again at each claim, and for what waits in memory as often as this.
FRESH_SECONDS = 0.5
# What a line knows is written by then, and what its row says is as new.
SETTLED_SECONDS = 2.0


class Claiming:
    """Reads what is due, in turns around all endpoints."""

    def __init__(self, database: Database, leases: Leases, lines: Lines, clock: Clock, most: int) -> None:
        self._database, self._leases, self._lines, self._clock = database, leases, lines, clock
        self._most_an_endpoint = most
        self._after = 0
        # Calls whose first push is not due yet: (endpoint, order key, its sequence, when it is due).
        self.held: dict[CallKey, tuple[int, datetime]] = {}
        self.saw_old = False

    async def claim(self) -> int:
        """Read due pushes once; return how many came into the lines."""
        epochs = self._leases.claimable()
        if not epochs:
            return 0
        lines = self._lines
        known = frozenset(lines.known)
        lines.let_go.clear()
        began = time.monotonic()
        rows = await self._database.rows(
            "claim_pushes",
            after=self._after,
            shards=list(epochs),
            full=[id for id, line in lines.lines.items() if line.size >= FULL],
            known="{" + ",".join(known) + "}",
            an_endpoint=AN_ENDPOINT,
            a_call=A_CALL,
            most=MOST,
        )
        self._after = max(row[1] for row in rows) if len(rows) >= MOST else 0
        if rows:
            self._clock.set(rows[0][-1], began)
        await self._refresh({row[1] for row in rows}, began)
        return self._take_in(rows, epochs, known)

    async def _refresh(self, ids: set[int], now: float) -> None:
        """Read anew what requests to these endpoints need, and to those whose pushes wait in memory."""
        lines = self._lines.lines
        stale = {id for id, line in lines.items() if line.size and now - line.recipient.read_at > FRESH_SECONDS}
        if not ids | stale:
            return
        rows = await self._database.rows("read_endpoints", ids=sorted(ids | stale))
        gaps = [row[0] for row in rows if row[-1]]
        self._gaps: dict[CallKey, int] = {}
        if gaps:
            found = await self._database.rows("find_gaps", ids=gaps)
            self._gaps = {(endpoint, order_key): sequence for endpoint, order_key, sequence in found}
        for row in rows:
            self._meet(row, now)

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
            log.error("endpoint %s: the secret of its application cannot be read", id)
            self._lines.drop(id, under_way=False)
            return
        recipient = Recipient(id, account, application, url, any_2xx, key, secrets[0], keys, wsse, now)
        if line is None:
            health = Health(closed_until, self._most_an_endpoint)
            self._lines.lines[id] = Line(recipient, health, failing_since, misses)
            return
        if not line.size and not line.busy and now - line.recipient.read_at > SETTLED_SECONDS:
            # People may have set it in use again meanwhile.
            line.failing_since, line.misses, line.health.closed_until = failing_since, misses, closed_until
        line.recipient = recipient
        if state in ("paused", "disabled"):
            self._lines.drop(id, under_way=False)

    def _take_in(self, rows: Rows, epochs: dict[int, int], known: frozenset[str]) -> int:
        now = self._clock.now()
        came = 0
        skipped: set[CallKey] = set()
        for row in rows:
            push = self._claimed(row, epochs)
            call = push.endpoint_id, push.order_key
            if call in skipped:
                continue
            line = self._lines.lines.get(push.endpoint_id)
            lease = self._leases.held.get(push.shard)
            lost = lease is None or lease.epoch != push.epoch
            stale = call in self._lines.let_go or call in self._lines.unwritten
            if line is None or lost or stale or push.id in self._lines.known:
                skipped.add(call)
                continue
            if retry.has_waited_too_long(push.queued_at, now):
                self.saw_old = True
                skipped.add(call)
                continue
            if push.due_at > now and (push.order_key not in line.chains or push.attempt):
                if push.order_key not in line.chains:
                    self.held[call] = push.sequence, push.due_at
                skipped.add(call)
                continue
            self._lines.add(line, push)
            came += 1
        return came

    def _claimed(self, row: tuple[Any, ...], epochs: dict[int, int]) -> Claimed:
        (id, endpoint, order_key, sequence, shard, body, attempt, due_at, failed_at, queued_at, replay, _) = row
        given_up = self._gaps.get((endpoint, order_key))
        gap = given_up is not None and given_up < sequence
        epoch = epochs.get(shard, -1)
        return Claimed(
            id, endpoint, order_key, sequence, shard, epoch, body, attempt, due_at, failed_at, queued_at, replay, gap
        )

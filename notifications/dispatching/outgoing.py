"""Requests on their way: begun as places are free, each judged when it ends, the endpoint's health with it."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import timedelta

from common.errors import WrongKey
from common.faults import fault_point
from common.keyring import keyring
from notifications import retry
from notifications.dispatching import requests
from notifications.dispatching.clock import Clock
from notifications.dispatching.finishing import Finishing, Outcome
from notifications.dispatching.leases import Leases
from notifications.dispatching.lines import Claimed, Line, Lines
from notifications.dispatching.recording import Records
from notifications.dispatching.requests import Result
from notifications.models import Endpoint, Push
from notifications.sending import Sender, Sent

log = logging.getLogger(__name__)
# A request under way for longer no longer takes one of the places of quick ones; there are as many places for those.
SLOW_SECONDS = 0.5
# Outcomes that are not written yet, as a multiple of the places: with more nothing is begun.
MOST_UNWRITTEN = 4


class Outgoing:
    """The requests of one dispatcher."""

    def __init__(
        self,
        leases: Leases,
        lines: Lines,
        clock: Clock,
        finishing: Finishing,
        records: Records,
        schedule: Sequence[int],
    ) -> None:
        self._leases, self._lines, self._clock = leases, lines, clock
        self._finishing, self._records, self._schedule = finishing, records, schedule
        self._sender = Sender(keep_alive=True)
        # {task: (push, its line, when it began)}, in the order in which they began.
        self._under_way: dict[asyncio.Task[None], tuple[Claimed, Line, float]] = {}
        self._stopping = False

    def __len__(self) -> int:
        return len(self._under_way)

    def shards(self) -> set[int]:
        """Return the shares of which a request is under way."""
        return {push.shard for push, _, _ in self._under_way.values()}

    def break_off(self, shards: set[int]) -> None:
        """Break off the requests of shares that are no longer ours."""
        for task, (push, _, _) in list(self._under_way.items()):
            if push.shard in shards:
                task.cancel()

    async def stop(self, seconds: float) -> None:
        """Begin nothing more, wait a little, break off the rest: time-outs that count as attempts."""
        self._stopping = True
        if self._under_way:
            await asyncio.wait(list(self._under_way), timeout=seconds)
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._sender.close()

    def pump(self) -> None:
        """Begin as many requests as may be under way."""
        if self._stopping:
            return
        now = self._clock.now()
        while (free := self._free()) > 0:
            taken = self._lines.take(now, free)
            if taken is None:
                return
            line, push = taken
            if not self._leases.may_begin(push.shard, push.epoch):
                self._lines.put_back(line, push)
                return
            task = asyncio.create_task(self._send(line, push))
            self._under_way[task] = push, line, time.monotonic()
            task.add_done_callback(self._ended)

    def _free(self) -> int:
        """Return how many requests may begin: quick ones have the places, slow ones as many of their own."""
        if self._finishing.cut_off or self._finishing.unwritten >= self._lines.slots * MOST_UNWRITTEN:
            return 0
        limit = time.monotonic() - SLOW_SECONDS
        slow = 0
        for _, _, began in self._under_way.values():
            if began > limit or slow >= self._lines.slots:
                break
            slow += 1
        return self._lines.slots + slow - len(self._under_way)

    async def _send(self, line: Line, push: Claimed) -> None:
        at = self._clock.now()
        try:
            body = keyring().open_body(push.body)
        except WrongKey:
            self._set_aside(line, push)
            return
        fault_point("push.sending")
        try:
            headers = requests.headers(line.recipient, push, body, at)
            sent = await self._sender.send(line.recipient.url, headers, body)
        except Exception:
            log.exception("a request could not be made")
            sent = Sent(problem=Result.BAD_ANSWER, reason=requests.NOT_MADE)
        fault_point("push.answered")
        self._record(line, push, sent)

    def _ended(self, task: asyncio.Task[None]) -> None:
        push, line, _ = self._under_way.pop(task)
        if task.cancelled() and self._stopping:
            self._record(line, push, Sent(problem=Result.TIMEOUT, reason=requests.STOPPED), learn=False)
        elif task.cancelled():
            self._lines.break_off(line)
        elif (error := task.exception()) is not None:
            log.error("a request ended in an error", exc_info=error)
        self.pump()

    def _record(self, line: Line, push: Claimed, sent: Sent, *, learn: bool = True) -> None:
        """Take in what became of a request."""
        now = self._clock.now()
        result, reason = requests.verdict(sent, any_2xx=line.recipient.any_2xx)
        outcome = Outcome(push, now, result, sent.status, sent.duration_us, reason, requests.kept_answer(sent.answer))
        if outcome.delivered:
            self._lines.arrived(line, push)
            line.health.learn(now, failed=False, timed_out=False)
            self._records.success(line, now)
        else:
            self._plan(line, outcome, retry.asked_wait(sent.retry_after, now))
            if learn:
                self._learn_failure(line, outcome)
        self._finishing.add(outcome)

    def _plan(self, line: Line, outcome: Outcome, asked: timedelta) -> None:
        """Say when a push that failed is due again, or that it is given up; its call waits in the outbox.

        `asked`: what its server asked to be left alone for.
        """
        push, made = outcome.push, outcome.push.attempt + 1
        first = push.first_failed_at or outcome.at
        outcome.due_at = retry.next_due(requests.uuid_of(push.id), made, first, outcome.at, self._schedule)
        if outcome.due_at is None:
            outcome.state, outcome.why = Push.State.DEAD, requests.GAVE_UP
        else:
            outcome.due_at = max(outcome.due_at, outcome.at + asked)
        refused = retry.is_refusal(outcome.status) and outcome.status != retry.GONE
        outcome.poison = refused and retry.is_to_blame(made, first, line.succeeded_at, outcome.at)
        outcome.forget = self._lines.let_call_go(line, push)

    def _learn_failure(self, line: Line, outcome: Outcome) -> None:
        opened = line.health.learn(outcome.at, failed=True, timed_out=outcome.result == Result.TIMEOUT)
        gone = outcome.status == retry.GONE
        state = self._records.failure(line, outcome.at, outcome.reason, gone=gone)
        off = state in (Endpoint.State.PAUSED, Endpoint.State.DISABLED)
        if off or line.health.closed_until is not None:
            self._lines.drop(line.recipient.id, under_way=False)
        if off or opened:
            log.warning("endpoint %s: %s", line.recipient.id, "left alone" if not off else state)

    def _set_aside(self, line: Line, push: Claimed) -> None:
        outcome = Outcome(push, self._clock.now(), "", state=Push.State.PARKED, why=requests.UNREADABLE)
        outcome.forget = self._lines.let_call_go(line, push)
        self._finishing.add(outcome)

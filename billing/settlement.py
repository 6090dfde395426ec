"""Settlement: the usage of due hours becomes charges, package use and ledger transactions (billing.md 1-5).

One (shard, hour) at a time, oldest hour first, each in one database transaction under the shard's lock. All set-based:
the statements and what each does stand in `sql/settlement.sql`. Exactly once by unique keys: a charge's id is the id of
its usage, and the usage is deleted by the transaction that charges it. Running again changes nothing.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from psycopg import errors

from accounts.models import SHARDS
from billing import ledger
from billing.locks import shard_lock
from billing.models import Charge
from common import partitions, sql, timeid
from common.errors import MasklineError, NotReady
from common.faults import fault_point
from common.periods import HOUR, hour_of

log = logging.getLogger(__name__)

ATTEMPTS = 3
Clock = Callable[[], datetime]


class CountsDiffer(MasklineError):
    """What was taken off the queue is not what was booked; the hour was rolled back and can be settled again."""

    retry = True


@dataclass(frozen=True)
class Booked:
    """What one settlement booked of one item in one currency. Units: minutes or message parts; late: lines."""

    item: str
    currency: str
    lines: int
    late: int
    units: int
    package_units: int
    overage_units: int
    amount: Decimal


@dataclass(frozen=True)
class SettledShardHour:
    """One settled (shard, hour). run_id is None, and nothing was booked, when all of it waits (`waiting` rows)."""

    shard: int
    hour: datetime
    run_id: int | None
    booked: tuple[Booked, ...]
    waiting: int


Watch = Callable[[Sequence[SettledShardHour]], None]


def settle(
    *,
    until: datetime,
    now: datetime,
    shards: Collection[int] | None = None,
    parallel: int = 1,
    watch: Watch = lambda settled: None,
) -> list[SettledShardHour]:
    """Settle every due hour that ended by `until`; return what was booked, oldest hour first.

    An hour is due `settlement_delay_minutes` after its end, judged by `now`. `parallel` shards are settled at a time,
    on database connections of their own when it is more than 1. A failing hour does not stop other shards: the first
    error is raised when they are done, and what they booked stays; `watch` is given it first.
    """
    started = time.monotonic()
    clock: Clock = lambda: now + timedelta(seconds=time.monotonic() - started)  # noqa: E731
    work = _due(until, now, range(SHARDS) if shards is None else shards)
    queues = [list(pairs) for _, pairs in groupby(sorted(work), key=lambda pair: pair[0])]
    outcomes = (
        _in_threads(queues, clock, parallel) if parallel > 1 else [_settle_queue(queue, clock) for queue in queues]
    )
    booked = (done for outcome, _ in outcomes for done in outcome)
    settled = sorted(booked, key=lambda done: (done.hour, done.shard))
    watch(settled)
    for _, error in outcomes:
        if error is not None:
            raise error
    return settled


def last_due_hour(until: datetime, now: datetime) -> datetime:
    """Return the start of the newest hour that ended by `until` and is due at `now`."""
    delay = timedelta(minutes=settings.MASKLINE["settlement_delay_minutes"])
    return hour_of(min(until, now - delay)) - HOUR


def _due(until: datetime, now: datetime, shards: Collection[int]) -> list[tuple[int, datetime]]:
    return _rows("settle_due", {"shards": sorted(shards), "last": last_due_hour(until, now)})


Outcome = tuple[list[SettledShardHour], Exception | None]


def _in_threads(queues: list[list[tuple[int, datetime]]], clock: Clock, parallel: int) -> list[Outcome]:
    """Settle shards side by side. Threads are enough: the database does the work."""

    def settle_queue(queue: list[tuple[int, datetime]]) -> Outcome:
        try:
            return _settle_queue(queue, clock)
        finally:
            connection.close()

    with ThreadPoolExecutor(parallel, "settle") as pool:
        return list(pool.map(settle_queue, queues))


def _settle_queue(queue: list[tuple[int, datetime]], clock: Clock) -> Outcome:
    """Settle the due hours of one shard, oldest first, up to the first that fails."""
    settled: list[SettledShardHour] = []
    try:
        for shard, hour in queue:
            settled.append(_settle_with_patience(shard, hour, clock))
    except Exception as error:
        log.exception("settlement of shard %s stopped", queue[0][0])
        return settled, error
    return settled, None


def _settle_with_patience(shard: int, hour: datetime, clock: Clock) -> SettledShardHour:
    """Settle one hour; again when it met another transaction's lock or a partition that retention has just dropped."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                done = _settle_hour(shard, hour, clock)
                fault_point("settle.before_commit")
            fault_point("settle.after_commit")
            return done
        except (DatabaseError, CountsDiffer) as error:
            if attempt == ATTEMPTS or not _passes(error):
                raise
            partitions.forget(Charge._meta.db_table)
    raise AssertionError("not reached")


def _passes(error: Exception) -> bool:
    cause = error.__cause__
    missing_partition = isinstance(cause, errors.CheckViolation) and cause.diag.constraint_name is None
    return isinstance(error, CountsDiffer) or isinstance(cause, errors.DeadlockDetected) or missing_partition


def _settle_hour(shard: int, hour: datetime, clock: Clock) -> SettledShardHour:
    shard_lock(shard)
    # Read under the lock: who waited for it over a full hour must not book late lines in an hour settled meanwhile.
    now = clock()
    at: dict[str, Any] = {"shard": shard, "hour": hour, "now": now, "current_hour": hour_of(now)}
    _run(("settle_room", "settle_forget", "settle_usages", "settle_accounts"), at)
    fault_point("settle.claimed")
    at["run"] = _rows("settle_run_id", {})[0][0]
    _run(("settle_prices", "settle_totals"), at)
    _take_back(at)
    _run(("settle_purchases", "settle_in_bulk", "settle_unpriced", "settle_draws"), at)
    fault_point("settle.rated")
    lines = _charge(at)
    fault_point("settle.charged")
    if lines:
        _post(at)
    _run(("settle_block",), at)
    fault_point("settle.posted")
    booked = tuple(Booked(*row) for row in _rows("settle_booked", {}))
    return SettledShardHour(shard, hour, at["run"] if lines else None, booked, at["waiting"])


def _take_back(at: dict[str, Any]) -> None:
    """Reverse what earlier runs charged, before packages are drawn: what is charged anew finds its place in them."""
    if _rows("settle_has_reversals", {})[0][0]:
        partitions.ensure(Charge, Charge.partition_interval, _months())
        _run(("settle_reversals",), at)


def _charge(at: dict[str, Any]) -> int:
    """Turn usage into charge lines, reversals and counts of unanswered calls; return how many rows left the queue."""
    chargeable, unanswered, reversals, at["waiting"] = _rows("settle_figures", {})[0]
    if chargeable or reversals:
        partitions.ensure(Charge, Charge.partition_interval, _months())
    if chargeable:
        _run(("settle_use_purchases", "settle_charges"), at)
    if unanswered:
        _run(("settle_unanswered",), at)
    _run(("settle_in_small",), at)
    if reversals:
        # What these take back may have been charged just now.
        _run(("settle_waiting_reversals",), at)
        chargeable, unanswered, reversals, at["waiting"] = _rows("settle_figures", {})[0]
        _run(("settle_reversals",), at)
    booked = int(_rows("settle_lines", {})[0][0])
    if booked != chargeable + unanswered + reversals:
        raise CountsDiffer(
            f"{booked} of {chargeable + unanswered + reversals} usage rows taken off the queue and booked"
        )
    return booked


def _months() -> Iterator[datetime]:
    first, last = (timeid.instant(id) for id in _rows("settle_ids", {})[0])
    if (first.year, first.month) == (last.year, last.month):
        yield first
    else:
        yield from (month for (month,) in _rows("settle_instants", {}))


def _post(at: dict[str, Any]) -> None:
    if _rows("settle_clock_is_behind", at):
        raise NotReady(f"the clock is behind: {at['current_hour']:%Y-%m-%dT%HZ} is settled already")
    unopened = [account for (account,) in _rows("settle_unopened", {})]
    if unopened:
        ledger.open_accounts(unopened)
    _run(("settle_run", "settle_settled", "settle_write_totals", "settle_post", "settle_balances"), at)


def _run(names: Collection[str], parameters: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(sql.query("billing", name), parameters)


def _rows(name: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql.query("billing", name), parameters)
        return list(cursor.fetchall())

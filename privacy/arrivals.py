"""Records arrive: one transaction a source, each record stored once, nothing lost, every push due written with it."""

import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import DatabaseError, connection, transaction
from psycopg import errors

from accounts.models import Upstream
from common import partitions
from common.faults import fault_point
from privacy.completeness import completeness
from privacy.conservation import conservation
from privacy.models import Call, CallEvent, Message
from privacy.storing import refusals, sources
from privacy.storing.batch import Writer
from privacy.storing.sources import Origin
from privacy.wire import Item

__all__ = ["Origin", "Outcome", "completeness", "conservation", "receive", "receive_batches"]

log = logging.getLogger(__name__)
ATTEMPTS = 4
_PASSING = (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """received = stored + repeated + quarantined."""

    stored: int
    repeated: int
    quarantined: int


def receive(
    items: Sequence[Item],
    *,
    upstream: Upstream,
    signed_app_key: str = "",
    source: Origin,
    now: datetime,
    push: bool = True,
) -> Outcome:
    """Store the items of one request in one transaction and return what became of them, after its commit.

    Safe to repeat and to run many times at once. Raises DatabaseError when the database is away: nothing stored.
    """
    return receive_batches(
        lambda: [items], upstream=upstream, signed_app_key=signed_app_key, source=source, now=now, push=push
    )


def receive_batches(
    batches: Callable[[], Iterable[Sequence[Item]]],
    *,
    upstream: Upstream,
    signed_app_key: str = "",
    source: Origin,
    now: datetime,
    push: bool = True,
    file_sha256: Callable[[], str] | None = None,
) -> Outcome:
    """Store all batches of one source in one transaction, as `receive`.

    `batches` is called again when the transaction must be run again; `file_sha256` at the end, when a file was read.
    """

    def once() -> Outcome:
        return _receive(batches(), upstream, signed_app_key, source, now, push, file_sha256)

    fault_point("ingest.parsed")
    outcome = with_patience(once)
    fault_point("ingest.after_commit")
    return outcome


def with_patience(work: Callable[[], T]) -> T:
    """Return what `work` returns in a transaction of its own; run it again after a deadlock or a dropped partition."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return work()
        except DatabaseError as error:
            if attempt == ATTEMPTS or connection.in_atomic_block or not passes(error):
                raise
            log.warning("stored again after %s", type(error.__cause__).__name__)
            forget_partitions()
            time.sleep(random.uniform(0, 0.05 * 2**attempt))
    raise AssertionError("not reached")


def forget_partitions() -> None:
    """Look again which partitions there are: call it after rolling back what may have made some."""
    for model in (Call, CallEvent, Message):
        partitions.forget(model._meta.db_table)


def passes(error: DatabaseError) -> bool:
    """Return whether the same transaction may succeed when it is run again."""
    cause = error.__cause__
    no_partition = isinstance(cause, errors.CheckViolation) and cause.diag.constraint_name is None
    return isinstance(cause, _PASSING) or no_partition


def _receive(
    batches: Iterable[Sequence[Item]],
    upstream: Upstream,
    signed_app_key: str,
    source: Origin,
    now: datetime,
    push: bool,
    file_sha256: Callable[[], str] | None,
) -> Outcome:
    opened = sources.open_(source, upstream.pk, now)
    if file_sha256 is not None:
        _check_each_statement()
    writer = Writer(upstream=upstream, source=opened, signed_app_key=signed_app_key, now=now, push=push)
    stored = repeated = quarantined = 0
    newest_at: datetime | None = None
    for items in batches:
        outcome = writer.store(items)
        stored, repeated = stored + outcome.stored, repeated + outcome.repeated
        quarantined += len(outcome.refused)
        newest_at = _newest(items, newest_at)
        refusals.put(
            outcome.refused, upstream_id=upstream.pk, source_id=opened.id, signed_app_key=signed_app_key, now=now
        )
    writer.finish()
    sources.close(
        opened.id,
        stored=stored,
        repeated=repeated,
        quarantined=quarantined,
        newest_at=newest_at,
        file_sha256=file_sha256() if file_sha256 else source.file_sha256,
    )
    fault_point("ingest.before_commit")
    return Outcome(stored, repeated, quarantined)


def _check_each_statement() -> None:
    """Have foreign keys checked statement by statement: of a long file, a million checks would wait for the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _newest(items: Iterable[Item], newest: datetime | None) -> datetime | None:
    """Return the newest time of records that could be read."""
    for item in items:
        at: Any = refusals.occurred_at(item.facts) if item.problem is None else None
        if at is not None and (newest is None or at > newest):
            newest = at
    return newest

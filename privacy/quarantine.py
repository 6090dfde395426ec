"""What could not be stored: tried again by itself, corrected or discarded by a person, never lost.

Who leaves quarantine is counted on a source of its own (door "retry"), so that received = stored + repeated +
quarantined stays true of the source it came from.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.contrib.auth.models import AbstractBaseUser
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.http import HttpRequest

from accounts import audit
from accounts.models import Upstream
from common.errors import BadInput
from common.faults import fault_point
from common.phone import mask_in_text
from common.timeid import lower
from privacy import arrivals
from privacy.models import Quarantined, Source
from privacy.reasons import Problem
from privacy.storing import bulk
from privacy.storing.settling import Settled, store
from privacy.storing.sources import Origin

BATCH = 500
MAX_AT_ONCE = 1000
FIRST = UUID(int=0)
# An item's place in the order of arrival: its id, source and line.
Place = tuple[UUID, int, int]
BEFORE_ALL: Place = (FIRST, 0, 0)
log = logging.getLogger(__name__)
OPEN = Quarantined.State.OPEN


def retry_all(now: datetime, *, since: datetime | None = None) -> int:
    """Try every item again that provisioning, a later record or time may have cured; return how many left quarantine.

    Only those that came since an instant, when it is given. Safe to run twice at once: each run leaves alone what the
    other holds. An item that fails in a way nobody thought of is logged and keeps no other from being stored.
    """
    first = lower(since) if since else FIRST
    return sum(_retry_upstream(upstream, first, now) for upstream in Upstream.objects.order_by("code"))


def preview(ids: Collection[UUID], changes: Mapping[str, Any], now: datetime) -> Settled:
    """Return what `correct` would do, without doing it. Raises BadInput for a field that cannot be corrected."""
    with transaction.atomic():
        settled = _correct(_open_rows(ids), changes, now, Origin(door=Source.Door.RETRY), "")
        transaction.set_rollback(True)
    return settled


def correct(
    ids: Collection[UUID],
    changes: Mapping[str, Any],
    *,
    user: AbstractBaseUser,
    reason: str,
    now: datetime,
    request: HttpRequest | None = None,
) -> Settled:
    """Store open items with fields changed, as a person decided; those that still cannot be stored stay.

    No changes at all accept a possible duplicate as a call of its own. Audited. Raises BadInput without a reason.
    """
    _need_reason(reason)
    origin = Origin(door=Source.Door.RETRY, user_id=user.pk, person=user.get_username())

    def work() -> Settled:
        rows = _open_rows(ids)
        settled = _correct(rows, changes, now, origin, reason)
        left = set(settled.left)
        done = [row for row in rows if row.pk in left]
        _audit("quarantine.correct", done, user, reason, {"fields": sorted(changes)}, request)
        return settled

    return arrivals.with_patience(work)


def discard(
    ids: Collection[UUID],
    *,
    user: AbstractBaseUser,
    reason: str,
    now: datetime,
    request: HttpRequest | None = None,
) -> int:
    """Discard open items for good; return how many. Coming again they are counted and stay discarded. Audited."""
    _need_reason(reason)
    with transaction.atomic():
        rows = _open_rows(ids)
        _resolve([row.pk for row in rows], Quarantined.State.DISCARDED, now, user.get_username(), reason)
        _audit("quarantine.discard", rows, user, reason, {}, request)
    return len(rows)


def sent(row: Quarantined) -> dict[str, Any]:
    """Return the item as it was sent."""
    item: dict[str, Any] = orjson.loads(row.body)
    return item


def _retry_upstream(upstream: Upstream, first: UUID, now: datetime) -> int:
    total, after = 0, BEFORE_ALL
    while True:
        # The batch function is bound at once: it is called before `after` moves on.
        left, last = arrivals.with_patience(_batch_after(upstream, first, after, now))
        total += left
        if last is None:
            return total
        after = last


def _batch_after(
    upstream: Upstream, first: UUID, after: Place, now: datetime
) -> Callable[[], tuple[int, Place | None]]:
    def work() -> tuple[int, Place | None]:
        places = dict(zip(("after", "after_source", "after_line"), after, strict=True))
        rows = bulk.run("open_retryable", {"upstream": upstream.pk, "since": first, "limit": BATCH, **places})
        left = _retry([row[0] for row in rows], now)
        fault_point("quarantine.before_commit")
        return left, (rows[-1][0], rows[-1][1], rows[-1][2]) if rows else None

    return work


def _retry(ids: list[UUID], now: datetime) -> int:
    """Try items again, which this transaction holds; return how many left.

    After an unexpected error each half is tried for itself, so that in the end it stops the one item alone.
    """
    if not ids:
        return 0
    try:
        with transaction.atomic():
            found = Quarantined.objects.select_related("upstream").in_bulk(ids)
            settled = store(list(found.values()), {}, now, Origin(door=Source.Door.RETRY), confirmed=False)
            _resolve(settled.left, Quarantined.State.STORED, now, "", "")
            _note(settled.failed, found)
            return len(settled.left)
    except Exception as error:
        if isinstance(error, OperationalError | InterfaceError) or (
            isinstance(error, DatabaseError) and arrivals.passes(error)
        ):
            raise
        arrivals.forget_partitions()
        if len(ids) == 1:
            # No text and no traceback: they may hold numbers.
            log.error("quarantined item %s cannot be tried again: %s", ids[0], type(error).__name__)
            return 0
    middle = len(ids) // 2
    return _retry(ids[:middle], now) + _retry(ids[middle:], now)


def _correct(
    rows: list[Quarantined], changes: Mapping[str, Any], now: datetime, origin: Origin, reason: str
) -> Settled:
    settled = store(rows, changes, now, origin, confirmed=True)
    _resolve(settled.left, Quarantined.State.STORED, now, origin.person, reason)
    return settled


def _open_rows(ids: Collection[UUID]) -> list[Quarantined]:
    if len(ids) > MAX_AT_ONCE:
        raise BadInput("ids", f"more than {MAX_AT_ONCE} at once")
    held = Quarantined.objects.select_for_update(of=("self",)).select_related("upstream", "account")
    return list(held.filter(pk__in=ids, state=OPEN).order_by("pk"))


def _resolve(ids: Iterable[UUID], state: str, now: datetime, person: str, reason: str) -> None:
    Quarantined.objects.filter(pk__in=list(ids), state=OPEN).update(
        state=state, resolved_at=now, resolved_by=person, resolution=mask_in_text(reason)[:500]
    )


def _note(failed: Mapping[UUID, Problem], rows: Mapping[UUID, Quarantined]) -> None:
    """Write the new reason of items that still cannot be stored, where it changed."""
    for pk, problem in failed.items():
        if (rows[pk].reason, rows[pk].field) != (problem.reason, problem.field):
            Quarantined.objects.filter(pk=pk).update(
                reason=problem.reason, field=problem.field, detail=problem.detail, retryable=problem.retryable
            )


def _audit(
    action: str,
    rows: Collection[Quarantined],
    user: AbstractBaseUser,
    reason: str,
    detail: Mapping[str, Any],
    request: HttpRequest | None,
) -> None:
    """Write one entry; it names the account where all items are of one."""
    accounts = {row.account_id: row.account for row in rows}
    ids = [str(row.pk) for row in rows]
    audit.record(
        user=user,
        action=action,
        subject_kind="quarantined",
        subject=ids[0] if len(ids) == 1 else f"{len(ids)}",
        account=next(iter(accounts.values())) if len(accounts) == 1 else None,
        reason=reason,
        detail={**detail, "ids": ids},
        request=request,
    )


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise BadInput("reason", "is missing")

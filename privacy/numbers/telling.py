"""What customers are told of their numbers (pushes.md 5): which status, who is told, and how the pushes are grouped.

A push is queued when what its receiver knows changes: the status and cause of the wire, not every reason behind them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Application
from common.phone import mask_in_text
from common.timeid import time_id
from notifications import outbox
from notifications.models import Push
from notifications.outbox import DuePush
from privacy.bindings.orders import Actor
from privacy.models import Number, NumberChange, NumberStatus
from privacy.models.numbers import DELETED
from privacy.wire import pushes as bodies

NORMAL, SUSPENDED, UNUSABLE, BINDING_FROZEN = 5, 9, 10, 11
# The wire has four; by their effect (no binding, no call, no SMS) the two others are suspended.
STATUSES = {
    Number.State.NORMAL: NORMAL,
    Number.State.SUSPENDED: SUSPENDED,
    Number.State.MOVING: SUSPENDED,
    Number.State.AWAITING_REAL_NAME: SUSPENDED,
    Number.State.UNUSABLE: UNUSABLE,
    Number.State.RETURNED: UNUSABLE,
    Number.State.BINDING_FROZEN: BINDING_FROZEN,
}
AT_MOST = 100
# All of an endpoint leave in one order: a group holds many numbers, and each number's own order must be kept.
ORDER_KEY = -(1 << 62)

Status = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Moved:
    """A number whose state changed: what it was before, whose it is, and the step of its life that says so."""

    number: Number
    before: Status
    application: Application | None
    step: NumberChange


@dataclass(frozen=True, slots=True)
class Told:
    """What an application's server is told of one number. `sequence` is the row of the step in the number's life."""

    application: Application
    number: str
    status: Status
    sequence: int
    at: datetime


def wire(state: str, cause: str) -> Status:
    """Return a state as the wire has it; only an unusable number has a cause there."""
    status = STATUSES[Number.State(state)]
    return status, cause if status == UNUSABLE else ""


def status_url(application: Application) -> str | None:
    """Return the URL for number status: its own, else the call-status URL, and only if the application wants it."""
    if not application.push_number_status:
        return None
    return application.number_status_url or application.call_status_url or None


def record(
    moved: Sequence[Moved], *, actor: Actor, now: datetime, reported: Mapping[int, Status] | None = None
) -> list[Told]:
    """Add the statuses that changed to the history; return what is to be told of them.

    `reported`: what an upstream said of the numbers, by id: it stands in the history already.
    """
    reason, heard = mask_in_text(actor.reason)[:200], reported or {}
    rows, told = list[NumberStatus](), list[Told]()
    for one in moved:
        number, after = one.number, wire(one.number.state, one.number.cause)
        if after == one.before:
            continue
        if heard.get(number.pk) != after:
            rows.append(NumberStatus(number=number, at=now, status=after[0], cause=after[1], reason=reason))
        if one.application is not None:
            told.append(Told(one.application, number.number, after, one.step.pk, now))
    NumberStatus.objects.bulk_create(rows)
    return told


def of_move(
    number: Number, source: Application, target: Application, steps: Sequence[NumberChange], now: datetime
) -> Iterator[Told]:
    """Return what a move tells: to whom it leaves it is deleted, whom it comes to hears how it is.

    Two applications of one account with the same URL are one receiver, for whom nothing changed.
    """
    if source.account_id == target.account_id and status_url(source) == status_url(target):
        return
    yield Told(source, number.number, (UNUSABLE, DELETED), steps[0].pk, now)
    yield Told(target, number.number, wire(number.state, number.cause), steps[-1].pk, now)


def queue(told: Iterable[Told]) -> None:
    """Queue the pushes of what is told, in the current transaction; once, for new endpoints are made in one order."""
    outbox.enqueue(list(pushes(told)), new_causes=True)


def pushes(told: Iterable[Told]) -> Iterator[DuePush]:
    """Return the pushes of what is told: up to 100 numbers of an application in each, no number twice."""
    groups: dict[tuple[int, str], list[Told]] = {}
    for one in told:
        url = status_url(one.application)
        if url is not None:
            groups.setdefault((one.application.pk, url), []).append(one)
    for (_application, url), group in groups.items():
        for part in _parts(sorted(group, key=lambda one: one.sequence)):
            yield _push(url, part)


def _parts(group: Sequence[Told]) -> Iterator[list[Told]]:
    part, numbers = list[Told](), set[str]()
    for one in group:
        if len(part) == AT_MOST or one.number in numbers:
            yield part
            part, numbers = [], set()
        part.append(one)
        numbers.add(one.number)
    if part:
        yield part


def _push(url: str, part: Sequence[Told]) -> DuePush:
    # The last row: whoever changes one of these numbers after the commit has a later one.
    application, sequence, at = part[0].application, part[-1].sequence, part[-1].at
    cause_id = time_id(at, "number status", sequence)
    body = bodies.number_statuses([(one.number, *one.status) for one in part])
    return DuePush(
        application.pk, application.account_id, url, Push.Kind.NUMBER_STATUS, cause_id, ORDER_KEY, sequence, at, body
    )

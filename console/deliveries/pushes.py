"""One push with what became of it, whether it waits in the outbox or has left it for the log of attempts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.utils.translation import gettext as _

from accounts.models import Account, Application
from accounts.scope import Scope
from common import timeid
from console.deliveries import bodies, words
from notifications.models import Attempt, Endpoint, Push

MOST_ATTEMPTS = 200
# The log is read from a day before the record on: its clock may be another's.
EARLIER = timedelta(days=1)


@dataclass
class Tried:
    """One request: `level` good or bad, its reason in words, what was answered."""

    row: Attempt
    at: datetime
    result: str
    level: str
    reason: str
    answer: str = ""

    @property
    def microseconds(self) -> int:
        """Return how long it took; 0 where nothing was sent."""
        return self.row.duration_us


@dataclass
class Delivery:
    """One push. `due_at` of one that waits: when its next attempt is; `event` is the eventType of a call event."""

    pk: UUID
    account: Account
    application: Application
    endpoint: Endpoint
    kind: str
    event: str
    cause_id: UUID
    sequence: int | None
    state: str
    reason: str
    due_at: datetime | None
    queued_at: datetime | None
    replay: bool
    body: bytes
    question: bool = False
    attempts: list[Tried] = field(default_factory=list)

    @property
    def state_name(self) -> str:
        """Return its state in words."""
        return str(words.STATES[self.state][0])

    @property
    def level(self) -> str:
        """Return how good its state is."""
        return words.STATES[self.state][1]

    @property
    def next(self) -> str:
        """Return what holds up one that waits, in words; "" when nothing does."""
        if self.state != words.WAITING:
            return ""
        if self.endpoint.state == Endpoint.State.PAUSED:
            return _("The endpoint is paused.")
        return _("The endpoint is disabled.") if self.endpoint.state == Endpoint.State.DISABLED else ""


def find(scope: Scope, pk: UUID) -> Delivery | None:
    """Return a push in scope by its id, with its attempts."""
    related = ("account", "application__account", "endpoint")
    waiting = scope.rows(Push).select_related(*related).filter(pk=pk)
    tried = scope.rows(Attempt).select_related(*related).filter(push_id=pk).order_by("pk")
    return next(iter(_joined(waiting, tried[:MOST_ATTEMPTS])), None)


def of_causes(scope: Scope, causes: Sequence[UUID], at: datetime) -> list[Delivery]:
    """Return the pushes of records of about `at`, in their order: waiting, delivered and given up."""
    related = ("account", "application__account", "endpoint")
    waiting = scope.rows(Push).select_related(*related).filter(cause_id__in=causes)
    tried = scope.rows(Attempt).select_related(*related).filter(cause_id__in=causes, question=False)
    tried = tried.filter(pk__gte=timeid.lower(at - EARLIER)).order_by("pk")
    found = _joined(waiting, tried[: MOST_ATTEMPTS * 5])
    return sorted(found, key=lambda one: (one.endpoint.pk, one.sequence or 0, one.pk))


def show_answers(delivery: Delivery, scope: Scope, *, revealed: bool) -> None:
    """Put into each attempt what was answered."""
    for tried in delivery.attempts:
        tried.answer = bodies.shown(tried.row.answer, scope, revealed=revealed)


def _joined(waiting: Iterable[Push], tried: Iterable[Attempt]) -> list[Delivery]:
    found = {row.pk: _waiting(row) for row in waiting}
    log: dict[UUID, list[Attempt]] = {}
    for row in tried:
        log.setdefault(row.push_id, []).append(row)
    for id, rows in log.items():
        if id not in found:
            found[id] = _gone(rows)
        found[id].attempts = [_tried(row) for row in rows]
    return list(found.values())


def _waiting(row: Push) -> Delivery:
    state = words.QUEUED[Push.State(row.state)]
    return _made(
        row, row.pk, state, row.reason, due_at=row.due_at if state == words.WAITING else None,
        queued_at=row.created_at, replay=row.replay_id is not None,
    )  # fmt: skip


def _gone(rows: Sequence[Attempt]) -> Delivery:
    """Return a push of which only the log knows: it arrived, or it was given up so long ago that it was forgotten."""
    last = next((row for row in reversed(rows) if row.result == Attempt.Result.DELIVERED), rows[-1])
    state = words.DELIVERED if last.result == Attempt.Result.DELIVERED else words.DEAD
    made = _made(last, last.push_id, state, "", due_at=None, queued_at=last.queued_at, replay=last.replay)
    made.question = last.question
    return made


def _made(row: Any, pk: UUID, state: str, reason: str, **more: Any) -> Delivery:
    body = bytes(row.body or b"")
    return Delivery(
        pk=pk, account=row.account, application=row.application, endpoint=row.endpoint, kind=words.kind(row.kind),
        event=_event(body), cause_id=row.cause_id, sequence=row.sequence, state=state, reason=words.reason(reason),
        body=body, **more,
    )  # fmt: skip


def _tried(row: Attempt) -> Tried:
    name, level = words.result(row)
    return Tried(row, timeid.instant(row.pk), name, level, words.reason(row.reason))


def _event(body: bytes) -> str:
    """Return the eventType of a call event."""
    try:
        said = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        return ""
    kind = str(said.get("eventType", "")) if isinstance(said, dict) else ""
    return "" if kind in {Push.Kind.CDR, Push.Kind.NUMBER_STATUS} else kind[:32]

"""One push with what became of it, whether it waits in the outbox or has left it for the log of attempts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _

from accounts.models import Account, Application
from accounts.scope import Scope
from common import timeid
from console.deliveries import bodies, words
from notifications.listing import message_id
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
    code: str
    kind: str
    event: str
    cause_id: UUID
    sequence: int | None
    state: str
    reason: str
    due_at: datetime | None
    queued_at: datetime | None
    replay: bool
    made: int
    body: bytes
    order_key: int | None = None
    behind: bool = False
    question: bool = False
    attempts: list[Tried] = field(default_factory=list)

    @property
    def message_id(self) -> str:
        """Return the id as the push's header tells it."""
        return message_id(self.pk)

    @property
    def state_name(self) -> str:
        """Return its state in words."""
        return str(words.STATES[self.state][0])

    @property
    def level(self) -> str:
        """Return how good its state is."""
        return words.STATES[self.state][1]

    @property
    def last(self) -> Tried | None:
        """Return the latest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def next(self) -> str:
        """Return what one that waits waits for and when it is tried next, in words; "" for one that does not wait."""
        if self.state != words.WAITING or self.due_at is None:
            return ""
        now = timezone.now()
        # What is not due yet does not wait for the breaker, but it does for a person.
        if (held := words.held(self.endpoint)) and (self.due_at <= now or not words.is_left_alone(self.endpoint)):
            return held
        values = {"at": f"{timezone.localtime(self.due_at):%Y-%m-%d %H:%M:%S}", "n": self.made + 1, "of": most_made()}
        if self.behind:
            return _("An earlier push of the call goes first, at the latest at %(at)s.") % values
        if self.due_at <= now:
            return _("It is due now: attempt %(n)s of %(of)s.") % values
        return _("Next attempt %(at)s, in %(span)s (attempt %(n)s of %(of)s).") % {
            **values, "span": timeuntil(self.due_at, now, depth=2),
        }  # fmt: skip

    @property
    def cure(self) -> str:
        """Return what can be done, in words; "" for one that arrived or was not tried yet."""
        if self.state == words.DELIVERED or self.last is None:
            return ""
        return words.cure(self.last.row, self.endpoint)

    @property
    def said(self) -> str:
        """Return in a line how it stands: when it arrived; else why not, and what comes next."""
        if self.state == words.DELIVERED:
            return f"{timezone.localtime(self.last.at):%Y-%m-%d %H:%M:%S}" if self.last else ""
        why = self.last.reason if self.last and self.last.level == words.BAD else ""
        return " ".join(part for part in (self.reason, why, self.next) if part)


def find(scope: Scope, pk: UUID) -> Delivery | None:
    """Return a push in scope by its id, with its attempts."""
    related = ("account", "application__account", "endpoint")
    waiting = scope.rows(Push).select_related(*related).filter(pk=pk)
    tried = scope.rows(Attempt).select_related(*related).filter(push_id=pk)
    found = next(iter(_joined(waiting, _latest(tried, MOST_ATTEMPTS))), None)
    if found and found.state == words.WAITING and found.order_key is not None:
        same = scope.rows(Push).filter(endpoint=found.endpoint, order_key=found.order_key, state=Push.State.PENDING)
        found.behind = same.filter(sequence__lt=found.sequence).exists()
    return found


def of_causes(scope: Scope, causes: Sequence[UUID], at: datetime) -> list[Delivery]:
    """Return the pushes of records of about `at`, in their order: waiting, delivered and given up."""
    related = ("account", "application__account", "endpoint")
    waiting = scope.rows(Push).select_related(*related).filter(cause_id__in=causes)
    tried = scope.rows(Attempt).select_related(*related).filter(cause_id__in=causes, question=False)
    tried = tried.filter(pk__gte=timeid.lower(at - EARLIER))
    found = _joined(waiting, _latest(tried, MOST_ATTEMPTS * 5))
    found.sort(key=lambda one: (one.endpoint.pk, one.order_key or 0, one.sequence or 0, one.pk))
    heads: set[tuple[int, int | None]] = set()
    for one in found:
        if one.state == words.WAITING:
            one.behind = (one.endpoint.pk, one.order_key) in heads
            heads.add((one.endpoint.pk, one.order_key))
    return found


def arrived(scope: Scope, causes: Sequence[UUID], kind: str, since: datetime) -> set[UUID]:
    """Return which records, of not before `since`, had a push of a kind delivered."""
    rows = scope.rows(Attempt).filter(cause_id__in=causes, kind=kind, result=Attempt.Result.DELIVERED, question=False)
    return set(rows.filter(pk__gte=timeid.lower(since - EARLIER)).values_list("cause_id", flat=True))


def most_made() -> int:
    """Return how many requests are made for a push before it is given up."""
    return 1 + len(settings.MASKLINE["push_retry_minutes"])


def show_answers(delivery: Delivery, scope: Scope, *, revealed: bool) -> None:
    """Put into each attempt what was answered."""
    for tried in delivery.attempts:
        tried.answer = bodies.answer(tried.row.answer, scope, revealed=revealed)


def _latest(rows: QuerySet[Attempt], most: int) -> list[Attempt]:
    """Return the latest attempts, the oldest of them first."""
    return list(reversed(rows.order_by("-pk")[:most]))


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
        queued_at=row.created_at, replay=row.replay_id is not None, made=row.attempt,
    )  # fmt: skip


def _gone(rows: Sequence[Attempt]) -> Delivery:
    """Return a push of which only the log knows: it arrived, or it was given up so long ago that it was forgotten."""
    last = next((row for row in reversed(rows) if row.result == Attempt.Result.DELIVERED), rows[-1])
    state = words.DELIVERED if last.result == Attempt.Result.DELIVERED else words.DEAD
    made = _made(
        last, last.push_id, state, "", due_at=None, queued_at=last.queued_at, replay=last.replay, made=last.number
    )
    made.question = last.question
    return made


def _made(row: Any, pk: UUID, state: str, reason: str, **more: Any) -> Delivery:
    body = bytes(row.body or b"")
    return Delivery(
        pk=pk, account=row.account, application=row.application, endpoint=row.endpoint, code=row.kind,
        kind=words.kind(row.kind), event=_event(body), cause_id=row.cause_id, sequence=row.sequence,
        order_key=row.order_key, state=state, reason=words.reason(reason),
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

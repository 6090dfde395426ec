"""What became of a test's pushes: those in the outbox, and those that have left it, from the log of attempts."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson

from common import timeid
from notifications.models import Attempt, Push
from privacy.models import TestCall
from privacy.testcalls.playing import cause_of

WAITING, DELIVERED, FAILED = "queued", "delivered", "failed"
# Attempts are found by their cause, in the partitions of the days in which it was tried.
TRIED = timedelta(days=5)
URL_FIELDS = {Push.Kind.CDR: "cdr_url", Push.Kind.SMS: "sms_url"}


@dataclass(frozen=True, slots=True)
class Queued:
    """One push. `event` is the event of a call; `state` is queued, delivered or failed; `attempts` are those made."""

    kind: str
    event: str
    url: str
    state: str
    attempts: int
    body: str
    id: UUID


def queued(call: TestCall) -> list[Queued]:
    """Return the pushes of a test in their order."""
    cause = cause_of(call)
    waiting = Push.objects.filter(cause_id=cause).select_related("endpoint").order_by("sequence")
    found = [_waiting(push) for push in waiting]
    left = {push.pk for push in waiting}
    first, last = timeid.id_range(call.asked_at, call.asked_at + TRIED)
    attempts = Attempt.objects.filter(cause_id=cause, question=False, pk__gte=first, pk__lt=last)
    done: dict[object, Attempt] = {}
    for attempt in attempts.exclude(push_id__in=left).select_related("endpoint").order_by("pk"):
        done[attempt.push_id] = attempt
    return [*map(_left, done.values()), *found]


def _waiting(push: Push) -> Queued:
    state = FAILED if push.state == Push.State.DEAD else WAITING
    return Queued(push.kind, _event(push.body), push.endpoint.url, state, push.attempt, _json(push.body), push.pk)


def _left(attempt: Attempt) -> Queued:
    state = DELIVERED if attempt.result == Attempt.Result.DELIVERED else FAILED
    body = attempt.body or b""
    return Queued(attempt.kind, _event(body), attempt.endpoint.url, state, attempt.number, _json(body), attempt.push_id)


def _event(body: bytes) -> str:
    """Return the eventType of a call event."""
    said = orjson.loads(body) if body else {}
    kind = str(said.get("eventType", ""))
    return "" if kind in {Push.Kind.CDR, Push.Kind.NUMBER_STATUS} else kind


def _json(body: bytes) -> str:
    return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode() if body else ""

"""Pushes that are sent again because somebody asked: which, how many, once however often the asking comes.

What waits already is not queued twice. Pushes go out under their old ids with a header that says so, those of a call
in their old order. `notifications.replaying` queues them, so many a second.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from celery import current_app
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import Account, Application
from common import sql, timeid
from common.errors import BadInput
from common.phone import mask_in_text
from notifications import destinations
from notifications.listing import DEAD, DELIVERED, PARKED, SKEW, STATES, WAITING, read_message_id
from notifications.models import Push, Replay

log = logging.getLogger(__name__)
TASK = "notifications.tasks.queue_replays"
REPLAYED_STATES = (DELIVERED, DEAD, PARKED)
OPEN = (Replay.State.WAITING, Replay.State.RUNNING)
# The same asked for again within this time is one replay.
SAME_WITHIN = timedelta(minutes=1)
_NAMES = {int(number): name for name, number in STATES.items()} | {-1: DELIVERED}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which pushes: one, or all that fit; empty fields fit everything. Queued in [start, end); `endpoint` is its id.

    A choice without any of them is refused: everything there ever was is nobody's wish.
    """

    push: UUID | None = None
    endpoint: int | None = None
    kind: str = ""
    state: str = ""
    start: datetime | None = None
    end: datetime | None = None

    def check(self) -> None:
        """Raise BadInput for a choice of nothing, of everything, or of what cannot be sent again."""
        if self.kind and self.kind not in Push.Kind.values:
            raise BadInput("kind", f"is none of {', '.join(Push.Kind.values)}")
        if self.state and self.state not in REPLAYED_STATES:
            raise BadInput("state", f"is none of {', '.join(REPLAYED_STATES)}; what waits is sent anyway")
        if self.start and self.end and self.start >= self.end:
            raise BadInput("to", "is not later than from")
        if not any((self.push, self.endpoint, self.kind, self.state, self.start, self.end)):
            raise BadInput("push", "is missing, and so is every filter", "name a push, a kind, a state or a time range")

    def kept(self) -> dict[str, Any]:
        """Return the choice as its row keeps it."""
        values: dict[str, Any] = {
            "push": self.push.hex if self.push else None,
            "endpoint": self.endpoint,
            "kind": self.kind,
            "state": self.state,
            "from": self.start.isoformat() if self.start else None,
            "to": self.end.isoformat() if self.end else None,
        }
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class Group:
    """How many pushes of one kind and state to one endpoint; `url`: where they go now, "" for nowhere any more."""

    endpoint: int
    kind: str
    state: str
    pushes: int
    url: str = ""


def read_choice(kept: Mapping[str, Any]) -> Choice:
    """Return a choice from what a row keeps."""
    return Choice(
        push=read_message_id(kept["push"]) if kept.get("push") else None,
        endpoint=kept.get("endpoint"),
        kind=kept.get("kind", ""),
        state=kept.get("state", ""),
        start=datetime.fromisoformat(kept["from"]) if kept.get("from") else None,
        end=datetime.fromisoformat(kept["to"]) if kept.get("to") else None,
    )


def preview(account_id: int, application_id: int | None, choice: Choice, now: datetime) -> list[Group]:
    """Return what a replay would send again now, and what of the choice waits already (state `waiting`)."""
    values = parameters(account_id, application_id, choice, now)
    values["states"] = [*values["states"], int(STATES[WAITING])]
    with connection.cursor() as cursor:
        cursor.execute(over_chosen("count_chosen"), values)
        rows = cursor.fetchall()
    standings = destinations.standings({endpoint for endpoint, *_ in rows})
    return [
        Group(endpoint, kind, _NAMES[state], some, url)
        for endpoint, kind, state, n in rows
        for url, some in destinations.shares(standings[endpoint], kind, n, partial(_causes, values, state)).items()
    ]


def _causes(values: dict[str, Any], state: int, endpoint: int, kind: str) -> list[UUID]:
    of_these = {"endpoint": endpoint, "kind": kind, "states": [state], "delivered": _NAMES[state] == DELIVERED}
    with connection.cursor() as cursor:
        cursor.execute(over_chosen("causes_chosen"), values | of_these)
        return [cause for (cause,) in cursor.fetchall()]


def total(groups: list[Group]) -> int:
    """Return how many pushes a preview would send again."""
    return sum(group.pushes for group in groups if group.state != WAITING and group.url)


def nowhere(groups: list[Group]) -> int:
    """Return how many pushes stay as they are, for their kind has no URL any more."""
    return sum(group.pushes for group in groups if group.state != WAITING and not group.url)


def waiting(groups: list[Group]) -> int:
    """Return how many pushes of a preview are queued anyway."""
    return sum(group.pushes for group in groups if group.state == WAITING)


def ask(
    account: Account,
    application: Application | None,
    choice: Choice,
    *,
    key: str = "",
    asked_by: str = "",
    reason: str = "",
    now: datetime | None = None,
    announce: bool = True,
    anew: bool = False,
) -> tuple[Replay, bool]:
    """Return the replay of a choice and whether it is new.

    The same key is the same replay. So is the same choice within a minute, or while its replay goes on, whoever asks;
    unless there is a key and it is wanted `anew`. Raises BadInput for a choice that cannot be, and for a key that was
    used with another. Without `announce` the caller queues the pushes himself.
    """
    choice.check()
    now, wish = now or timezone.now(), _Wish(account, application, choice.kept(), key, anew)
    if (found := wish.found(now)) is not None:
        return found, False
    # Counted before anybody has to wait: it may take seconds.
    groups = [g for g in preview(account.pk, wish.application_id, choice, now) if g.state != WAITING and g.url]
    pushes = total(groups)
    with transaction.atomic():
        # Two clicks wait for each other here.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if (found := wish.found(now)) is not None:
            return found, False
        replay = Replay.objects.create(
            account=account, application=application, key=wish.digest(now), chosen=wish.kept,
            reason=mask_in_text(reason)[:500], asked_by=asked_by[:150], asked_at=now, total=pushes,
            place={str(group.endpoint): None for group in groups},
            state=Replay.State.WAITING if pushes else Replay.State.DONE, finished_at=None if pushes else now,
        )  # fmt: skip
        if announce and pushes:
            transaction.on_commit(tell)
    return replay, True


def cancel(replay: Replay, now: datetime) -> bool:
    """Stop queueing a replay's pushes; those that are queued go out. Return False when it was over already."""
    rows = Replay.objects.filter(pk=replay.pk, state__in=OPEN)
    return bool(rows.update(state=Replay.State.CANCELLED, finished_at=now))


def tell() -> None:
    """Have a worker look for replays. The rows are there: each minute one looks anyway."""
    try:
        current_app.send_task(TASK, retry=False)
    except OperationalError:
        log.warning("the broker is away: replays begin within a minute of its return")


def parameters(account_id: int, application_id: int | None, choice: Choice, asked_at: datetime) -> dict[str, Any]:
    """Return the values of `chosen_pushes`."""
    states = (choice.state,) if choice.state else REPLAYED_STATES
    return {
        "account": account_id,
        "application": application_id,
        "push": choice.push,
        "endpoint": choice.endpoint,
        "kind": choice.kind or None,
        "states": [int(STATES[name]) for name in states if name in STATES],
        "delivered": DELIVERED in states,
        "start": choice.start,
        "end": choice.end,
        "first": timeid.lower(choice.start - SKEW) if choice.start else None,
        "asked": asked_at,
        "before": timeid.lower(asked_at + timedelta(milliseconds=1)),
        "replay": None,
    }


def over_chosen(name: str) -> str:
    """Return a query over the pushes of a choice: `{chosen}` in it stands for them."""
    return sql.load("notifications", name).replace("{chosen}", sql.load("notifications", "chosen_pushes"))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What somebody asks for, and how it is known again."""

    account: Account
    application: Application | None
    kept: dict[str, Any]
    key: str
    anew: bool

    @property
    def application_id(self) -> int | None:
        return self.application.pk if self.application else None

    def found(self, now: datetime) -> Replay | None:
        """Return the replay that this is already. Raises BadInput for a key of another one."""
        rows = Replay.objects.filter(account=self.account)
        if self.key and (used := rows.filter(key=self.digest(now)).first()) is not None:
            if used.chosen != self.kept or used.application_id != self.application_id:
                raise BadInput("Idempotency-Key", "was used with another request")
            return used
        if self.key and self.anew:
            return None
        same = rows.filter(application=self.application, chosen=self.kept, total__gt=0)
        recent = same.filter(Q(asked_at__gt=now - SAME_WITHIN) | Q(state__in=OPEN))
        return recent.exclude(state=Replay.State.CANCELLED).order_by("-asked_at").first()

    def digest(self, now: datetime) -> bytes:
        """Return what is unique of a replay: its key, else who, what and when."""
        owner = str(self.application_id or "")
        if self.key:
            return hashlib.sha256(f"key\0{owner}\0{self.key}".encode()).digest()
        return hashlib.sha256(f"{now.isoformat()}\0{owner}\0".encode() + orjson.dumps(self.kept)).digest()

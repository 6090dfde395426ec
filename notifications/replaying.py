"""Queueing the pushes of replays, so many a second for the whole installation, so that fresh ones keep their latency.

One process at a time does it. Each step is one transaction that also moves the replay's place: killed anywhere, it
goes on where it was and queues nothing twice. Replays that are open at once share the rate.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from common import sql
from common.faults import fault_point
from notifications import replay
from notifications.models import Replay

TICK = 0.25
READ_AHEAD = 10_000
# The advisory lock of whoever queues replays ("rply" in ASCII).
LOCK = 0x72706C79
FIRST = [-(2**63), 0, -(2**63), str(UUID(int=0))]
Key = tuple[int, int, int, UUID, UUID | None]


class Course:
    """One replay that is being queued; knows some of the next pushes."""

    def __init__(self, row: Replay) -> None:
        self.row = row
        self._ahead: list[Key] = []

    def step(self, most: int) -> int:
        """Queue up to `most` of the next pushes; return how many were looked at, 0 when the replay is over."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.load("notifications", "lock_replay"), {"replay": self.row.pk})
            found = cursor.fetchone()
            if found is None:
                return 0
            place, queued = found
            keys = self._next(cursor, orjson.loads(place) if isinstance(place, str) else place, most)
            done = _queue(cursor, self.row.pk, keys)
            values: dict[str, Any] = {"queued": queued + done, "state": Replay.State.RUNNING}
            if keys:
                values["place"] = [*keys[-1][:3], str(keys[-1][3])]
            else:
                values |= {"state": Replay.State.DONE, "finished_at": timezone.now()}
            Replay.objects.filter(pk=self.row.pk).update(**values)
            fault_point("replay.queued")
        return len(keys)

    def _next(self, cursor: Any, place: list[Any] | None, most: int) -> list[Key]:
        """Return the keys after a place; read again when another process moved it."""
        after = place or FIRST
        known = [key for key in self._ahead if _after(key, after)] or self._read(cursor, after)
        self._ahead = known[most:]
        return known[:most]

    def _read(self, cursor: Any, after: list[Any]) -> list[Key]:
        choice = replay.read_choice(self.row.chosen)
        values = replay.parameters(self.row.account_id, self.row.application_id, choice, self.row.asked_at)
        key, to, sequence, id = after
        place = {"key": key, "to": to, "sequence": sequence, "id": id, "limit": READ_AHEAD}
        cursor.execute(replay.over_chosen("next_chosen"), values | place)
        found: list[Key] = cursor.fetchall()
        return found


def run(seconds: float) -> bool:
    """Queue what open replays hold, at most the rate a second, for some seconds; return whether more is left.

    Returns at once where another process is at it.
    """
    with _alone() as alone:
        if not alone:
            return False
        until = time.monotonic() + seconds
        courses: dict[UUID, Course] = {}
        credit = 0.0
        while rows := list(Replay.objects.filter(state__in=replay.OPEN).order_by("asked_at", "pk")):
            began = time.monotonic()
            if began >= until:
                return True
            credit = min(credit, 1.0) + settings.MASKLINE["replay_rate"] * TICK
            courses = {row.pk: courses.get(row.pk) or Course(row) for row in rows}
            credit -= _share(list(courses.values()), int(credit))
            time.sleep(max(0.0, TICK - (time.monotonic() - began)))
    return False


def _share(courses: list[Course], most: int) -> int:
    """Let each open replay queue its share; return how many pushes that were."""
    spent = 0
    for left, course in zip(range(len(courses), 0, -1), courses, strict=True):
        share = (most - spent) // left
        if share:
            spent += course.step(share)
    return spent


def _queue(cursor: Any, replay_id: UUID, keys: list[Key]) -> int:
    given_up = [key[3] for key in keys if key[4] is None]
    delivered = [key[4] for key in keys if key[4] is not None]
    queued = 0
    for name, values in (("revive_pushes", {"pushes": given_up}), ("queue_delivered_again", {"attempts": delivered})):
        if any(values.values()):
            cursor.execute(sql.load("notifications", name), {"replay": replay_id, **values})
            queued += cursor.rowcount
    return queued


def _after(key: Key, place: list[Any]) -> bool:
    return (*key[:3], key[3]) > (*place[:3], UUID(place[3]))


@contextmanager
def _alone() -> Iterator[bool]:
    """Hold the lock of queueing, which goes with the connection; yields False where another holds it."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("notifications", "try_replay_lock"), {"lock": LOCK})
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute(sql.load("notifications", "free_replay_lock"), {"lock": LOCK})

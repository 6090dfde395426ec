"""Queueing the pushes of replays beside fresh ones, so that those keep their latency.

So many a second for the whole installation, shared by the accounts; and at no endpoint more than it has taken: a push
is added while fewer than ROOM are due there. Nothing is taken at an endpoint that is paused or disabled: there
everything is queued, and waits. One process at a time does it.
"""

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from common import sql
from notifications import destinations
from notifications.course import Branch, Course
from notifications.models import Replay

TICK, IDLE_TICK, LOOK_SECONDS = 0.05, 0.25, 0.25
BURST_SECONDS = 0.25
# What an endpoint has under way at most (MASKLINE_PUSH_PER_ENDPOINT, 8 unless set), and two.
ROOM = 10
# Nothing could be queued for longer than any request takes: the worker has other things to do, and looks again each
# minute.
STUCK_SECONDS = 12.0
# Replays of one account that are looked at together; later ones wait their turn.
AN_ACCOUNT = 20
# The advisory lock of whoever queues replays ("rply" in ASCII).
LOCK = 0x72706C79


class Queueing:
    """The replays that one process is at."""

    def __init__(self) -> None:
        self._courses: dict[UUID, Course] = {}
        self._ticks = 0

    def tick(self, rows: Iterable[Replay], most: int, now: datetime, room: int = ROOM) -> int:
        """Queue up to `most` of the next pushes of open replays; return how many were looked at."""
        self._courses = {row.pk: self._course(row) for row in rows}
        branches = [branch for course in self._courses.values() for branch in course.open_branches()]
        standings = destinations.standings(
            {branch.endpoint for branch in branches} | {to for b in branches for _, to in _first(b, most) if to}, room
        )
        for course in self._courses.values():
            course.read(standings)
        rooms = {id: most if one.resting else room - one.due for id, one in standings.items()}
        self._ticks += 1
        given = _hand_out(branches, rooms, most, self._ticks)
        spent = 0
        for course in self._courses.values():
            spent += course.step({b.endpoint: given[b] for b in course.open_branches() if given[b]}, now)
        return spent

    def left(self) -> list[Replay]:
        """Return the replays of the last tick that are not over."""
        return [course.row for course in self._courses.values() if not course.over]

    def _course(self, row: Replay) -> Course:
        """Return the course of a replay, begun anew when another process moved it."""
        known = self._courses.get(row.pk)
        return known if known is not None and known.row.place == row.place else Course(row)


def run(seconds: float) -> bool:
    """Queue what open replays hold for some seconds; return whether more is left that could be queued now.

    Returns at once where another process is at it.
    """
    with _alone() as alone:
        if not alone:
            return False
        rate = float(settings.MASKLINE["replay_rate"])
        room = max(ROOM, int(rate * TICK))
        queueing, credit = Queueing(), rate * TICK
        last = moved = looked = time.monotonic()
        until = last + seconds
        rows = open_replays()
        while rows:
            now = time.monotonic()
            if now - looked >= LOOK_SECONDS:
                rows, looked = open_replays(), now
            if now >= until:
                return True
            if now - moved >= STUCK_SECONDS:
                return False
            credit = min(credit + rate * (now - last), max(1.0, rate * BURST_SECONDS))
            last = now
            spent = queueing.tick(rows, int(credit), timezone.now(), room)
            credit -= spent
            rows = queueing.left() or open_replays()
            moved = last if spent or credit < 1 else moved
            if rows:
                time.sleep(max(0.0, (TICK if spent else IDLE_TICK) - (time.monotonic() - now)))
    return False


def open_replays() -> list[Replay]:
    """Return replays that are not over, the oldest of each account first, not all of an account that has many."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("notifications", "open_replays"), {"most": AN_ACCOUNT})
        ids = [id for (id,) in cursor.fetchall()]
    return list(Replay.objects.filter(pk__in=ids).order_by("asked_at", "pk")) if ids else []


def _hand_out(branches: list[Branch], rooms: dict[int, int], most: int, turn: int) -> Counter[Branch]:
    """Say how many pushes each branch queues: at each turn another account comes first, and within it another branch.

    Whoever comes first takes what there is room for, so that a turn is one transaction, not one for each replay.
    """
    accounts: dict[int, deque[Branch]] = {}
    for branch in branches:
        accounts.setdefault(branch.row.account_id, deque()).append(branch)
    turns = deque(accounts.values())
    turns.rotate(-turn)
    given: Counter[Branch] = Counter()
    for own in turns:
        own.rotate(-(turn // len(turns)))
        for branch in own:
            while most and _fits(branch, given[branch], rooms):
                given[branch] += 1
                most -= 1
    return given


def _fits(branch: Branch, place: int, rooms: dict[int, int]) -> bool:
    """Take a place for a branch's push after so many, if there is one where it goes."""
    if place >= len(branch.ahead):
        return False
    target = branch.ahead[place][1]
    if target is None:
        return True  # it goes nowhere any more, and is only stepped over
    if rooms.get(target, 0) < 1:
        return False
    rooms[target] -= 1
    return True


def _first(branch: Branch, count: int) -> list[tuple[object, int | None]]:
    return [branch.ahead[n] for n in range(min(count, len(branch.ahead)))]


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

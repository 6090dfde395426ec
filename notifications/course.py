"""One replay that is being queued: its pushes endpoint by endpoint, those of a call in their order.

A step is one transaction that also moves the replay's places: killed anywhere, it goes on where it was and queues
nothing twice. `Replay.place` holds, for each endpoint, the last push that was queued, null before the first, true
when all are.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from common import sql
from common.faults import fault_point
from notifications import destinations, replay
from notifications.destinations import Standing
from notifications.models import Replay
from notifications.retry import MOST_WAIT

READ_AHEAD = 10_000
FIRST: list[Any] = [-(2**63), -(2**63), str(UUID(int=0))]
OVER = True


class Key(NamedTuple):
    """A push of a choice: one that arrived has the attempt by which it did."""

    order_key: int
    sequence: int
    id: UUID
    attempt: UUID | None
    kind: str
    cause: UUID


class Branch:
    """The pushes of one replay at one endpoint; `ahead`: some of the next, each with the endpoint it goes to now."""

    def __init__(self, row: Replay, endpoint: int) -> None:
        self.row, self.endpoint = row, endpoint
        self.ahead: deque[tuple[Key, int | None]] = deque()
        self.over = self._all_read = False
        self._routing: tuple[str, ...] = ()

    def read(self, place: list[Any] | None, standing: Standing) -> None:
        """Know some of the pushes after a place; anew when the application's URLs have changed."""
        if self.over or (self.ahead and self._routing == standing.routing):
            return
        key, sequence, id = place or FIRST
        values = replay.parameters(
            self.row.account_id, self.row.application_id, replay.read_choice(self.row.chosen), self.row.asked_at
        )
        values |= {"endpoint": self.endpoint, "replay": self.row.pk}
        values |= {"key": key, "sequence": sequence, "id": id, "limit": READ_AHEAD}
        with connection.cursor() as cursor:
            cursor.execute(replay.over_chosen("next_chosen"), values)
            keys = [Key(*row) for row in cursor.fetchall()]
        targets = destinations.targets(standing, [(key.kind, key.cause) for key in keys])
        self.ahead = deque(zip(keys, targets, strict=True))
        self.over, self._routing, self._all_read = not keys, standing.routing, len(keys) < READ_AHEAD

    def ends_with(self, count: int) -> bool:
        """Return whether nothing is left after so many of the next pushes."""
        return self.over or (self._all_read and len(self.ahead) <= count)


class Course:
    """One replay and its branches."""

    def __init__(self, row: Replay) -> None:
        self.row = row
        self.branches = {endpoint: Branch(row, int(endpoint)) for endpoint in row.place or {}}

    @property
    def places(self) -> dict[str, Any]:
        """Return how far each branch is."""
        return self.row.place or {}

    @property
    def over(self) -> bool:
        """Return whether everything is queued."""
        return not any(self.open_branches())

    def open_branches(self) -> Iterator[Branch]:
        """Return the branches that are not over, as far as the row knows."""
        return (branch for endpoint, branch in self.branches.items() if self.places[endpoint] is not OVER)

    def read(self, standings: Mapping[int, Standing]) -> None:
        """Let each branch know some of its next pushes."""
        for branch in self.open_branches():
            branch.read(self.places[str(branch.endpoint)], standings[branch.endpoint])

    def step(self, most: Mapping[int, int], now: datetime) -> int:
        """Queue the next so many pushes of each endpoint; return how many were looked at."""
        over = any(branch.over for branch in self.open_branches()) or self.over
        late = now - self.row.asked_at >= MOST_WAIT
        if not (most or over or late):
            return 0
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.load("notifications", "lock_replay"), {"replay": self.row.pk})
            found = cursor.fetchone()
            if found is None:
                return 0
            place, queued = dict(self.places), found[0]
            for endpoint, count in most.items():
                chosen = list(islice(self.branches[str(endpoint)].ahead, count))
                queued += _queue(cursor, self.row, chosen)
                last = chosen[-1][0]
                place[str(endpoint)] = [last.order_key, last.sequence, str(last.id)]
            ended = [branch for branch in self.open_branches() if branch.ends_with(most.get(branch.endpoint, 0))]
            place |= {str(branch.endpoint): OVER for branch in ended}
            self._keep(place, queued, late, now)
            fault_point("replay.queued")
        for endpoint, count in most.items():
            for _ in range(count):
                self.branches[str(endpoint)].ahead.popleft()
        self.row.place = place
        return sum(most.values())

    def _keep(self, place: dict[str, Any], queued: int, late: bool, now: datetime) -> None:
        values: dict[str, Any] = {"queued": queued, "place": place, "state": Replay.State.RUNNING}
        if all(where is OVER for where in place.values()):
            values |= {"state": Replay.State.DONE, "finished_at": now}
        elif late:
            # What would be queued now would be too old at once: nothing waits longer.
            values |= {"state": Replay.State.CANCELLED, "finished_at": now}
        Replay.objects.filter(pk=self.row.pk).update(**values)


def _queue(cursor: Any, row: Replay, chosen: list[tuple[Key, int | None]]) -> int:
    """Queue pushes at the endpoints they go to; return how many wait that did not before."""
    queued = 0
    for target in sorted({target for _, target in chosen if target is not None}):
        keys = [key for key, to in chosen if to == target]
        values: dict[str, Any] = {"replay": row.pk, "endpoint": target, "one_endpoint": "endpoint" in row.chosen}
        given_up = [key.id for key in keys if key.attempt is None]
        delivered = [key.attempt for key in keys if key.attempt is not None]
        if given_up:
            cursor.execute(sql.load("notifications", "revive_pushes"), values | {"pushes": given_up})
            queued += cursor.rowcount
        if delivered:
            cursor.execute(sql.load("notifications", "queue_delivered_again"), values | {"attempts": delivered})
            queued += cursor.rowcount
    return queued

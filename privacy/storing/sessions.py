"""Sessions: what one sessionId joins, and the numbers under which its pushes leave, in order."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from privacy.models.arrivals import Kind
from privacy.storing import bulk
from privacy.storing.candidates import Candidate
from privacy.wire.facts import CallFacts, EventFacts

SILENCE = timedelta(hours=24)
KEY_BYTES = 16
# The order in which a call's records leave when they carry the same time.
LIFE = {"callin": 0, "collectInfo": 1, "callout": 2, "alerting": 3, "answer": 4, "disconnect": 5}
LAST = 9
COLUMNS = ("sessions", "accounts", "applications", "numbers", "subscriptions", "pushes", "firsts", "lasts")


class Known(NamedTuple):
    """A session heard of before: its application and number, and the span of its records."""

    application_id: int | None
    number_id: int | None
    first_at: datetime
    last_at: datetime


def session_key(session_id: str) -> bytes:
    """Return the 16 bytes that stand for a session id."""
    return sha256(session_id.encode()).digest()[:KEY_BYTES]


class SessionBook:
    """The sessions that a batch of events may belong to: from the database and from the batch itself."""

    def __init__(self, upstream_id: int, session_ids: Iterable[str]) -> None:
        self._known: dict[str, list[Known]] = {}
        by_key = {session_key(session_id): session_id for session_id in session_ids}
        if by_key:
            for key, *known in bulk.run("sessions_near", {"upstream": upstream_id, "keys": list(by_key)}):
                self._known.setdefault(by_key[key], []).append(Known(*known))

    def application_ids(self) -> set[int]:
        """Return the applications of all sessions found."""
        return {known.application_id for all in self._known.values() for known in all if known.application_id}

    def find(self, session_id: str, at: datetime) -> Known | None:
        """Return the session with an application that was not silent for a day around `at`."""
        for known in reversed(self._known.get(session_id, ())):
            if known.application_id and known.first_at - SILENCE <= at <= known.last_at + SILENCE:
                return known
        return None

    def learn(self, session_id: str, application_id: int, number_id: int | None, at: datetime) -> None:
        """Remember whose session it is, for the other records of the batch."""
        if session_id and self.find(session_id, at) is None:
            self._known.setdefault(session_id, []).append(Known(application_id, number_id, at, at))


def place(upstream_id: int, candidates: Sequence[Candidate], pushed: set[int]) -> None:
    """Make or prolong the sessions of calls and events; number the pushes of those whose id() is in `pushed`.

    Sets `order_key` (the session's row id) and `sequence` on the candidates.
    """
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if candidate.facts.session_id:
            groups.setdefault(candidate.facts.session_id, []).append(candidate)
    rounds = [[_by_time(group)] if len(group) < 2 else _clusters(_by_time(group)) for group in groups.values()]
    for turn in range(max(map(len, rounds), default=0)):
        _place(upstream_id, [clusters[turn] for clusters in rounds if turn < len(clusters)], pushed)


def _place(upstream_id: int, clusters: list[list[Candidate]], pushed: set[int]) -> None:
    """Place at most one cluster of each session id."""
    by_key = {session_key(cluster[0].facts.session_id): cluster for cluster in clusters}
    keys = sorted(by_key)
    columns = zip(*(_row(by_key[key], pushed) for key in keys), strict=True)
    rows = bulk.run(
        "upsert_sessions",
        {"upstream": upstream_id, "keys": keys, **dict(zip(COLUMNS, map(list, columns), strict=True))},
    )
    for key, row_id, total in rows:
        mine = [candidate for candidate in by_key[key] if id(candidate) in pushed]
        for sequence, candidate in enumerate(mine, start=total - len(mine) + 1):
            candidate.order_key, candidate.sequence = row_id, sequence


def _row(cluster: list[Candidate], pushed: set[int]) -> tuple[Any, ...]:
    """Return the values of COLUMNS for one session."""
    first = cluster[0]
    application = first.owner.application
    number_id, subscription_id = first.owner.number_id, first.facts.subscription_id
    start, end, pushes = first.at, _last(first), int(id(first) in pushed)
    for c in cluster[1:]:
        number_id = number_id or c.owner.number_id
        subscription_id = subscription_id or c.facts.subscription_id
        start, end, pushes = min(start, c.at), max(end, _last(c)), pushes + (id(c) in pushed)
    ids = (first.facts.session_id, application.account_id, application.id, number_id)
    return (*ids, subscription_id, pushes, start, end)


def _by_time(group: list[Candidate]) -> list[Candidate]:
    return group if len(group) == 1 else sorted(group, key=_turn)


def _turn(candidate: Candidate) -> tuple[datetime, int, bytes]:
    """Return what orders the pushes of a call: events by their time and place in a call's life, the CDR last."""
    if candidate.item.kind == Kind.CDR:
        return candidate.facts.ended_at, LAST, candidate.key
    return candidate.at, LIFE[candidate.facts.event_type], candidate.key


def _last(candidate: Candidate) -> datetime:
    facts: CallFacts | EventFacts = candidate.facts
    if isinstance(facts, CallFacts) and facts.ended_at is not None:
        return max(facts.ended_at, candidate.at)
    return candidate.at


def _clusters(group: list[Candidate]) -> list[list[Candidate]]:
    """Return the records of one session id cut where it was silent for more than a day."""
    clusters: list[list[Candidate]] = []
    for candidate in sorted(group, key=lambda c: c.at):
        if clusters and candidate.at - max(_last(c) for c in clusters[-1]) <= SILENCE:
            clusters[-1].append(candidate)
        else:
            clusters.append([candidate])
    return [_by_time(cluster) for cluster in clusters]

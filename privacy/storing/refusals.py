"""Items that cannot be stored go to quarantine: each once, counted as often as it comes, never dropped."""

from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from accounts import lookup
from common.keyring import keyring
from common.timeid import time_id
from privacy import segments
from privacy.models.arrivals import Kind
from privacy.storing import bulk
from privacy.storing.candidates import Refusal
from privacy.storing.messages import is_charged, parts_of
from privacy.wire import CallFacts, Item, MessageFacts, canonical, dumps
from privacy.wire.facts import Facts

OLDEST, FARTHEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def digest(item: Item, source_id: int = 0) -> bytes:
    """Return the keyed hash under which an item is known in quarantine: numbers must not be found by trying.

    The wire gives a number's status no time, so that equal ones are not the same: each waits under its source and line.
    """
    text = canonical(item.kind, item.sent)
    if item.kind == Kind.NUMBER_STATUS:
        text += b"|%d|%d" % (source_id, item.line)
    return sha256(b"quarantined" + lookup.hasher()(text.decode())).digest()


def put(
    refused: list[tuple[Item, Refusal]], *, upstream_id: int, source_id: int, signed_app_key: str, now: datetime
) -> None:
    """Put items into quarantine, or count them once more if they are there."""
    if not refused:
        return
    seal = keyring().seal_body
    rows: dict[tuple[int, bytes], list[object]] = {}
    for item, refusal in refused:
        key = (int(item.kind), digest(item, source_id))
        if key in rows:
            rows[key][-1] += 1  # type: ignore[operator]
            continue
        problem = refusal.problem
        rows[key] = [
            time_id(now, "quarantined", upstream_id, *key),
            problem.reason,
            problem.detail[:300],
            problem.field[:64],
            problem.retryable,
            refusal.account_id,
            item.line,
            seal(dumps(item.sent)),
            refusal.conflicts_with,
            occurred_at(item.facts),
            units_at_stake(item.facts),
            1,
        ]
    keys = sorted(rows)
    columns = list(zip(*(rows[key] for key in keys), strict=True))
    bulk.run(
        "quarantine",
        {
            "upstream": upstream_id,
            "source": source_id,
            "signed": signed_app_key,
            "kinds": [kind for kind, _ in keys],
            "digests": [found for _, found in keys],
            **dict(zip(NAMES, map(list, columns), strict=True)),
        },
    )


NAMES = (
    "ids",
    "reasons",
    "details",
    "fields",
    "retryables",
    "accounts",
    "lines",
    "bodies",
    "conflicts",
    "occurred",
    "units",
    "times",
)


def occurred_at(facts: Facts | None) -> datetime | None:
    """Return the time of a record as far as it could be read; None also for one that no page can show in every zone."""
    at: datetime | None = facts.first_at if isinstance(facts, CallFacts) else getattr(facts, "occurred_at", None)
    return at if at is not None and OLDEST <= at < FARTHEST else None


def units_at_stake(facts: Facts | None) -> int:
    """Return the minutes or parts that would be charged, 0 where nobody can say."""
    if isinstance(facts, MessageFacts):
        return (parts_of(facts) or 0) if is_charged(facts) else 0
    if not isinstance(facts, CallFacts) or facts.answered_at is None or facts.ended_at is None:
        return 0
    seconds = segments.talk_seconds(facts.answered_at, facts.ended_at)
    return segments.minutes(seconds) if 0 < seconds <= 366 * 86_400 else 0


def discarded(upstream_id: int, items: list[Item]) -> dict[int, UUID]:
    """Return the positions of items that a person discarded before, with their quarantined rows.

    Never a number's status: a later one that reads the same tells something new.
    """
    places = [position for position, item in enumerate(items) if item.kind != Kind.NUMBER_STATUS]
    if not places:
        return {}
    digests = [digest(items[position]) for position in places]
    rows = bulk.run("find_discarded", {"upstream": upstream_id, "digests": digests})
    found = {bytes(body_digest): id for body_digest, id in rows}
    return {position: found[one] for position, one in zip(places, digests, strict=True) if one in found}

"""The same answered call delivered by two upstreams: whoever comes second waits for a person (design.md 3).

Two at the same time do not see each other's rows. So each first inserts the call into a table of its own, where the
second waits for the first to commit. The rows are deleted before the commit: unlike advisory locks they need no shared
memory, however long a file is, and nobody waits but for the very same call.
"""

from datetime import timedelta

from common import timeid
from common.sealed import open_text
from privacy import reasons
from privacy.reasons import Problem
from privacy.storing import bulk
from privacy.storing.candidates import Candidate, Doubt

# How long before its answer a call of another upstream may have begun, and the tolerance after it.
BEFORE, AFTER = timedelta(hours=2), timedelta(seconds=1)


def part(candidates: list[Candidate], doubts: list[Doubt], upstream_id: int) -> list[Candidate]:
    """Return the calls that no other upstream delivered; add the others to the doubts.

    Holds them until the transaction ends; call `release` before.
    """
    answered = [c for c in candidates if c.facts.answered_at is not None]
    if not answered:
        return candidates
    held = {
        "numbers": [c.owner.number_id for c in answered],
        "answered": [c.facts.answered_at for c in answered],
    }
    bulk.run("hold_answered", held)
    rows = bulk.run(
        "calls_of_other_upstreams",
        {
            "upstream": upstream_id,
            "positions": list(range(len(answered))),
            **held,
            "los": [timeid.lower(c.facts.answered_at - BEFORE) for c in answered],
            "his": [timeid.lower(c.facts.answered_at + AFTER) for c in answered],
        },
    )
    twins = set()
    for position, sealed, twin in rows:
        c = answered[position]
        if id(c) not in twins and (open_text(sealed) if sealed else None) == c.facts.destination_number:
            twins.add(id(c))
            problem = Problem(reasons.POSSIBLE_DUPLICATE)
            doubts.append(Doubt(c.item, problem, c.key, c.fingerprint, c.owner.application.account_id, twin))
    return [c for c in candidates if id(c) not in twins] if twins else candidates


def release() -> None:
    """Take away what this transaction holds; call it once, after its last batch."""
    bulk.run("release_answered", {})

"""Telling what is new from repeats and contradictions: by claiming record ids before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from privacy import reasons
from privacy.models.arrivals import Kind
from privacy.reasons import Problem
from privacy.storing import records
from privacy.storing.candidates import Candidate, Doubt, Refusal
from privacy.wire import Item


@dataclass(slots=True)
class Outcome:
    """What became of a batch: how many items were stored or repeats, and which were refused."""

    stored: int = 0
    repeated: int = 0
    refused: list[tuple[Item, Refusal]] = field(default_factory=list)

    def refuse(
        self, item: Item, problem: Problem, account_id: int | None = None, conflicts_with: UUID | None = None
    ) -> None:
        """Note an item for quarantine."""
        self.refused.append((item, Refusal(problem, account_id, conflicts_with)))


@dataclass(slots=True)
class Claimed:
    """The new records of a kind, and notifications of messages that are stored already."""

    new: list[Candidate]
    updates: list[tuple[Candidate, UUID]] = field(default_factory=list)


def claim(
    kind: Kind,
    candidates: Sequence[Candidate],
    doubts: Sequence[Doubt],
    *,
    upstream_id: int,
    source_id: int,
    outcome: Outcome,
) -> Claimed:
    """Claim the record ids of a kind; count repeats and refuse contradictions in `outcome`."""
    first: dict[bytes, Candidate] = {}
    again = [c for c in candidates if first.setdefault(c.key, c) is not c]
    claimed = records.insert(upstream_id, source_id, kind, list(first.values()))
    outcome.stored += len(claimed)
    if len(claimed) == len(first) and not again and not doubts:
        return Claimed(list(first.values()))
    again = [c for key, c in first.items() if key not in claimed] + again
    stored = records.find(upstream_id, kind, {c.key for c in again} | {doubt.key for doubt in doubts})
    for doubt in doubts:
        known = stored.get(doubt.key)
        if known is not None and known.fingerprint == doubt.fingerprint:
            outcome.repeated += 1  # it was stored when nothing spoke against it
        else:
            outcome.refuse(doubt.item, doubt.problem, doubt.account_id, doubt.conflicts_with)
    updates = []
    for c in again:
        known = stored[c.key]
        if known.fingerprint == c.fingerprint:
            outcome.repeated += 1
        elif kind == Kind.SMS:
            updates.append((c, known.usage_id))
        else:
            refuse_other_content(c, known.usage_id, outcome)
    return Claimed([c for key, c in first.items() if key in claimed], updates)


def refuse_other_content(candidate: Candidate, usage_id: UUID, outcome: Outcome) -> None:
    """Refuse a record whose id is that of a stored one with other content."""
    account_id = candidate.owner.application.account_id
    outcome.refuse(candidate.item, Problem(reasons.OTHER_CONTENT), account_id, usage_id)

"""A record that may be stored, with everything that decides whether it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from privacy.ownership import Owner
from privacy.reasons import Problem
from privacy.wire.facts import Item


@dataclass(slots=True)
class Candidate:
    """One item with its owner and identity. `at` is its first time; `id` that of the row it becomes."""

    item: Item
    facts: Any
    owner: Owner
    id: UUID
    key: bytes
    fingerprint: bytes
    at: datetime
    sequence: int = 0
    order_key: int = 0
    # A callin of which the customer heard when he was asked what to do.
    asked: bool = False


@dataclass(slots=True)
class Doubt:
    """An item that may not be stored now, unless it turns out to be the repeat of a stored one."""

    item: Item
    problem: Problem
    key: bytes
    fingerprint: bytes
    account_id: int | None = None
    conflicts_with: UUID | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an item goes to quarantine, with what a person wants to know there."""

    problem: Problem
    account_id: int | None = None
    conflicts_with: UUID | None = None

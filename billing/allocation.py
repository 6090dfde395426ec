"""Which usage draws how much from which package (billing.md 2).

Pure. Settlement does the same in SQL, one pass for each package in order; here it is one usage after the other, as the
rule is written. They share no code; tests compare the two.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Quota:
    """What is left in one purchase of one account, for one item, during [starts_at, ends_at)."""

    purchase_id: int
    item: str
    starts_at: datetime
    ends_at: datetime
    purchased_at: datetime
    reference: str
    left: int
    priority: int = 100

    def turn(self) -> tuple[int, datetime, datetime, datetime, str]:
        """Return what decides the order among packages, lowest first."""
        return (self.priority, self.ends_at, self.starts_at, self.purchased_at, self.reference)


@dataclass(frozen=True)
class Usage:
    """Priced usage of one account: units of an item, rated at the instant it was answered or sent."""

    id: UUID
    item: str
    number_kind: str
    rated_at: datetime
    units: int


@dataclass(frozen=True)
class Split:
    """Units taken from one purchase."""

    purchase_id: int
    units: int


def draws_packages(item: str, number_kind: str) -> bool:
    """Return whether usage draws on packages: calls on any kind of number, SMS on virtual-operator numbers only."""
    return item == "call" or (item == "sms" and number_kind == "virtual")


def allocate(usages: Iterable[Usage], quotas: Iterable[Quota]) -> Mapping[UUID, list[Split]]:
    """Return what each usage takes from packages, in the order taken; what is missing to its units is overage.

    All of one account and one settlement. A package serves usage that its half-open window contains.
    """
    in_order = sorted(quotas, key=Quota.turn)
    left = {(quota.purchase_id, quota.item): quota.left for quota in in_order}
    taken: dict[UUID, list[Split]] = {}
    for usage in sorted(usages, key=lambda usage: (usage.rated_at, usage.id)):
        taken[usage.id] = _serve(usage, in_order, left)
    return taken


def _serve(usage: Usage, in_order: list[Quota], left: dict[tuple[int, str], int]) -> list[Split]:
    splits: list[Split] = []
    wanted = usage.units if draws_packages(usage.item, usage.number_kind) else 0
    for quota in in_order:
        if quota.item != usage.item or not quota.starts_at <= usage.rated_at < quota.ends_at:
            continue
        units = min(wanted, left[quota.purchase_id, quota.item])
        if units:
            splits.append(Split(quota.purchase_id, units))
            left[quota.purchase_id, quota.item] -= units
            wanted -= units
    return splits

"""Joins what was told, what arrived and what the outbox still holds, and says what is wrong. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.rig.journal import Line

Key = tuple[str, int]


@dataclass
class Verdict:
    """Figures of a run; `faults` says in words what may not be."""

    acknowledged: int = 0
    told: int = 0
    delivered: int = 0
    requests: int = 0
    pending: int = 0
    dead: int = 0
    lost: list[Key] = field(default_factory=list)
    phantoms: list[str] = field(default_factory=list)
    bad_signatures: list[str] = field(default_factory=list)
    inversions: list[str] = field(default_factory=list)
    hasty: list[str] = field(default_factory=list)
    duplicates: int = 0
    changed: list[str] = field(default_factory=list)
    misplaced: list[Key] = field(default_factory=list)
    invented: list[Key] = field(default_factory=list)

    def faults(self, *, most_duplicates: int) -> list[str]:
        """Return what is wrong, a line each; nothing when all is as it must be."""
        found = [
            f"{what}: {len(rows)}, the first {rows[:3]}"
            for what, rows in (
                ("acknowledged and neither delivered, pending nor dead", self.lost),
                ("arrived and never told", self.phantoms),
                ("bad signatures", self.bad_signatures),
                ("first deliveries out of order", self.inversions),
                ("sent before the one before it was taken", self.hasty),
                ("one record with another body or id", self.changed),
                ("sent to somebody else's server", self.misplaced),
                ("said to be delivered and never taken", self.invented),
            )
            if rows
        ]
        if self.duplicates > most_duplicates:
            found.append(f"duplicates: {self.duplicates}, more than the {most_duplicates} that were under way")
        return found

    def __str__(self) -> str:
        return (
            f"acknowledged {self.acknowledged}, delivered {self.delivered}, pending {self.pending}, dead {self.dead}, "
            f"requests {self.requests}, duplicates {self.duplicates}"
        )


def check(told: Iterable[Line], came: Iterable[Line], outbox: Iterable[Line]) -> Verdict:
    """Return the verdict over a generator's log, a receiver's log, and the rows of outbox and attempt log."""
    verdict = Verdict()
    owner, acknowledged = _told(told)
    verdict.told, verdict.acknowledged = len(owner), len(acknowledged)
    taken = _came(came, owner, verdict)
    verdict.delivered = len(taken)
    kept = set()
    for row in outbox:
        key = _key(row["key"])
        if row["state"] == "delivered":
            if key not in taken:
                verdict.invented.append(key)
            continue
        kept.add(key)
        verdict.pending += row["state"] == "pending"
        verdict.dead += row["state"] in ("dead", "parked")
    verdict.lost = sorted(acknowledged - taken - kept)
    return verdict


def _told(lines: Iterable[Line]) -> tuple[dict[Key, int], set[Key]]:
    owner: dict[Key, int] = {}
    acknowledged: set[Key] = set()
    for line in lines:
        if "sent" in line:
            owner.update(zip(map(_key, line["sent"]), line["of"], strict=True))
        elif "acked" in line:
            acknowledged.update(map(_key, line["acked"]))
    return owner, acknowledged


def _came(lines: Iterable[Line], owner: dict[Key, int], verdict: Verdict) -> set[Key]:
    """Go through the requests as they came; return the records that were taken."""
    bodies: dict[Key, tuple[str, str]] = {}
    taken: dict[str, set[int]] = defaultdict(set)
    for line in lines:
        verdict.requests += 1
        if not line.get("good", True):
            verdict.bad_signatures.append(line["id"])
        key = _key(line["key"]) if line["key"] else None
        if key is None or key not in owner:
            verdict.phantoms.append(line["id"])
            continue
        session, step = key
        if int(line["to"].rpartition("/")[2]) != owner[key]:
            verdict.misplaced.append(key)
        if bodies.setdefault(key, (line["id"], line["sha"])) != (line["id"], line["sha"]):
            verdict.changed.append(line["id"])
        if any(before not in taken[session] for before in range(step)):
            verdict.hasty.append(f"{session} {step}")
        if line["told"] != 200:
            continue
        if step in taken[session]:
            verdict.duplicates += 1
        elif any(later > step for later in taken[session]):
            verdict.inversions.append(f"{session} {step}")
        taken[session].add(step)
    return {(session, step) for session, steps in taken.items() for step in steps}


def _key(pair: list[object]) -> Key:
    return str(pair[0]), int(str(pair[1]))

"""Joins what was told, what arrived and what the product says of it, and says what is wrong. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.rig.criteria import Criterion
from bench.rig.journal import Line

Key = tuple[str, int]


@dataclass
class Verdict:
    """Figures of a run; `criteria` says which of them may not be."""

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
    misnumbered: list[str] = field(default_factory=list)
    duplicates: int = 0
    unexplained: list[str] = field(default_factory=list)
    # {moment of a kill: how many pushes came again after it that had been taken before}.
    at_kills: Counter[float] = field(default_factory=Counter)
    changed: list[str] = field(default_factory=list)
    misplaced: list[Key] = field(default_factory=list)
    invented: list[Key] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    def criteria(self, *, most_at_a_kill: int) -> list[Criterion]:
        """Return what the run is judged by."""
        none = (
            ("acknowledged and neither delivered, pending nor dead", self.lost),
            ("arrived and never told", self.phantoms),
            ("bad signatures", self.bad_signatures),
            ("first deliveries out of order", self.inversions),
            ("sent before the one before it was taken", self.hasty),
            ("numbered out of order", self.misnumbered),
            ("another body or id than the first time", self.changed),
            ("sent to somebody else's server", self.misplaced),
            ("said to be delivered and never taken", self.invented),
            ("sent again though nothing was killed", self.unexplained),
            ("arrived and not in the list of pushes", self.unlisted),
            ("in the list twice, or with other bytes", self.strange),
        )
        worst = max(self.at_kills.values(), default=0)
        return [
            Criterion.of_count("records acknowledged", self.acknowledged, least=1),
            *(Criterion.of_none(what, rows) for what, rows in none),
            Criterion.of_count("pushes that came twice after one kill, at most", worst, most=most_at_a_kill),
            Criterion.of_count("pending at the end", self.pending, most=0),
            Criterion.of_count("dead at the end", self.dead, most=0),
        ]

    def __str__(self) -> str:
        return (
            f"acknowledged {self.acknowledged}, delivered {self.delivered}, pending {self.pending}, dead {self.dead}, "
            f"requests {self.requests}, duplicates {self.duplicates}"
        )


@dataclass(frozen=True, slots=True)
class Excuse:
    """Something was killed, by the receiver's clock: what was taken from `since` to `until` may come again after it."""

    at: float
    until: float
    since: float


def check(
    told: Iterable[Line], came: Iterable[Line], listed: Iterable[Line], excuses: Sequence[Excuse] = ()
) -> Verdict:
    """Return the verdict over a generator's log, a receiver's log and the lists of pushes of all customers."""
    verdict = Verdict()
    owner, acknowledged = _told(told)
    verdict.told, verdict.acknowledged = len(owner), len(acknowledged)
    arrivals = _Arrivals(owner, excuses, verdict)
    for line in came:
        arrivals.take_in(line)
    taken = arrivals.everything_taken()
    verdict.delivered = len(taken)
    kept = _listed(listed, taken, arrivals.bodies, verdict)
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


class _Arrivals:
    """The requests in the order in which they came."""

    def __init__(self, owner: dict[Key, int], excuses: Sequence[Excuse], verdict: Verdict) -> None:
        self._owner, self._excuses, self._verdict = owner, excuses, verdict
        # The id and the hash of the body of each record as it first came.
        self.bodies: dict[Key, tuple[str, str]] = {}
        self._taken: dict[str, set[int]] = defaultdict(set)
        self._numbers: dict[str, dict[int, int]] = defaultdict(dict)
        # When a record was taken that was not sent again since.
        self._settled: dict[Key, float] = {}

    def everything_taken(self) -> set[Key]:
        """Return the records that were answered with 200."""
        return {(session, step) for session, steps in self._taken.items() for step in steps}

    def take_in(self, line: Line) -> None:
        """Judge one request."""
        verdict = self._verdict
        verdict.requests += 1
        if not line.get("good", True):
            verdict.bad_signatures.append(line["id"])
        key = _key(line["key"]) if line["key"] else None
        if key is None or key not in self._owner:
            verdict.phantoms.append(line["id"])
            return
        if int(line["to"].rpartition("/")[2]) != self._owner[key]:
            verdict.misplaced.append(key)
        if self.bodies.setdefault(key, (line["id"], line["sha"])) != (line["id"], line["sha"]):
            verdict.changed.append(line["id"])
        self._judge_number(key, line)
        if not line.get("replay"):
            self._judge_order(key, line)

    def _judge_number(self, key: Key, line: Line) -> None:
        """A call's pushes are numbered as they were accepted, whoever sends them and how often."""
        session, step = key
        number, numbers = int(line["sequence"]), self._numbers[session]
        before, after = numbers.get(step - 1, number - 1), numbers.get(step + 1, number + 1)
        if not before < number < after or numbers.setdefault(step, number) != number:
            self._verdict.misnumbered.append(f"{session} {step}")

    def _judge_order(self, key: Key, line: Line) -> None:
        session, step = key
        taken = self._taken[session]
        if any(before not in taken for before in range(step)):
            self._verdict.hasty.append(f"{session} {step}")
        if key in self._settled:
            self._explain(key, self._settled.pop(key), float(line["came"]))
        if line["told"] != 200:
            return
        self._settled[key] = float(line["came"])
        if step in taken:
            self._verdict.duplicates += 1
        elif any(later > step for later in taken):
            self._verdict.inversions.append(f"{session} {step}")
        taken.add(step)

    def _explain(self, key: Key, taken_at: float, again_at: float) -> None:
        """What was taken is sent again only when something was killed soon after that could not note it.

        It is put down to the last such kill before it came again.
        """
        kills = [kill.at for kill in self._excuses if kill.since <= taken_at <= kill.until and kill.at <= again_at]
        if kills:
            self._verdict.at_kills[max(kills)] += 1
        else:
            self._verdict.unexplained.append(f"{key[0]} {key[1]}")


def _listed(lines: Iterable[Line], taken: set[Key], bodies: dict[Key, tuple[str, str]], verdict: Verdict) -> set[Key]:
    """Hold the lists against what arrived; return what they say waits or was given up."""
    kept: set[Key] = set()
    seen: set[Key] = set()
    for line in lines:
        key = _key(line["key"])
        if key in seen or bodies.get(key, (line["id"], line["sha"])) != (line["id"], line["sha"]):
            verdict.strange.append(line["id"])
        seen.add(key)
        if line["state"] == "delivered":
            if key not in taken:
                verdict.invented.append(key)
            continue
        kept.add(key)
        verdict.pending += line["state"] == "waiting"
        verdict.dead += line["state"] in ("dead", "parked")
    verdict.unlisted += [f"{session} {step}" for session, step in sorted(taken - seen)]
    return kept


def _key(pair: list[object]) -> Key:
    return str(pair[0]), int(str(pair[1]))

"""What may be bound and who is reached, in plain Python: the rules of northbound.md 3-6 and 9, told a second time.

It shares nothing with privacy.bindings. Numbers, bindings and what cools down are held in dictionaries; time only
passes by `lapse`. A binding that has lapsed but was not swept may or may not stand in the way of a selection (another
X may be taken instead), but never makes a bind fail: `allowed` holds every X the platform may choose.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

PAIRS, EXTENSIONS, NUMBERS_OF_A = 3, 9, 5
PROVINCES = {"0755": ["020"], "020": ["0755"]}
FALLBACK_CITIES = ["010"]
# Parties and the cities they are at home in: fixed lines, and one abroad.
PARTIES = {"+8675528000011": "0755", "+862028000012": "020", "+861028000013": "010", "+12025550114": ""}
STRANGER = "+862828000099"
CITIES = {
    "+8617100000001": "0755",
    "+8617100000002": "020",
    "+8617100000003": "010",
    "+8617100000004": "0755",
    "+8617100000005": "028",
    "+8617100000006": "010",
}
NORMAL = "normal"
FROZEN_STATES = {"suspended", "binding_frozen"}
WRONG, FROZEN, BLACKLISTED = "1010002", "1010029", "1012102"


class Refused(Exception):
    """The order is refused with this code, or with any of these where the reference leaves it open."""

    def __init__(self, *codes: str) -> None:
        super().__init__(" or ".join(codes))
        self.codes = codes


@dataclass
class X:
    """One number: where it is, who holds it, in what state it is, when it was bound last (0 = never)."""

    number: str
    city: str
    owner: str
    state: str = NORMAL
    bound_at: int = 0


@dataclass
class Bound:
    """One binding. `ends` is whether it has a term, `lapsed` whether that is over, `callee` whom A calls for a time."""

    id: str
    owner: str
    x: str
    a: str
    b: str = ""
    extension: str = ""
    parent: str = ""
    ends: bool = False
    lapsed: bool = False
    callee: str = ""
    terms: dict[str, Any] = field(default_factory=dict)


Fits = Callable[[X, "Standing"], bool]


@dataclass(frozen=True)
class Standing:
    """What stands in the way: bindings that occupy, and what cools down as {(x, key): counterparts}."""

    bound: list[Bound]
    cool: dict[tuple[str, str], set[str]]

    def on(self, x: str) -> list[Bound]:
        """Return what occupies a number."""
        return [bound for bound in self.bound if bound.x == x]

    def cools(self, x: str, key: str, counterpart: str) -> bool:
        """Return whether `key` on X is kept from `counterpart` because another had it."""
        return bool(self.cool.get((x, key), set()) - {counterpart})


class World:
    """Numbers and bindings of some applications of one mode."""

    def __init__(self, applications: Iterable[str], numbers: int, *, cools: bool) -> None:
        """Give the numbers to the first of the applications."""
        self.applications = list(applications)
        self.numbers = {
            number: X(number, city, self.applications[0]) for number, city in list(CITIES.items())[:numbers]
        }
        self.bindings: dict[str, Bound] = {}
        self.cool: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.latest_ended: Bound | None = None
        self._cools = cools
        self._ticks = 0

    # --- what there is ---------------------------------------------------------------------------------------------

    def live(self) -> list[Bound]:
        """Return the bindings that hold."""
        return [bound for bound in self.bindings.values() if not bound.lapsed]

    def on(self, x: str) -> list[Bound]:
        """Return the bindings that hold on a number."""
        return [bound for bound in self.live() if bound.x == x]

    def find(self, owner: str, identity: str) -> Bound | None:
        """Return what holds under an id, if it is the application's."""
        found = self.bindings.get(identity)
        return found if found and not found.lapsed and found.owner == owner else None

    # --- what happens ----------------------------------------------------------------------------------------------

    def add(self, bound: Bound) -> None:
        """Keep a new binding."""
        self._ticks += 1
        self.numbers[bound.x].bound_at = self._ticks
        self.bindings[bound.id] = bound

    def end(self, ended: Iterable[Bound]) -> None:
        """End bindings, with what hangs on them."""
        for bound in list(ended):
            if self.bindings.pop(bound.id, None) is not None:
                self.latest_ended = bound
                self._release(bound, self.cool)
                self.end(child for child in list(self.bindings.values()) if child.parent == bound.id)

    def replace(self, bound: Bound, *, a: str | None = None, b: str | None = None) -> None:
        """Give a binding another A or B: who leaves it is released."""
        before = replace(bound)
        bound.a, bound.b = a or bound.a, b or bound.b
        bound.callee = bound.callee if bound.a == before.a else ""
        if (bound.a, bound.b) != (before.a, before.b):
            self._release(before, self.cool)

    def lapse(self, bound: Bound) -> None:
        """Let the term of a binding be over, and of what hangs on it."""
        bound.lapsed = True
        for child in self.bindings.values():
            child.lapsed = child.lapsed or child.parent == bound.id

    def sweep(self) -> None:
        """End what has lapsed."""
        self.end([bound for bound in self.bindings.values() if bound.lapsed])

    def transfer(self, x: X, owner: str) -> None:
        """Give a number to another application: what is bound on it ends."""
        self.end([bound for bound in self.bindings.values() if bound.x == x.number])
        x.owner = owner

    def _release(self, bound: Bound, cool: dict[tuple[str, str], set[str]]) -> None:
        if self._cools:
            for key, counterpart in cooling_of(bound):
                cool[bound.x, key].add(counterpart)

    # --- which X ---------------------------------------------------------------------------------------------------

    def check_named(self, owner: str, x: str, not_yours: str) -> X:
        """Return the X a customer named. Raises Refused when it is not his, or not in order."""
        found = self.numbers.get(x)
        if found is None or found.owner != owner:
            raise Refused(not_yours)
        if found.state in FROZEN_STATES:
            raise Refused(FROZEN)
        if found.state != NORMAL:
            raise Refused(BLACKLISTED)
        return found

    def allowed(self, owner: str, area: str, loose: bool, fits: Fits, before: Fits | None = None) -> set[str]:
        """Return every X the platform may select, those that come `before` others first; empty when there is none."""
        chosen = {self._select(owner, area, loose, fits, before, standing) for standing in self._standings()}
        nothing_lapsed = self._select(owner, area, loose, fits, before, self.standing())
        return chosen - {""} if nothing_lapsed else set()

    def standing(self) -> Standing:
        """Return what stands in the way when all that has lapsed is ended."""
        *_, last = self._standings()
        return last

    def _standings(self) -> Iterator[Standing]:
        """Yield what may stand in the way, each choice of what is lapsed having been ended; last: all of it."""
        lapsed = [bound for bound in self.bindings.values() if bound.lapsed]
        for count in range(len(lapsed) + 1):
            for gone in combinations(lapsed, count):
                cool = defaultdict(set, {key: set(counterparts) for key, counterparts in self.cool.items()})
                for bound in gone:
                    self._release(bound, cool)
                ids = {bound.id for bound in gone}
                yield Standing([bound for bound in self.bindings.values() if bound.id not in ids], cool)

    def _select(self, owner: str, area: str, loose: bool, fits: Fits, before: Fits | None, standing: Standing) -> str:
        """Return the least recently bound X that fits, of the first step that has one: city, province, others."""
        ready = [x for x in self.numbers.values() if x.owner == owner and x.state == NORMAL and fits(x, standing)]
        steps: list[Callable[[X], bool]] = [lambda x: x.city == area]
        if loose:
            steps.append(lambda x: x.city in PROVINCES.get(area, []))
            steps += [lambda x, city=city: x.city == city for city in FALLBACK_CITIES]  # type: ignore[misc]
            steps.append(lambda x: True)
        for step in steps:
            if found := list(filter(step, ready)):
                preferred = [x for x in found if before and before(x, standing)]
                return min(preferred or found, key=lambda x: (x.bound_at, x.number)).number
        return ""


def cooling_of(bound: Bound) -> list[tuple[str, str]]:
    """Return what cools down when a binding ends: the key and whom it was released from."""
    if bound.parent:
        return []
    if bound.b:
        return [(bound.a, bound.b), (bound.b, bound.a)]
    if bound.extension:
        return [(f"extension {bound.extension}", bound.a)]
    return [("anyone", bound.a)]

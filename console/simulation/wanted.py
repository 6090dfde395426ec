"""Which bindings customers make before the calls: between whom, on which X or in which city, and how they end. Pure.

AXB and AXE have so many of each seed. An X of AX or AXYB takes one A only, so those are the same for every seed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from console.simulation.people import Line, digest, mobile

# A's of AX and of AXYB speak to so many people.
PEOPLE_OF_AX, PEOPLE_OF_AXYB = 6, 4
FEWEST, MOST = 3, 40
CALLS_A_BINDING = 20
# Where there are enough, so many X of AX and of AXYB stay free: for whoever tries the API out.
SPARE, ENOUGH = 3, 10


class Fate(Enum):
    """How a binding ends: most hold on."""

    KEPT = "kept"
    UNBOUND = "unbound when the calls are over"
    EXPIRES = "a short term"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One binding. `order` is its userData: the same binding has the same, so it is known again.

    `x` "" lets the platform select in `area_code`. A YB of AXYB names the order of its AX as `parent`.
    """

    order: str
    app_key: str
    mode: str
    a: str
    b: str = ""
    x: str = ""
    area_code: str = ""
    extension: str = ""
    parent: str = ""
    people: tuple[str, ...] = ()
    fate: Fate = Fate.KEPT
    recorded: bool = False


def each_number_has(calls: int, lines: int) -> int:
    """Return how many bindings an X of AXB or AXE gets for so many calls over so many X."""
    return max(FEWEST, min(MOST, calls // max(1, lines * CALLS_A_BINDING)))


def bindings(lines: Sequence[Line], seed: str, each: int) -> list[Wanted]:
    """Return the bindings for these X's, in the order in which they are made; X mode has none."""
    made: list[Wanted] = []
    for _, own in groupby(sorted(lines, key=lambda line: (line.app_key, line.number)), lambda line: line.app_key):
        held = list(own)
        kind = {"AXB": _axb, "AXE": _axe, "AX": _ax, "AXYB": _axyb}.get(held[0].mode)
        if kind:
            # Named ones first: what the platform selects for the others is then none of these.
            made += sorted(kind(held, _Crowd(seed), each), key=lambda one: (bool(one.parent), not one.x))
    return made


class _Crowd:
    """People of one application, each drawn once: nobody is bound on an X twice."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn: set[str] = set()

    def order(self, line: Line, slot: object, seed: str | None = None) -> str:
        """Return the userData of a binding."""
        drawn = digest(self._seed if seed is None else seed, "order", line.number, slot)
        return f"order-{int.from_bytes(drawn[:8]) % 10**10:010d}"

    def person(self, order: str, role: object) -> str:
        """Return a real number that nobody of the application has yet."""
        for attempt in range(1000):
            number = mobile(digest(order, role, attempt)[:8])
            if number not in self._drawn:
                self._drawn.add(number)
                return number
        raise ValueError("there are not that many people")


def _axb(lines: list[Line], crowd: _Crowd, each: int) -> Iterator[Wanted]:
    for line in lines:
        for slot in range(each):
            order = crowd.order(line, slot)
            a, b = crowd.person(order, "A"), crowd.person(order, "B")
            x, area = _where(line, slot)
            fate = _fate(slot)
            yield Wanted(order, line.app_key, "AXB", a, b, x, area, fate=fate, recorded=line.recording)


def _axe(lines: list[Line], crowd: _Crowd, each: int) -> Iterator[Wanted]:
    for line in lines:
        for slot in range(each):
            order = crowd.order(line, slot)
            a, b = crowd.person(order, "A"), crowd.person(order, "B")
            x, area = _where(line, slot)
            # One in three asks for an extension of its own choice.
            extension = _extension(line, order) if slot % 3 == 0 else ""
            yield Wanted(order, line.app_key, "AXE", a, b, x, area, extension, fate=_fate(slot))


def _ax(lines: list[Line], crowd: _Crowd, each: int) -> Iterator[Wanted]:
    for place, line in enumerate(_served(lines)):
        order = crowd.order(line, "AX", seed="")
        people = tuple(crowd.person(order, role) for role in range(PEOPLE_OF_AX))
        x, area = _where(line, place)
        fate = Fate.UNBOUND if place % 5 == 2 else Fate.KEPT
        a = crowd.person(order, "A")
        yield Wanted(order, line.app_key, "AX", a, "", x, area, people=people, fate=fate, recorded=line.recording)


def _axyb(lines: list[Line], crowd: _Crowd, each: int) -> Iterator[Wanted]:
    """Half of the numbers, in the order of their cities, become X; the rest is left for Y."""
    held = [line for line in _served(lines) if line.area_code]
    served = held[::2] if len(held) > 1 else []
    # A calls each B by a Y of its own.
    people = min(PEOPLE_OF_AXYB, len(held) - len(served))
    for place, line in enumerate(served):
        order = crowd.order(line, "AXYB", seed="")
        a = crowd.person(order, "A")
        yield Wanted(order, line.app_key, "AXYB", a, area_code=line.area_code, recorded=line.recording)
        for slot in range(people):
            own = crowd.order(line, f"YB{slot}", seed="")
            fate = Fate.UNBOUND if (place + slot) % 6 == 5 else Fate.EXPIRES if slot == 2 else Fate.KEPT
            yield Wanted(own, line.app_key, "AXYB", a, crowd.person(own, "B"), parent=order, fate=fate)


def _served(lines: list[Line]) -> list[Line]:
    return lines[:-SPARE] if len(lines) >= ENOUGH else lines


def _where(line: Line, place: int) -> tuple[str, str]:
    """Return the X to name, or "" and the city to select it in: every other one."""
    return (line.number, "") if place % 2 == 0 or not line.area_code else ("", line.area_code)


def _extension(line: Line, order: str) -> str:
    digits = line.extension_digits
    return f"{1 + int(order[-4:]) % (10**digits - 1):0{digits}d}"


def _fate(slot: int) -> Fate:
    return {2: Fate.EXPIRES, 4: Fate.UNBOUND}.get(slot % 8, Fate.KEPT)

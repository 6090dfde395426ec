"""Who calls whom: the real numbers behind each X, made of a seed. Pure.

The real numbers are the runs 1370000xxxx, 1380000xxxx and 1390000xxxx that every Chinese form shows as its example.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b
from itertools import accumulate
from random import Random
from uuid import UUID

PREFIXES = ("+861370000", "+861380000", "+861390000")
PAIRS_A_DAY = 12
ODD_CALLERS = ("10086", "anonymous", "95533", "+8675528000018")


@dataclass(frozen=True, slots=True)
class Line:
    """One X in play: what the traffic needs to know of it. `account` is a code."""

    number: str
    account: str
    app_key: str
    mode: str
    area_code: str = ""
    sms: bool = True
    recording: bool = True
    content: bool = False
    extension_digits: int = 4


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people behind one X, and their binding.

    `direction` is who calls it, where only one of them can (1: A); `shown` is the number that the other side sees.
    """

    a: str
    b: str
    subscription_id: str
    extension: str
    user_data: str
    direction: int | None = None
    shown: str = ""


Book = Mapping[str, Sequence[Pair]]


def digest(*parts: object) -> bytes:
    """Return 32 bytes that depend on the parts only: the same in every process, for ever."""
    return blake2b("|".join(str(part) for part in parts).encode(), digest_size=32).digest()


def pair(seed: str, line: Line, day: date, slot: int) -> Pair:
    """Return the pair in `slot` of the X on that day; A keeps his X for the week, B changes daily."""
    week = day.isocalendar()
    own = digest(seed, line.number, week[:2], slot)
    drawn = digest(seed, line.number, day, slot)
    return Pair(
        a=mobile(own[:8]),
        b=mobile(drawn[:8]),
        subscription_id=str(UUID(bytes=drawn[8:24], version=4)),
        extension=f"{int.from_bytes(drawn[24:26]) % 10_000:04d}",
        user_data=f"order-{int.from_bytes(drawn[26:30]) % 10**8:08d}",
    )


def bound_pair(book: Book | None, seed: str, line: Line, day: date, slot: int) -> Pair:
    """Return the pair in `slot` of the X on that day, of those in the book: each day others of them speak.

    Without a book pairs and their bindings are made up; an X that is not in it has people without a binding.
    """
    if book is None:
        return pair(seed, line, day, slot)
    bound = book.get(line.number, ())
    if not bound:
        return replace(pair(seed, line, day, slot), subscription_id="")
    return bound[(day.toordinal() * 5 + slot) % len(bound)]


def stranger(rng: Random) -> str:
    """Return a caller nobody knows; one in eight has no ordinary number."""
    if rng.random() < 0.125:
        return rng.choice(ODD_CALLERS)
    return mobile(rng.randbytes(8))


class Crowd:
    """Chooses which X is called: a few are called often, most seldom."""

    def __init__(self, lines: Sequence[Line], seed: str) -> None:
        """Rank the lines by the seed; the n-th is called 1/(n+3) times as often as a first one would be."""
        self.lines = sorted(lines, key=lambda line: digest(seed, "rank", line.number))
        self._heights = list(accumulate(1 / (rank + 4) for rank in range(len(self.lines))))

    def line(self, rng: Random) -> Line:
        """Return the X of the next call."""
        return rng.choices(self.lines, cum_weights=self._heights)[0]


def mobile(raw: bytes) -> str:
    drawn = int.from_bytes(raw)
    return f"{PREFIXES[drawn % 3]}{drawn // 3 % 10_000:04d}"

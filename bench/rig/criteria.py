"""What a run of the rig is judged by, and the table of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Self

SHOWN = 3


@dataclass(frozen=True)
class Criterion:
    """One line of the table. `found` names the first that are wrong."""

    name: str
    figure: str
    limit: str
    met: bool
    found: str = ""

    @classmethod
    def of_none(cls, name: str, rows: Sequence[object]) -> Self:
        """Return the criterion that there be none of these."""
        first = ", ".join(str(row) for row in rows[:SHOWN])
        return cls(name, f"{len(rows):,}", "0", not rows, f"the first: {first}" if rows else "")

    @classmethod
    def of_count(cls, name: str, count: int, *, least: int = 0, most: int | None = None) -> Self:
        """Return the criterion that there be at least or at most so many."""
        limit = f">= {least:,}" if most is None else f"<= {most:,}" if most else "0"
        return cls(name, f"{count:,}", limit, least <= count and (most is None or count <= most))

    @classmethod
    def of_seconds(cls, name: str, seconds: float | None, *, most: float) -> Self:
        """Return the criterion that it took at most so long; None: it never came about."""
        figure = "never" if seconds is None else f"{seconds:.1f} s"
        return cls(name, figure, f"<= {most:.0f} s", seconds is not None and seconds <= most)

    @classmethod
    def of_share(cls, name: str, part: float, whole: float, *, least: float) -> Self:
        """Return the criterion that one rate be at least such a share of another."""
        share = part / whole if whole else 0.0
        return cls(name, f"{floor(100 * share)}% ({part:,.0f}/s of {whole:,.0f}/s)", f">= {least:.0%}", share >= least)

    def __str__(self) -> str:
        return f"{self.name}: {self.figure}, wanted {self.limit}" + (f"; {self.found}" if self.found else "")


def unmet(criteria: Sequence[Criterion]) -> list[str]:
    """Return what is wrong, a line each; nothing when all is as it must be."""
    return [str(criterion) for criterion in criteria if not criterion.met]


def table(criteria: Sequence[Criterion]) -> str:
    """Return the criteria in columns, and below them what was found of those that are not met."""
    rows = [("criterion", "figure", "limit", "")]
    rows += [(one.name, one.figure, one.limit, "met" if one.met else "NOT MET") for one in criteria]
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, *(f"WRONG: {fault}" for fault in unmet(criteria))])

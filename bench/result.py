"""What a benchmark tells, and the table of it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One line: what was measured, what its reference did in the same run, whether the budget is met."""

    name: str
    figure: str
    reference: str
    ratio: str
    budget: str
    met: bool

    def cells(self) -> tuple[str, ...]:
        """Return the line as it is printed."""
        return (self.name, self.figure, self.reference, self.ratio, self.budget, "met" if self.met else "NOT MET")


HEAD = ("name", "figure", "reference", "ratio", "budget", "met")


def table(results: Sequence[Result]) -> str:
    """Return the lines in columns."""
    rows = [HEAD, *(result.cells() for result in results)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )

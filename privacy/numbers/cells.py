"""Cells of a line, or what a person typed, to the rows of a step."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from common.errors import BadInput
from common.phone import parse_typed
from privacy.numbers.reach import Reach
from privacy.numbers.rows import Checks, NumberRow
from privacy.numbers.sheets import Line
from privacy.numbers.transferring import Move

YES = {"yes", "y", "true", "1", "是", "on"}
NO = {"no", "n", "false", "0", "否", "off"}


@dataclass(frozen=True)
class Choice:
    """What holds for every line: the application, the cause of being unusable, the order that is filled."""

    application: str = ""
    cause: str = ""
    order: int | None = None


def moves_of(lines: Sequence[Line], choice: Choice, checks: Checks, reach: Reach) -> list[Move]:
    """Return the moves of lines: each to the application of its line, else to the one chosen for all."""
    rows = list[Move]()
    for line in lines:
        with checks.of(line.line):
            number = reach.number(number_of(line))
            target = reach.application(line.cells.get("application", "") or choice.application)
            rows.append(Move(number=number, line=line.line, application=target))
    return rows


def rows_of(lines: Sequence[Line], checks: Checks, reach: Reach) -> list[NumberRow]:
    """Return the numbers of lines; what is wrong with the others stands in `checks`."""
    rows = list[NumberRow]()
    for line in lines:
        with checks.of(line.line):
            rows.append(NumberRow(number=reach.number(number_of(line)), line=line.line))
    return rows


def number_of(line: Line) -> str:
    """Return a line's number in its stored form. Raises BadInput when there is none."""
    text = parse_typed(line.cells.get("number", ""))
    if not text:
        raise BadInput("number", _("is missing"), _("write it with + and country code"))
    return text


def flag_of(field: str, text: str) -> bool:
    """Return a yes or no. Raises BadInput."""
    plain = text.strip().lower()
    if plain not in YES | NO:
        raise BadInput(field, _("is neither yes nor no"), _("write yes or no"))
    return plain in YES

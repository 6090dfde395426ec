"""Rows that a step is done for, what may be wrong with them, and the numbers they name, locked."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Application
from common.errors import BadInput, MasklineError
from privacy.models import Holding, Number

Progress = Callable[[int], None]
BATCH = 500


@dataclass(frozen=True, kw_only=True)
class NumberRow:
    """One number that something is done with; `line` is its line in the file it came from, 0 if from none."""

    number: str
    line: int = 0


@dataclass(frozen=True)
class RowProblem:
    """Why one row cannot be done: its line, the field, what is wrong and how to put it right."""

    line: int
    field: str
    problem: str
    cure: str = ""

    def __str__(self) -> str:
        where = _("line %(line)s, %(field)s") % {"line": self.line, "field": self.field} if self.line else self.field
        text = f"{where}: {self.problem}"
        return f"{text}; {self.cure}" if self.cure else text


class BadRows(MasklineError):
    """Some rows cannot be done; nothing was."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(problems)
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        more = len(self.problems) - 1
        rest = ngettext("and %(n)s more line", "and %(n)s more lines", more) % {"n": more}
        return f"{self.problems[0]} ({rest})"


@dataclass
class Done:
    """What a step did: the numbers it changed, how many were so already, and bindings it ended.

    `accounts`: whose the numbers will be, where none holds them yet.
    """

    numbers: list[Number] = field(default_factory=list)
    unchanged: int = 0
    bindings_ended: int = 0
    accounts: frozenset[int] = frozenset()

    def count(self, batch: Sequence[Number], changed: Sequence[Number], progress: Progress) -> None:
        """Count a batch and those of it that changed, and say how many are done."""
        self.numbers.extend(changed)
        self.unchanged += len(batch) - len(changed)
        progress(len(self.numbers) + self.unchanged)


class Checks:
    """Collects what is wrong with rows, so that all of it is told at once."""

    def __init__(self) -> None:
        self.problems: list[RowProblem] = []

    @contextmanager
    def of(self, line: int) -> Iterator[None]:
        """Keep the BadInput raised inside as the problem of a line."""
        try:
            yield
        except BadInput as problem:
            self.problems.append(RowProblem(line, problem.field, problem.problem, problem.cure))

    def finish(self) -> None:
        """Raise BadRows when anything was wrong."""
        if self.problems:
            raise BadRows(self.problems)


R = TypeVar("R", bound=NumberRow)


def named_once(rows: Sequence[R], checks: Checks) -> list[R]:
    """Return the rows in order, without those that name a number again: those are problems."""
    seen: dict[str, int] = {}
    kept: list[R] = []
    for row in rows:
        with checks.of(row.line):
            if row.number in seen:
                told = _("stands in line %(line)s already") % {"line": seen[row.number]}
                raise BadInput("number", told, _("take one of the two lines out"))
            seen[row.number] = row.line
            kept.append(row)
    return kept


def lock(numbers: Sequence[str]) -> dict[str, Number]:
    """Return the newest row of each number, locked in the order of ids; a number unknown to us is missing.

    Binds do not wait for this lock. A number that was returned and issued again has several rows: the one in use, if
    any, is the newest.
    """
    rows = Number.objects.select_for_update(no_key=True).filter(number__in=numbers).order_by("pk")
    return {row.number: row for row in rows}


def holdings(numbers: Sequence[Number]) -> dict[int, Holding]:
    """Return who holds each number now, by its id."""
    rows = Holding.objects.filter(number__in=numbers, valid_to=None).select_related("application__account")
    return {holding.number_id: holding for holding in rows}


def in_use(row: NumberRow, known: dict[str, Number], *, returned: bool = False) -> Number:
    """Return the number of a row. Raises BadInput when it is unknown, or was returned unless that is all right."""
    number = known.get(row.number)
    if number is None:
        raise unknown_number()
    if number.state == Number.State.RETURNED and not returned:
        raise BadInput("number", _("was returned"), _("issue it again first, or take the line out"))
    return number


def batches(numbers: Sequence[Number]) -> Iterator[Sequence[Number]]:
    """Yield the numbers in parts of a size that one statement takes well."""
    for start in range(0, len(numbers), BATCH):
        yield numbers[start : start + BATCH]


def save_together(rows: Sequence[Model], *fields: str) -> None:
    """Write some fields of rows, one statement for all that get the same values: of a step nearly all do."""
    same: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in rows:
        same[tuple(getattr(row, field) for field in fields)].append(row.pk)
    for values, ids in same.items():
        type(rows[0])._default_manager.filter(pk__in=ids).update(**dict(zip(fields, values, strict=True)))


def all_in_use(rows: Sequence[NumberRow], *, returned: bool = False) -> list[Number]:
    """Return the numbers of rows, locked; `returned`: also those that were returned.

    Raises BadRows when one is unknown, was returned or stands there twice.
    """
    checks, numbers = Checks(), list[Number]()
    kept = named_once(rows, checks)
    known = lock([row.number for row in kept])
    for row in kept:
        with checks.of(row.line):
            numbers.append(in_use(row, known, returned=returned))
    checks.finish()
    return numbers


def application_named(app_key: str, known: dict[str, Application]) -> Application:
    """Return the application of an app_key. Raises BadInput when it is missing or unknown."""
    if not app_key:
        raise BadInput("application", _("is missing"), _("give the app_key of an application"))
    if app_key not in known:
        raise unknown_application()
    return known[app_key]


def unknown_number() -> BadInput:
    """Return what is said of a number that is not there, or not for this person."""
    return BadInput("number", _("is not one of our numbers"), _("issue it first, or correct the number"))


def unknown_application() -> BadInput:
    """Return what is said of an application that is not there, or not for this person."""
    return BadInput("application", _("is unknown"), _("give the app_key of an application that is there"))

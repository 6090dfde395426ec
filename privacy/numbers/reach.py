"""What a step may reach: what its person's scope holds now. The rest is told as unknown, as if it were not there."""

from collections.abc import Iterable

from accounts.models import Account, Application
from accounts.scope import Scope
from common.errors import BadInput
from common.phone import parse_typed
from privacy.models import Holding, Number
from privacy.numbers import rows as row_tools
from privacy.numbers.sheets import Line


class Reach:
    """The numbers of lines that a scope does not hold, and the applications it has; the numbers are locked.

    Inside the caller's transaction: who holds a number changes only under the lock of its row.
    """

    def __init__(self, scope: Scope, lines: Iterable[Line] = ()) -> None:
        self._foreign: set[str] = set()
        self._applications: set[str] | None = None
        if scope.account_id is not None:
            known = row_tools.lock(sorted({_typed(line) for line in lines}))
            holders = last_holders(known.values())
            self._foreign = {text for text, row in known.items() if not scope.sees(holders.get(row.pk, 0))}
            self._applications = set(scope.rows(Application).values_list("app_key", flat=True))

    def number(self, number: str) -> str:
        """Return a number. Raises BadInput when it is not in scope, as for one that is unknown."""
        if number in self._foreign:
            raise row_tools.unknown_number()
        return number

    def application(self, app_key: str) -> str:
        """Return an app_key, also an empty one. Raises BadInput when it is not in scope, as for one that is unknown."""
        if app_key and self._applications is not None and app_key not in self._applications:
            raise row_tools.unknown_application()
        return app_key


def last_holders(numbers: Iterable[Number]) -> dict[int, int]:
    """Return the account of each number's holder, or of its last one, by its id."""
    rows = Holding.objects.filter(number__in=list(numbers)).order_by("number_id", "-valid_from").distinct("number_id")
    return dict(rows.values_list("number_id", "application__account_id"))


def only_account(ids: Iterable[int]) -> Account | None:
    """Return the account when it is one."""
    different = set(ids)
    return Account.objects.filter(pk__in=different).first() if len(different) == 1 else None


def _typed(line: Line) -> str:
    try:
        return parse_typed(line.cells.get("number", ""))
    except BadInput:
        return ""

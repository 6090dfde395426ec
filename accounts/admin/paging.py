"""A paginator for big tables: it asks the planner how many rows there are, and says that it does."""

import json
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

FEW = 20_000
PAGES_AT_MOST = 100


class About(int):
    """A number that says of itself that it is an estimate."""

    def __str__(self) -> str:
        """Return "about 14,900"."""
        return _("about %(n)s") % {"n": f"{int(self):,}"}


class EstimatePaginator(Paginator[Any]):
    """Counts exactly up to some thousands, beyond that as the planner estimates; deep pages are cut off."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, an `About` when it is an estimate."""
        # Without what is only joined to be shown: the planner guesses wildly about small tables it never looked at.
        listed: Any = self.object_list
        rows = listed.select_related(None)
        plan = rows.order_by().explain(format="json")  # "" when it is plain that nothing can match
        estimate = int(json.loads(plan)[0]["Plan"]["Plan Rows"]) if plan else 0
        return About(estimate) if estimate > FEW else int(rows.order_by().count())

    @cached_property
    def num_pages(self) -> int:
        """Return the number of pages, at most a hundred: an OFFSET costs by its depth."""
        return min(int(super().num_pages), PAGES_AT_MOST)

"""Keyset pages, newest first: a page costs the same however deep it lies, and nothing is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models import Q, QuerySet

SIZE = 50


@dataclass(frozen=True)
class Page:
    """Rows of one page and the keys its neighbours start from (None: there is no such neighbour)."""

    rows: Sequence[Any]
    newer: Any | None
    older: Any | None
    about: int | None = None
    exact: bool = False


def page(
    rows: QuerySet[Any],
    branches: Sequence[Q] = (),
    *,
    before: Any | None = None,
    after: Any | None = None,
    size: int = SIZE,
) -> Page:
    """Return the page of `rows` that lies before (older than) or after (newer than) a key.

    Each branch is one way to match, answered by its own index in key order; a single query with OR would sort all
    matches of a number that made a hundred thousand calls.
    """
    towards_newer = after is not None
    bounded = rows.filter(pk__gt=after) if towards_newer else rows.filter(pk__lt=before) if before else rows
    order = "pk" if towards_newer else "-pk"
    found: dict[Any, Any] = {}
    for branch in branches or [Q()]:
        for row in bounded.filter(branch).order_by(order)[: size + 1]:
            found[row.pk] = row
    keys = sorted(found, reverse=not towards_newer)
    more, keys = len(keys) > size, keys[:size]
    listed = [found[key] for key in (reversed(keys) if towards_newer else keys)]
    has_newer, has_older = (more, True) if towards_newer else (before is not None, more)
    alone = not has_newer and not has_older
    first_of_all = not branches and before is None and after is None
    return Page(
        rows=listed,
        newer=listed[0].pk if listed and has_newer else None,
        older=listed[-1].pk if listed and has_older else None,
        about=len(listed) if alone else _about(bounded, size) if first_of_all else None,
        exact=alone,
    )


def estimate(rows: QuerySet[Any]) -> int:
    """Return about how many rows there are, as the planner sees it; it reads none of them.

    Without what is only joined to be shown: the planner guesses wildly about small tables it never looked at.
    """
    plan = rows.select_related(None).order_by().explain(format="json")  # "" when it is plain that nothing can match
    return int(orjson.loads(plan)[0]["Plan"]["Plan Rows"]) if plan else 0


def _about(rows: QuerySet[Any], size: int) -> int | None:
    """Return the estimate unless it is plainly wrong: a table the planner has not looked at yet."""
    found = estimate(rows)
    return found if found > size else None

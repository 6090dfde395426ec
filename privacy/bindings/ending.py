"""Ends of bindings: each with its routes, counters and cool-downs in one transaction; history stays (design.md 2.1)."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from django.db import transaction
from psycopg.types.numeric import Int8

from accounts.models import Application
from common.errors import NotReady
from common.faults import fault_point
from privacy.bindings import statements
from privacy.bindings.orders import Actor
from privacy.models import Binding, Number
from privacy.models.routes import MOST_PAIRS

# So many expired bindings end in one transaction: binds wait for none of them longer than that takes.
BATCH = 100
ATTEMPTS = 50
NOBODY = Actor()
# Whether a binding that ended now had expired before anybody came to end it.
Ended = dict[UUID, bool]


class _Moved(Exception):
    """Something was bound between the look and the lock: look again."""


def end(bindings: Iterable[Binding], *, cause: Binding.End, actor: Actor) -> int:
    """End bindings, each atomically with its routes and an AX with all its YB; return how many ended now.

    One that has ended or expired already is skipped.
    """
    return sum(_end_one(binding.pk, cause, actor) for binding in bindings)


def _end_one(key: UUID, cause: Binding.End, actor: Actor) -> bool:
    return _again(lambda: _end([key], cause, actor)).get(key) is False


def end_number(number: Number, *, cause: Binding.End, actor: Actor, application: Application | None = None) -> int:
    """End everything that holds on a number, in one transaction; return how many bindings of it ended now.

    Until the caller's transaction ends nothing new is bound on it. For several numbers: in the order of their ids.
    """

    def everything() -> Ended:
        look = {"number": Int8(number.pk), "application": Int8(application.pk) if application else None}
        ids = [row[0] for row in statements.run("bindings_on_number", look)]
        return _end(ids, cause, actor, [number.pk], lambda: statements.run("bindings_on_number", look))

    return sum(expired is False for expired in _again(everything).values())


def end_expired(limit: int = 1000) -> int:
    """End bindings that have expired, at most so many; return how many. Safe for many at once, and beside binds."""
    ended, left = 0, limit
    while left > 0:
        rows = statements.run("expired_bindings", {"limit": min(BATCH, left)})
        if not rows:
            break
        left -= len(rows)
        ended += end_together([row[0] for row in rows])
    return ended


def end_together(ids: Sequence[UUID]) -> int:
    """End bindings that have expired, in one transaction; return how many ended now."""
    return len(_again(lambda: _end(ids, Binding.End.EXPIRED, NOBODY)))


def _again(work: Callable[[], Ended]) -> Ended:
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                ended = work()
        except _Moved:
            continue
        fault_point("unbind.after_commit")
        return ended
    raise NotReady("the same numbers were bound all the time")


def _end(
    ids: Sequence[UUID],
    cause: Binding.End,
    actor: Actor,
    numbers: Sequence[int] = (),
    look: Callable[[], list[tuple[UUID]]] | None = None,
) -> Ended:
    """End bindings with their YB. `numbers` are held besides; `look` says what has to end when they are held."""
    seen = _seen(ids)
    loaded = any(a_key for *_, a_key in seen)
    if loaded:
        statements.run("hold_loads", {"ids": list(ids)})
    held = sorted({number for _, number, _ in seen} | set(numbers))
    if not held:
        return {}
    statements.run("hold_numbers", {"numbers": held})
    fault_point("unbind.held")
    if look is not None and not {row[0] for row in look()} <= set(ids):
        raise _Moved
    if loaded:
        # Nothing is bound on these AX, and no A replaced, while their X are held: what is seen now is all.
        now = _seen(ids)
        if not set(now) <= set(seen):
            raise _Moved
        seen = now
    said = {"cause": cause.value, "ended_by": actor.name, "reason": actor.reason, "most": MOST_PAIRS}
    ends = {"ids": [key for key, *_ in seen], "parents": list(ids)}
    rows = statements.run("end_bindings", {**ends, **said}) if seen else []
    fault_point("unbind.before_commit")
    return dict(rows)


def _seen(ids: Sequence[UUID]) -> list[tuple[UUID, int, bytes | None]]:
    return statements.run("bindings_with_relations", {"ids": list(ids)}) if ids else []

"""Numbers that go back to where they came from (号码退订): dead at once, their rows stay (billing.md 6)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from privacy.bindings.orders import Actor
from privacy.models import Binding, Holding, Number, NumberChange, NumberReason
from privacy.models.numbers import DELETED
from privacy.numbers import rows as row_tools
from privacy.numbers import telling
from privacy.numbers.changes import account_in, application_in, step
from privacy.numbers.locks import bound_on, end_all, end_of, hold
from privacy.numbers.rows import Checks, Done, NumberRow, Progress, batches
from privacy.numbers.states import described
from privacy.numbers.telling import Moved, Told


@transaction.atomic
def unsubscribe(
    rows: Sequence[NumberRow],
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Progress = lambda done: None,
) -> Done:
    """Return numbers: their bindings end, nobody holds them any more, their status is unusable, cause deleted.

    One that was returned already stays as it is. Raises BadRows.
    """
    checks, numbers = Checks(), list[Number]()
    kept = row_tools.named_once(rows, checks)
    known = row_tools.lock([row.number for row in kept])
    for row in kept:
        with checks.of(row.line):
            numbers.append(row_tools.in_use(row, known, returned=True))
    checks.finish()
    living = [number for number in numbers if number.state != Number.State.RETURNED]
    done = Done(unchanged=len(numbers) - len(living))
    if dry_run:
        return Done(living, done.unchanged, bound_on(living))
    hold(living)
    told = list[Told]()
    for batch in batches(living):
        done.bindings_ended += end_all(batch, cause=Binding.End.UNSUBSCRIBED, actor=actor, now=now)
        told += _return(batch, row_tools.holdings(batch), actor, now)
        done.count(batch, batch, progress)
    telling.queue(told)
    return done


def _return(numbers: Sequence[Number], held: Mapping[int, Holding], actor: Actor, now: datetime) -> list[Told]:
    NumberReason.objects.filter(number__in=numbers, closed_at=None).update(closed_at=now, closed_by=actor.name)
    for holding in held.values():
        holding.valid_to = end_of(holding, now)
    row_tools.save_together(list(held.values()), "valid_to")
    moved, kind = list[Moved](), NumberChange.Kind.UNSUBSCRIBED
    for number in numbers:
        was, before = telling.wire(number.state, number.cause), described(number.state, number.cause)
        number.state, number.cause = Number.State.RETURNED, DELETED
        after, account = described(number.state, ""), account_in(held, number)
        change = step(number, kind, actor=actor, now=now, before=before, after=after, account=account)
        moved.append(Moved(number, was, application_in(held, number), change))
    row_tools.save_together(numbers, "state", "cause")
    NumberChange.objects.bulk_create(one.step for one in moved)
    return telling.record(moved, actor=actor, now=now)

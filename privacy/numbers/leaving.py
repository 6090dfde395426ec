"""Numbers that go back to where they came from (号码退订): dead at once, their rows stay (billing.md 6)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from privacy.bindings.orders import Actor
from privacy.models import Binding, Holding, Number, NumberChange, NumberReason
from privacy.numbers import rows as row_tools
from privacy.numbers.changes import DELETED, note, tell
from privacy.numbers.locks import bound_on, end_bindings, end_of, hold
from privacy.numbers.rows import Checks, Done, NumberRow, Progress
from privacy.numbers.states import described


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
    held = row_tools.holdings(numbers)
    living = [number for number in numbers if number.state != Number.State.RETURNED]
    done = Done(unchanged=len(numbers) - len(living))
    if dry_run:
        return Done(living, done.unchanged, bound_on(living))
    hold(living)
    for number in living:
        done.bindings_ended += end_bindings(number, cause=Binding.End.UNSUBSCRIBED, actor=actor, now=now)
        _return(number, held.get(number.pk), actor, now)
        done.count(number, True, progress)
    return done


def _return(number: Number, holding: Holding | None, actor: Actor, now: datetime) -> None:
    before = described(number.state, number.cause)
    if holding is not None:
        holding.valid_to = end_of(holding, now)
        holding.save(update_fields=["valid_to"])
    open_reasons = NumberReason.objects.filter(number=number, closed_at=None)
    open_reasons.update(closed_at=now, closed_by=actor.name)
    number.state, number.cause = Number.State.RETURNED, DELETED
    number.save(update_fields=["state", "cause"])
    account = holding.application.account if holding else None
    kind = NumberChange.Kind.UNSUBSCRIBED
    note(number, kind, actor=actor, now=now, before=before, after=number.state, account=account)
    tell(number, actor=actor, now=now)

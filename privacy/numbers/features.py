"""What a number can do: SMS, being selected by the platform, being bound at all."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from privacy.bindings.orders import Actor
from privacy.models import Number, NumberChange
from privacy.numbers import rows as row_tools
from privacy.numbers.changes import account_in, flag, step
from privacy.numbers.rows import Done, NumberRow, Progress, batches


def set_sms(
    rows: Sequence[NumberRow],
    on: bool,
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Progress = lambda done: None,
) -> Done:
    """Let numbers take part in SMS, or not (pushes.md 8: batch change of SMS capability)."""

    def change(number: Number) -> bool:
        changed, number.sms = number.sms != on, on
        return changed

    return _switch(rows, "sms", NumberChange.Kind.SMS, on, change, actor, now, dry_run, progress)


def reserve(
    rows: Sequence[NumberRow],
    on: bool,
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Progress = lambda done: None,
) -> Done:
    """Keep numbers from being selected by the platform, or let them be: reserved ones are bound only when named."""

    def change(number: Number) -> bool:
        changed, number.reserved = number.reserved != on, on
        return changed

    return _switch(rows, "reserved", NumberChange.Kind.RESERVED, on, change, actor, now, dry_run, progress)


def blacklist(
    rows: Sequence[NumberRow],
    on: bool,
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Progress = lambda done: None,
) -> Done:
    """Blacklist numbers, or take them off: not bindable (1012102), not issued again. What is bound stays bound."""

    def change(number: Number) -> bool:
        changed = (number.blacklisted_at is not None) != on
        if changed:
            number.blacklisted_at = now if on else None
        return changed

    kind = NumberChange.Kind.BLACKLISTED
    return _switch(rows, "blacklisted_at", kind, on, change, actor, now, dry_run, progress, returned=True)


@transaction.atomic
def _switch(
    rows: Sequence[NumberRow],
    field: str,
    kind: NumberChange.Kind,
    on: bool,
    change: Callable[[Number], bool],
    actor: Actor,
    now: datetime,
    dry_run: bool,
    progress: Progress,
    returned: bool = False,
) -> Done:
    """Change one switch of numbers; `returned`: also of those that were returned."""
    numbers = row_tools.all_in_use(rows, returned=returned)
    if dry_run:
        changed = [number for number in numbers if change(number)]
        return Done(changed, len(numbers) - len(changed))
    done = Done()
    for batch in batches(numbers):
        held = row_tools.holdings(batch)
        changed = [number for number in batch if change(number)]
        row_tools.save_together(changed, field)
        NumberChange.objects.bulk_create(
            step(
                number,
                kind,
                actor=actor,
                now=now,
                before=flag(not on),
                after=flag(on),
                account=account_in(held, number),
            )
            for number in changed
        )
        done.count(batch, changed, progress)
    return done

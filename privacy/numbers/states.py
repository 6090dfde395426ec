"""Why a number is not normal: its state is the worst of its open reasons (billing.md 7; pushes.md 5).

At most one reason of each source is open. What a carrier reports (`privacy.storing.statuses`), what arrears do, what
the operator decides and what real-name rules ask for close separately: paying does not lift a carrier's bar.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from common.errors import BadInput, Conflict
from common.phone import mask_in_text
from privacy.bindings.orders import Actor
from privacy.models import Number, NumberChange, NumberReason
from privacy.numbers import changes, telling
from privacy.numbers import rows as row_tools
from privacy.numbers.rows import Done, NumberRow, Progress, batches
from privacy.numbers.telling import Moved, Status, Told

State = Number.State
Source = NumberReason.Source
WORST_FIRST = (State.UNUSABLE, State.SUSPENDED, State.BINDING_FROZEN, State.MOVING, State.AWAITING_REAL_NAME)
# What each source may say.
SAYS = {
    Source.ARREARS: {State.SUSPENDED, State.UNUSABLE},
    Source.OPERATOR: {State.SUSPENDED, State.BINDING_FROZEN, State.UNUSABLE},
    Source.CARRIER: {State.SUSPENDED, State.BINDING_FROZEN, State.UNUSABLE},
    Source.REAL_NAME: {State.AWAITING_REAL_NAME, State.SUSPENDED, State.UNUSABLE},
    Source.MOVING: {State.MOVING},
}
# Causes of status 10 (pushes.md 5); 1 is a returned number's.
CAUSES = ("2", "3", "5", "6", "7", "8", "9")


def worst(reasons: Iterable[NumberReason]) -> tuple[str, str]:
    """Return the state and the cause of a number with these open reasons. Pure."""
    ranked = sorted(reasons, key=lambda reason: (WORST_FIRST.index(State(reason.state)), reason.source))
    return (ranked[0].state, ranked[0].cause) if ranked else (State.NORMAL, "")


@transaction.atomic
def set_reason(
    number: Number, *, source: str, state: str, cause: str = "", note: str = "", by: str = "", now: datetime
) -> bool:
    """Open a reason, or replace the open one of its source; return whether anything changed."""
    if State(state) not in SAYS[Source(source)]:
        raise ValueError(f"{source} cannot say {state}")
    locked = _locked(number)
    actor, told = Actor(name=by, reason=note), list[Told]()
    changed = open_on([locked], source=source, state=state, cause=cause, actor=actor, now=now, told=told)
    telling.queue(told)
    number.state, number.cause = locked.state, locked.cause
    return bool(changed)


@transaction.atomic
def close_reason(number: Number, *, source: str, note: str = "", by: str = "", now: datetime) -> bool:
    """Close the open reason of a source; return whether there was one."""
    locked = _locked(number)
    told = list[Told]()
    changed = close_on([locked], source=source, actor=Actor(name=by, reason=note), now=now, told=told)
    telling.queue(told)
    number.state, number.cause = locked.state, locked.cause
    return bool(changed)


def open_on(
    numbers: Sequence[Number], *, source: str, state: str, cause: str, actor: Actor, now: datetime, told: list[Told]
) -> list[Number]:
    """Open a reason on locked numbers that have not the very same; return those, what they tell is added to `told`."""
    found = _open_of(numbers, source)
    same = set(found.filter(state=state, cause=cause).values_list("number_id", flat=True))
    changed = [number for number in numbers if number.pk not in same]
    found.exclude(number__in=same).update(closed_at=now, closed_by=actor.name)
    note = mask_in_text(actor.reason)[:500]
    NumberReason.objects.bulk_create(
        NumberReason(
            number=number, source=source, state=state, cause=cause, note=note, opened_by=actor.name, opened_at=now
        )
        for number in changed
    )
    told += follow(changed, actor=actor, now=now)
    return changed


def close_on(numbers: Sequence[Number], *, source: str, actor: Actor, now: datetime, told: list[Told]) -> list[Number]:
    """Close the open reason of a source on locked numbers; return those that had one, as `open_on`."""
    found = _open_of(numbers, source)
    had = set(found.values_list("number_id", flat=True))
    found.update(closed_at=now, closed_by=actor.name)
    changed = [number for number in numbers if number.pk in had]
    told += follow(changed, actor=actor, now=now)
    return changed


def follow(
    numbers: Sequence[Number], *, actor: Actor, now: datetime, reported: Mapping[int, Status] | None = None
) -> list[Told]:
    """Give locked numbers the state of their open reasons; return what their holders are to be told of it.

    `reported`: what an upstream said of the numbers, which stands in the history already.
    """
    reasons: dict[int, list[NumberReason]] = defaultdict(list)
    for reason in NumberReason.objects.filter(number__in=numbers, closed_at=None):
        reasons[reason.number_id].append(reason)
    held = row_tools.holdings(numbers)
    moved = list[Moved]()
    for number in numbers:
        state, cause = worst(reasons[number.pk])
        if (number.state, number.cause) == (state, cause):
            continue
        was, before = telling.wire(number.state, number.cause), described(number.state, number.cause)
        number.state, number.cause = state, cause
        account, kind = changes.account_in(held, number), NumberChange.Kind.STATE
        after = described(state, cause)
        step = changes.step(number, kind, actor=actor, now=now, before=before, after=after, account=account)
        moved.append(Moved(number, was, changes.application_in(held, number), step))
    row_tools.save_together([one.number for one in moved], "state", "cause")
    NumberChange.objects.bulk_create(one.step for one in moved)
    return telling.record(moved, actor=actor, now=now, reported=reported)


def described(state: str, cause: str) -> str:
    """Return a state with its cause as the history keeps it: "unusable 2"."""
    return f"{state} {cause}".strip()


@transaction.atomic
def suspend(
    rows: Sequence[NumberRow],
    *,
    state: str,
    cause: str = "",
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Progress = lambda done: None,
) -> Done:
    """Open the operator's reason on numbers: suspended, frozen for new bindings, or unusable with a cause."""
    if state == State.UNUSABLE and cause not in CAUSES:
        raise BadInput("cause", _("is missing"), _("choose why the numbers are unusable"))
    numbers = row_tools.all_in_use(rows)
    kept_cause = cause if state == State.UNUSABLE else ""
    if dry_run:
        return _split(numbers, _open_of(numbers, Source.OPERATOR).filter(state=state, cause=kept_cause), told=False)
    done, told, opened = Done(), list[Told](), {"state": state, "cause": kept_cause}
    for batch in batches(numbers):
        changed = open_on(batch, source=Source.OPERATOR, **opened, actor=actor, now=now, told=told)
        done.count(batch, changed, progress)
    telling.queue(told)
    return done


@transaction.atomic
def resume(
    rows: Sequence[NumberRow],
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Progress = lambda done: None,
) -> Done:
    """Close the operator's reason on numbers. Other reasons stay, and with them the state they cause."""
    numbers = row_tools.all_in_use(rows)
    if dry_run:
        return _split(numbers, _open_of(numbers, Source.OPERATOR), told=True)
    done, told = Done(), list[Told]()
    for batch in batches(numbers):
        done.count(batch, close_on(batch, source=Source.OPERATOR, actor=actor, now=now, told=told), progress)
    telling.queue(told)
    return done


def _open_of(numbers: Sequence[Number], source: str) -> QuerySet[NumberReason]:
    return NumberReason.objects.filter(number__in=numbers, source=source, closed_at=None)


def _split(numbers: Sequence[Number], reasons: QuerySet[NumberReason], *, told: bool) -> Done:
    """Return what a step would do: it changes the numbers that have one of these reasons, or have none of them."""
    named = set(reasons.values_list("number_id", flat=True))
    changed = [number for number in numbers if (number.pk in named) is told]
    return Done(changed, len(numbers) - len(changed))


def _locked(number: Number) -> Number:
    locked = Number.objects.select_for_update(no_key=True).get(pk=number.pk)
    if locked.state == State.RETURNED:
        raise Conflict(_("The number was returned: it has no other state any more."))
    return locked

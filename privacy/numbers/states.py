"""Why a number is not normal: its state is the worst of its open reasons (billing.md 7; pushes.md 5).

At most one reason of each source is open. What a carrier reports (`privacy.storing.statuses`), what arrears do, what
the operator decides and what real-name rules ask for close separately: paying does not lift a carrier's bar.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import BadInput, Conflict
from common.phone import mask_in_text
from privacy.bindings.orders import Actor
from privacy.models import Number, NumberChange, NumberReason
from privacy.numbers import changes
from privacy.numbers import rows as row_tools
from privacy.numbers.rows import Done, NumberRow, Progress

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
    found = NumberReason.objects.filter(number=locked, source=source, closed_at=None).first()
    if found is not None and (found.state, found.cause) == (state, cause):
        return False
    if found is not None:
        _close(found, by, now)
    NumberReason.objects.create(
        number=locked, source=source, state=state, cause=cause, note=mask_in_text(note)[:500], opened_by=by,
        opened_at=now,
    )  # fmt: skip
    follow(locked, actor=Actor(name=by, reason=note), now=now)
    _refresh(number, locked)
    return True


@transaction.atomic
def close_reason(number: Number, *, source: str, note: str = "", by: str = "", now: datetime) -> bool:
    """Close the open reason of a source; return whether there was one."""
    locked = _locked(number)
    found = NumberReason.objects.filter(number=locked, source=source, closed_at=None).first()
    if found is None:
        return False
    _close(found, by, now)
    follow(locked, actor=Actor(name=by, reason=note), now=now)
    _refresh(number, locked)
    return True


def follow(number: Number, *, actor: Actor, now: datetime, told: bool = False) -> bool:
    """Give a locked number the state of its open reasons; return whether that is another.

    `told`: the status stands in the history already, as the upstream reported it.
    """
    state, cause = worst(NumberReason.objects.filter(number=number, closed_at=None))
    if (number.state, number.cause) == (state, cause):
        return False
    before = described(number.state, number.cause)
    number.state, number.cause = state, cause
    number.save(update_fields=["state", "cause"])
    holding = row_tools.holdings([number]).get(number.pk)
    changes.note(
        number,
        NumberChange.Kind.STATE,
        actor=actor,
        now=now,
        before=before,
        after=described(state, cause),
        account=holding.application.account if holding else None,
    )
    if not told:
        changes.tell(number, actor=actor, now=now)
    return True


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
    kept_cause = cause if state == State.UNUSABLE else ""
    done, numbers = Done(), row_tools.all_in_use(rows)
    if dry_run:
        return Done(numbers)
    for number in numbers:
        changed = set_reason(
            number, source=Source.OPERATOR, state=state, cause=kept_cause, note=actor.reason, by=actor.name, now=now
        )
        done.count(number, changed, progress)
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
    done, numbers = Done(), row_tools.all_in_use(rows)
    if dry_run:
        return Done(numbers)
    for number in numbers:
        changed = close_reason(number, source=Source.OPERATOR, note=actor.reason, by=actor.name, now=now)
        done.count(number, changed, progress)
    return done


def _locked(number: Number) -> Number:
    locked = Number.objects.select_for_update(no_key=True).get(pk=number.pk)
    if locked.state == State.RETURNED:
        raise Conflict(_("The number was returned: it has no other state any more."))
    return locked


def _close(reason: NumberReason, by: str, now: datetime) -> None:
    reason.closed_by, reason.closed_at = by, now
    reason.save(update_fields=["closed_by", "closed_at"])


def _refresh(number: Number, locked: Number) -> None:
    number.state, number.cause = locked.state, locked.cause

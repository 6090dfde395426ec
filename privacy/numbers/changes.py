"""The history of numbers: what happened, with its cause, seen by whoever held the number then."""

from datetime import datetime

from accounts.models import Account
from common.phone import mask_in_text
from privacy.bindings.orders import Actor
from privacy.models import Number, NumberChange, NumberStatus

# What the wire calls a state (pushes.md 5). Moving and awaiting a real name have no status there.
STATUSES = {
    Number.State.NORMAL: 5,
    Number.State.SUSPENDED: 9,
    Number.State.UNUSABLE: 10,
    Number.State.RETURNED: 10,
    Number.State.BINDING_FROZEN: 11,
}
DELETED = "1"
YES, NO = "yes", "no"


def note(
    number: Number,
    kind: NumberChange.Kind,
    *,
    actor: Actor,
    now: datetime,
    before: str = "",
    after: str = "",
    account: Account | None = None,
) -> None:
    """Add one step to a number's life."""
    step(number, kind, actor=actor, now=now, before=before, after=after, account=account).save()


def step(
    number: Number,
    kind: NumberChange.Kind,
    *,
    actor: Actor,
    now: datetime,
    before: str = "",
    after: str = "",
    account: Account | None = None,
) -> NumberChange:
    """Return one step in a number's life, not saved. A real number that a person wrote into the reason is masked."""
    return NumberChange(
        number=number, kind=kind, at=now, before=before[:128], after=after[:128],
        cause=mask_in_text(actor.reason)[:200], by=actor.name, account=account,
    )  # fmt: skip


def tell(number: Number, *, actor: Actor, now: datetime) -> None:
    """Add the status of a number as the wire knows it, unless its state has none there."""
    status = STATUSES.get(Number.State(number.state))
    if status is not None:
        cause = number.cause if status == STATUSES[Number.State.UNUSABLE] else ""
        reason = mask_in_text(actor.reason)[:200]
        NumberStatus.objects.create(number=number, at=now, status=status, cause=cause, reason=reason)


def flag(on: bool) -> str:
    """Return how a switch is written in the history."""
    return YES if on else NO

"""The history of numbers: what happened, with its cause, seen by whoever held the number then."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from accounts.models import Account
from common.phone import mask_in_text
from privacy.bindings.orders import Actor
from privacy.models import Holding, Number, NumberChange, NumberStatus

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


def tell(numbers: Sequence[Number], *, actor: Actor, now: datetime) -> None:
    """Add the status of numbers as the wire knows it, but of those whose state has none there."""
    reason = mask_in_text(actor.reason)[:200]
    rows = []
    for number in numbers:
        status = STATUSES.get(Number.State(number.state))
        if status is not None:
            cause = number.cause if status == STATUSES[Number.State.UNUSABLE] else ""
            rows.append(NumberStatus(number=number, at=now, status=status, cause=cause, reason=reason))
    NumberStatus.objects.bulk_create(rows)


def flag(on: bool) -> str:
    """Return how a switch is written in the history."""
    return YES if on else NO


def account_in(held: Mapping[int, Holding], number: Number) -> Account | None:
    """Return whose a number is by its holding."""
    holding = held.get(number.pk)
    return holding.application.account if holding else None

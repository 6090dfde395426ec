"""The history of numbers: what happened, with its cause, seen by whoever held the number then."""

from collections.abc import Mapping
from datetime import datetime

from accounts.models import Account, Application
from common.phone import mask_in_text
from privacy.bindings.orders import Actor
from privacy.models import Holding, Number, NumberChange

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


def flag(on: bool) -> str:
    """Return how a switch is written in the history."""
    return YES if on else NO


def account_in(held: Mapping[int, Holding], number: Number) -> Account | None:
    """Return whose a number is by its holding."""
    application = application_in(held, number)
    return application.account if application else None


def application_in(held: Mapping[int, Holding], number: Number) -> Application | None:
    """Return which application has a number by its holding."""
    holding = held.get(number.pk)
    return holding.application if holding else None

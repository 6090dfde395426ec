"""Numbers that move to another application (批量转移): every binding on them ends (pushes.md 8).

Inside an account it is one step. Between accounts it is asked for by an operator and done when one of finance and one
operator agreed: the asker counts as the operator, and the two are different people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Application
from common.errors import BadInput, Conflict
from common.phone import mask_in_text
from privacy.bindings.orders import Actor
from privacy.models import Binding, Holding, Number, NumberChange, NumberTransfer
from privacy.numbers import rows as row_tools
from privacy.numbers import telling
from privacy.numbers.changes import step
from privacy.numbers.locks import bound_on, end_all, end_of, hold
from privacy.numbers.rows import BATCH, Checks, Done, NumberRow, Progress, application_named
from privacy.numbers.telling import Told


@dataclass(frozen=True, kw_only=True)
class Move(NumberRow):
    """One number and the app_key of the application it moves to."""

    application: str


@dataclass
class _Plan:
    """Who holds each number that moves, and where it goes; what is there already."""

    moves: list[tuple[Number, Holding, Application]]
    unchanged: int


@transaction.atomic
def transfer(
    rows: Sequence[Move],
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Progress = lambda done: None,
) -> Done:
    """Move numbers to applications of their own accounts; a number that is there already stays. Raises BadRows."""
    checks = Checks()
    plan = _plan(rows, checks)
    for row, (_number, holding, target) in zip(_moving(rows, plan), plan.moves, strict=True):
        with checks.of(row.line):
            if holding.application.account_id != target.account_id:
                told = _("belongs to another account")
                raise BadInput("application", told, _("ask for a transfer between accounts on the transfers page"))
    checks.finish()
    if dry_run:
        moving = [number for number, _holding, _target in plan.moves]
        return Done(moving, plan.unchanged, bound_on(moving))
    return _carry_out(plan, actor, now, progress)


@transaction.atomic
def ask(rows: Sequence[Move], *, actor: Actor, now: datetime, dry_run: bool = False) -> NumberTransfer:
    """Ask for numbers of one account to move to one application of another; the same again is the same ask.

    Raises BadRows.
    """
    checks = Checks()
    plan = _plan(rows, checks)
    with checks.of(0):
        targets = {target.pk: target for _number, _holding, target in plan.moves}
        sources = {holding.application.account_id: holding for _number, holding, _target in plan.moves}
        if not checks.problems and (len(targets) != 1 or len(sources) != 1):
            raise BadInput("application", _("is not one"), _("ask for one account and one application at a time"))
    checks.finish()
    [(source_id, holding)], [target] = sources.items(), targets.values()
    if source_id == target.account_id:
        raise Conflict(_("The numbers stay in their account: transfer them at once."))
    ids = sorted(number.pk for number, _holding, _target in plan.moves)
    asked = NumberTransfer(
        numbers=ids, target=target, source_account=holding.application.account, target_account=target.account,
        reason=mask_in_text(actor.reason)[:500], asked_by=actor.name, asked_at=now, operator_agreed=actor.name,
    )  # fmt: skip
    same = NumberTransfer.objects.filter(state=NumberTransfer.State.ASKED, target=target, numbers=ids).first()
    if same is None and not dry_run:
        asked.save()
    return same or asked


@transaction.atomic
def agree(
    asked: NumberTransfer, *, actor: Actor, as_finance: bool, now: datetime, progress: Progress = lambda done: None
) -> Done | None:
    """Agree to a transfer; what it did when both have agreed now, else None.

    Raises Conflict when it is closed or one person would agree for both; BadRows when a number moved meanwhile.
    """
    locked = NumberTransfer.objects.select_for_update(of=("self",)).select_related("target__account").get(pk=asked.pk)
    if locked.state != NumberTransfer.State.ASKED:
        raise Conflict(_("This transfer is closed."))
    other = locked.operator_agreed if as_finance else locked.finance_agreed
    if other == actor.name:
        raise Conflict(_("Two people agree to a transfer between accounts: finance and operator."))
    if as_finance:
        locked.finance_agreed = locked.finance_agreed or actor.name
    else:
        locked.operator_agreed = locked.operator_agreed or actor.name
    done = None
    if locked.finance_agreed and locked.operator_agreed:
        done = _carry_out(_agreed(locked), Actor(name=actor.name, reason=locked.reason), now, progress)
        locked.state, locked.closed_by, locked.closed_at = NumberTransfer.State.DONE, actor.name, now
    locked.save()
    return done


def ending(asked: NumberTransfer) -> int:
    """Return how many bindings would end with a transfer now."""
    return bound_on(list(Number.objects.filter(pk__in=asked.numbers)))


@transaction.atomic
def refuse(asked: NumberTransfer, *, actor: Actor, now: datetime) -> bool:
    """Refuse a transfer; return whether it was still open. Raises Conflict once it is done."""
    locked = NumberTransfer.objects.select_for_update().get(pk=asked.pk)
    if locked.state == NumberTransfer.State.DONE:
        raise Conflict(_("This transfer is closed."))
    if locked.state == NumberTransfer.State.REFUSED:
        return False
    locked.state, locked.closed_by, locked.closed_at = NumberTransfer.State.REFUSED, actor.name, now
    locked.save(update_fields=["state", "closed_by", "closed_at"])
    return True


def _plan(rows: Sequence[Move], checks: Checks) -> _Plan:
    """Return the moves of rows, their numbers locked; what cannot move stands in `checks`."""
    kept = row_tools.named_once(rows, checks)
    known = row_tools.lock([row.number for row in kept])
    held = row_tools.holdings(list(known.values()))
    targets = Application.objects.select_related("account").in_bulk({r.application for r in kept}, field_name="app_key")
    plan = _Plan([], 0)
    for row in kept:
        with checks.of(row.line):
            number = row_tools.in_use(row, known)
            target = application_named(row.application, targets)
            _plan_one(plan, number, held, target)
    return plan


def _plan_one(plan: _Plan, number: Number, held: Mapping[int, Holding], target: Application) -> None:
    holding = held.get(number.pk)
    if holding is None:
        raise BadInput("number", _("is held by no application"), _("issue it to one first"))
    if holding.application_id == target.pk:
        plan.unchanged += 1
    else:
        plan.moves.append((number, holding, target))


def _moving(rows: Sequence[Move], plan: _Plan) -> list[Move]:
    """Return the rows of the moves, in the order of the moves."""
    by_number = {row.number: row for row in reversed(rows)}
    return [by_number[number.number] for number, _holding, _target in plan.moves]


def _agreed(asked: NumberTransfer) -> _Plan:
    """Return the moves that were agreed to. Raises BadRows when a number is no longer the source's."""
    locked = Number.objects.select_for_update(no_key=True).filter(pk__in=asked.numbers).order_by("pk")
    numbers = list(locked)
    held = row_tools.holdings(numbers)
    checks, plan = Checks(), _Plan([], 0)
    for number in numbers:
        with checks.of(0):
            holding = held.get(number.pk)
            if holding is None or holding.application.account_id != asked.source_account_id:
                told = _("%(number)s is no longer the account's") % {"number": number.number}
                raise BadInput("number", told, _("refuse this transfer and ask again"))
            plan.moves.append((number, holding, asked.target))
    checks.finish()
    return plan


def _carry_out(plan: _Plan, actor: Actor, now: datetime, progress: Progress) -> Done:
    done, told = Done(unchanged=plan.unchanged), list[Told]()
    hold([number for number, _holding, _target in plan.moves])
    for start in range(0, len(plan.moves), BATCH):
        batch = plan.moves[start : start + BATCH]
        numbers = [number for number, _holding, _target in batch]
        done.bindings_ended += end_all(numbers, cause=Binding.End.TRANSFERRED, actor=actor, now=now)
        begun = list[Holding]()
        for number, holding, target in batch:
            at = holding.valid_to = end_of(holding, now)
            begun.append(Holding(number=number, application=target, valid_from=at))
        row_tools.save_together([holding for _number, holding, _target in batch], "valid_to")
        Holding.objects.bulk_create(begun)
        steps = [steps_of_move(number, holding.application, target, actor, now) for number, holding, target in batch]
        NumberChange.objects.bulk_create(step for steps_of_one in steps for step in steps_of_one)
        for (number, holding, target), steps_of_one in zip(batch, steps, strict=True):
            told += telling.of_move(number, holding.application, target, steps_of_one, now)
        done.count(numbers, numbers, progress)
    telling.queue(told)
    return done


def steps_of_move(
    number: Number, source: Application, target: Application, actor: Actor, now: datetime
) -> list[NumberChange]:
    """Return a move as the number's life tells it, not saved: between accounts each side sees its own end of it."""
    kind, before, after = NumberChange.Kind.TRANSFERRED, source.app_key, target.app_key
    if source.account_id == target.account_id:
        return [step(number, kind, actor=actor, now=now, before=before, after=after, account=target.account)]
    return [
        step(number, kind, actor=actor, now=now, before=before, account=source.account),
        step(number, kind, actor=actor, now=now, after=after, account=target.account),
    ]

"""A step in the life of many numbers, by its name: what a command, a page and a job have in common.

Lines come from a file, or are what a person typed or ticked; a `Choice` holds for all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial

from django.db import transaction
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.roles import User
from accounts.scope import Scope
from common.errors import BadInput
from privacy.bindings.orders import Actor
from privacy.models import Number, NumberOrder
from privacy.numbers import features, issuing, leaving, ordering, states, transferring
from privacy.numbers.cells import Choice, flag_of, moves_of, number_of, rows_of
from privacy.numbers.reach import Reach, last_holders, only_account
from privacy.numbers.rows import BadRows, Checks, Done, Progress
from privacy.numbers.sheets import Line

EVERYTHING = Scope(None)


@dataclass(frozen=True)
class Outcome:
    """What was done, or in a dry run would be: how many changed, how many were so already, bindings that end.

    `accounts`: the ids of those whose numbers or orders they are.
    """

    changed: int
    unchanged: int = 0
    bindings_ended: int = 0
    which: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    accounts: frozenset[int] = field(default=frozenset(), compare=False, repr=False)

    def counts(self) -> dict[str, int]:
        """Return the counts by name."""
        return {"changed": self.changed, "unchanged": self.unchanged, "bindings_ended": self.bindings_ended}


@dataclass(frozen=True)
class Run:
    """Who does a step and when, whether it is only tried, and whose numbers and applications he reaches."""

    actor: Actor
    now: datetime
    dry_run: bool = False
    progress: Progress = lambda done: None
    scope: Scope = EVERYTHING


@dataclass(frozen=True)
class Step:
    """One step: the columns a file may have, what it is called, what it asks of the person beside, and how it is done.

    `ends_bindings`: what is bound on the numbers ends with it.
    """

    label: str | Promise
    columns: tuple[str, ...]
    work: Callable[[Sequence[Line], Choice, Run], Outcome]
    asks: tuple[str, ...] = ()
    ends_bindings: bool = False


@transaction.atomic
def carry_out(
    name: str,
    lines: Sequence[Line],
    choice: Choice,
    run: Run,
    *,
    user: User | None = None,
    request: HttpRequest | None = None,
) -> Outcome:
    """Do a step for the lines of a file, and audit what it changed. Raises BadRows, BadInput."""
    outcome = STEPS[name].work(lines, choice, run)
    if outcome.changed and not run.dry_run:
        first = lines[0].cells.get("number") or lines[0].cells.get("reference", "")
        told = {"lines": len(lines), **asdict(choice), **outcome.counts()}
        audit.record(
            user=user, action=f"numbers.{name}", subject_kind="number", subject=first if len(lines) == 1 else "",
            account=only_account(outcome.accounts), reason=run.actor.reason, detail=told, request=request,
        )  # fmt: skip
    return outcome


def _issue(lines: Sequence[Line], choice: Choice, run: Run) -> Outcome:
    checks, reach, rows = Checks(), Reach(run.scope), list[issuing.Issue]()
    for line in lines:
        with checks.of(line.line):
            sms = line.cells.get("sms", "")
            rows.append(
                issuing.Issue(
                    number=number_of(line),
                    line=line.line,
                    application=reach.application(line.cells.get("application", "") or choice.application),
                    area_code=line.cells.get("area_code", ""),
                    kind=line.cells.get("kind", ""),
                    sms=flag_of("sms", sms) if sms else None,
                    upstream=line.cells.get("upstream", ""),
                )
            )
    done = _done(partial(issuing.issue, rows, order=_order_of(choice, run.scope)), checks, run)
    return _outcome(done)


def _order(lines: Sequence[Line], choice: Choice, run: Run) -> Outcome:
    checks, reach, rows = Checks(), Reach(run.scope), list[ordering.OrderRow]()
    for line in lines:
        cells = line.cells
        with checks.of(line.line):
            rows.append(
                ordering.OrderRow(
                    application=reach.application(cells.get("application", "") or choice.application),
                    area_code=cells.get("area_code", ""),
                    quantity=cells.get("quantity", ""),
                    reference=cells.get("reference", ""),
                    kind=cells.get("kind", "") or Number.Kind.VIRTUAL,
                    sms=flag_of("sms", cells.get("sms", "") or "yes"),
                    note=cells.get("note", ""),
                    line=line.line,
                )
            )
    work = partial(ordering.order, rows, actor=run.actor, now=run.now)
    _finish(checks, partial(work, dry_run=True))
    new, repeated = work(dry_run=run.dry_run)
    return Outcome(
        len(new),
        repeated,
        which=frozenset(one.reference for one in new),
        accounts=frozenset(one.account_id for one in new),
    )


def _transfer(lines: Sequence[Line], choice: Choice, run: Run) -> Outcome:
    checks = Checks()
    done = _done(partial(transferring.transfer, moves_of(lines, choice, checks, Reach(run.scope, lines))), checks, run)
    return _outcome(done)


def _ask(lines: Sequence[Line], choice: Choice, run: Run) -> Outcome:
    checks = Checks()
    moves = moves_of(lines, choice, checks, Reach(run.scope, lines))
    if not moves:
        checks.finish()
    work = partial(transferring.ask, moves, actor=run.actor, now=run.now)
    _finish(checks, partial(work, dry_run=True))
    asked = work(dry_run=run.dry_run)
    return Outcome(len(asked.numbers), accounts=frozenset({asked.source_account_id}))


def _order_of(choice: Choice, scope: Scope) -> NumberOrder | None:
    if choice.order is None:
        return None
    found = scope.rows(NumberOrder).filter(pk=choice.order).first()
    if found is None:
        raise BadInput("order", _("is unknown"), _("choose an open order, or none"))
    return found


def _plain(step: Callable[..., Done], lines: Sequence[Line], choice: Choice, run: Run) -> Outcome:
    """Do a step that needs nothing but the numbers."""
    checks = Checks()
    done = _done(partial(step, rows_of(lines, checks, Reach(run.scope, lines))), checks, run)
    return _outcome(done)


def _outcome(done: Done) -> Outcome:
    which = frozenset(number.number for number in done.numbers)
    owners = done.accounts or frozenset(last_holders(done.numbers).values())
    return Outcome(len(done.numbers), done.unchanged, done.bindings_ended, which, owners)


def _done(work: Callable[..., Done], checks: Checks, run: Run) -> Done:
    """Do the work of a step, unless something is wrong with any row."""
    bound = partial(work, actor=run.actor, now=run.now)
    _finish(checks, partial(bound, dry_run=True))
    return bound(dry_run=run.dry_run, progress=run.progress)


def _finish(checks: Checks, trial: Callable[[], object]) -> None:
    """Raise BadRows when rows could not be read, with all that is wrong with the rest as well: it is tried."""
    if checks.problems:
        try:
            trial()
        except BadRows as bad:
            checks.problems += bad.problems
        checks.finish()


def _stop(lines: Sequence[Line], choice: Choice, run: Run) -> Outcome:
    step = partial(states.suspend, state=Number.State.UNUSABLE, cause=choice.cause)
    return _plain(step, lines, choice, run)


def _switch(step: Callable[..., Done], on: bool) -> Callable[[Sequence[Line], Choice, Run], Outcome]:
    return partial(_plain, lambda rows, **run: step(rows, on, **run))


NUMBERS = ("number",)
ISSUED = ("number", "application", "area_code", "kind", "sms", "upstream")
ORDERED = ("application", "area_code", "quantity", "reference", "kind", "sms", "note")
MOVED = ("number", "application")
STEPS: Mapping[str, Step] = {
    "issue": Step(gettext_lazy("Issue numbers"), ISSUED, _issue, ("application", "order")),
    "order": Step(gettext_lazy("Order numbers"), ORDERED, _order, ("application",)),
    "transfer": Step(
        gettext_lazy("Transfer inside the account"), MOVED, _transfer, ("application",), ends_bindings=True
    ),
    "ask_transfer": Step(gettext_lazy("Ask for a transfer to another account"), MOVED, _ask, ("application",)),
    "unsubscribe": Step(gettext_lazy("Unsubscribe"), NUMBERS, partial(_plain, leaving.unsubscribe), ends_bindings=True),
    "suspend": Step(
        gettext_lazy("Suspend"), NUMBERS, partial(_plain, partial(states.suspend, state=Number.State.SUSPENDED))
    ),
    "freeze": Step(
        gettext_lazy("Freeze for new bindings"),
        NUMBERS,
        partial(_plain, partial(states.suspend, state=Number.State.BINDING_FROZEN)),
    ),
    "stop": Step(gettext_lazy("Make unusable"), NUMBERS, _stop, ("cause",)),
    "resume": Step(gettext_lazy("Resume"), NUMBERS, partial(_plain, states.resume)),
    "sms_on": Step(gettext_lazy("Switch SMS on"), NUMBERS, _switch(features.set_sms, True)),
    "sms_off": Step(gettext_lazy("Switch SMS off"), NUMBERS, _switch(features.set_sms, False)),
    "reserve": Step(gettext_lazy("Reserve: bound only when named"), NUMBERS, _switch(features.reserve, True)),
    "release": Step(gettext_lazy("Release for selection"), NUMBERS, _switch(features.reserve, False)),
    "blacklist": Step(gettext_lazy("Blacklist"), NUMBERS, _switch(features.blacklist, True)),
    "unblacklist": Step(gettext_lazy("Take off the blacklist"), NUMBERS, _switch(features.blacklist, False)),
}

"""A bind: one statement chooses and holds the number, writes binding and routes, and counts (design.md 2.1).

Whoever writes holds rows in this order: PartyLoad, Availability by number id, bindings. A number is waited for only
with nothing of its kind held, so nobody waits in a circle.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, connection, transaction

from accounts.models import Application
from common import areas, sql
from common.errors import NotReady
from common.faults import fault_point
from privacy.bindings import blockers, ladder, statements
from privacy.bindings.orders import Actor, BindOrder
from privacy.bindings.plans import Plan, built, plan
from privacy.bindings.problems import ExtensionTaken, NoneLeft, PartyBound, TooManyNumbers
from privacy.models import Binding

SKIP, WAIT = "FOR NO KEY UPDATE OF a SKIP LOCKED", "FOR NO KEY UPDATE OF a"
# Each failed attempt means that somebody else's bind or end went through in between.
ATTEMPTS = 200
Row = tuple[Any, ...]


def bind(application: Application, order: BindOrder, actor: Actor) -> Binding:
    """Make a binding of the application's mode and return it. Raises BindingRefused, NotReady.

    A statement chooses nothing for parties that are no real numbers; why is only asked when nothing was chosen.
    """
    if order.a == order.b:
        raise PartyBound
    made = plan(application, Binding.Kind(application.mode), order, actor)
    for _ in range(ATTEMPTS):
        try:
            binding = _on_named(made, actor) if order.x else _selected(made, order, actor)
        except TooManyNumbers:
            blockers.check_parties(made)
            # What is wrong with the X that was named comes before what A has.
            if order.x and blockers.clear_named(made):
                continue
            if not blockers.end_of_party(application, made.kind, order.a):
                raise
            continue
        if binding is not None:
            fault_point("bind.after_commit")
            return binding
    raise _too_busy()


def _on_named(made: Plan, actor: Actor) -> Binding | None:
    row = attempt(made, "in_named", {}, Binding.Step.NAMED, WAIT)
    if row is not None:
        return built(made, Binding.Step.NAMED, row, actor)
    blockers.check_parties(made)
    blockers.clear_named(made)
    if made.kind == Binding.Kind.AXE and peek(made, "in_named", {}) is None:
        # Those that are free cool down.
        raise ExtensionTaken
    return None


def _selected(made: Plan, order: BindOrder, actor: Actor) -> Binding | None:
    area = order.area_code or areas.area_of(order.a)
    return climb(made, ladder.rungs(made.application, area, order.loose), actor)


def climb(made: Plan, rungs: Iterable[ladder.Rung], actor: Actor) -> Binding | None:
    """Bind on the first rung that has a number; None when expired bindings were in the way. Raises NoneLeft."""
    for rung in rungs:
        row = _on_rung(made, rung)
        if row is not None:
            return built(made, rung.step, row, actor)
        blockers.check_parties(made)
        # What has expired nearer by is better than a number farther off.
        if blockers.end_of_application(made.application):
            return None
    if blockers.widen(made):
        return None
    raise NoneLeft


def _on_rung(made: Plan, rung: ladder.Rung) -> Row | None:
    """Bind on the best number of one rung; None only when there is none, those that are held just now included."""
    made.values["avoid"] = rung.avoid
    for _ in range(ATTEMPTS):
        row = attempt(made, rung.condition, rung.values, rung.step, SKIP)
        if row is not None:
            return row
        candidate = peek(made, rung.condition, rung.values)
        if candidate is None:
            return None
        row = attempt(made, "in_one", {"number": candidate}, rung.step, WAIT)
        if row is not None:
            return row
    raise _too_busy()


def attempt(made: Plan, condition: str, values: Mapping[str, Any], step: str, lock: str) -> Row | None:
    """Try once to bind: the row written, or None with nothing changed when there is no such number or it was taken."""
    # One statement needs no transaction of its own; inside of one it needs a savepoint.
    if not (made.loaded or connection.in_atomic_block):
        return _written(made, condition, values, step, lock)
    try:
        with transaction.atomic():
            if made.loaded and not statements.run("load_party", made.values):
                raise TooManyNumbers
            row = _written(made, condition, values, step, lock)
            if row is None:
                raise _NothingChosen
            return row
    except _NothingChosen:
        return None


class _NothingChosen(Exception):
    """No number matched, or it was taken: what was counted is undone."""


def _written(made: Plan, condition: str, values: Mapping[str, Any], step: str, lock: str) -> Row | None:
    text = f"WITH chosen AS ({_choice(condition)} {lock}), {sql.load('privacy', 'write_binding')}"
    for offers in made.rounds:
        try:
            rows = statements.execute(text, {**made.values, **made.offering(offers), **values, "step": step})
        except IntegrityError as error:
            if "route_once" not in str(error):
                raise
            if connection.in_atomic_block:
                raise _NothingChosen from None
            return None
        if rows:
            fault_point("bind.written")
            return rows[0]
    return None


def peek(made: Plan, condition: str, values: Mapping[str, Any]) -> int | None:
    """Return the id of the best number without holding it."""
    rows = statements.execute(_choice(condition), {**made.values, **made.offering(made.rounds[-1]), **values})
    return rows[0][0] if rows else None


def _choice(condition: str) -> str:
    return f"{sql.load('privacy', 'choose')} {sql.load('privacy', condition)}"


def _too_busy() -> NotReady:
    return NotReady("too many binds at once on the same numbers")

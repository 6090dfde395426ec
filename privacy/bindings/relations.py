"""AXYB: B joined to an AX by a Y (northbound.md 6), and AX: whom A reaches by calling X (4.6)."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction
from psycopg.types.numeric import Int4

from accounts.models import Application
from common import areas
from common.errors import NotReady
from common.faults import fault_point
from privacy.bindings import blockers, keys, ladder, making, statements
from privacy.bindings.orders import Actor, BindOrder
from privacy.bindings.plans import Plan, built, plan, seal, seals
from privacy.bindings.problems import NoneLeft, NoSuchBinding, PartyBound
from privacy.models import Binding, TemporaryCallee

Row = tuple[Any, ...]


def bind_yb(
    application: Application,
    parent: Binding,
    *,
    b: str,
    area_code: str,
    loose: bool,
    seconds: int | None,
    terms: Mapping[str, Any],
    actor: Actor,
) -> Binding:
    """Join B to an AX of AXYB by a Y of the same application, and return that binding (northbound.md 6.2).

    `seconds` None is what the AX was told, 0 ends with the AX; never longer than the AX. Raises BindingRefused.
    """
    if b == parent.a_number:
        raise PartyBound
    told = (parent.yb_duration or 0) if seconds is None else seconds
    order = BindOrder(a=parent.a_number, b=b, seconds=told, terms={"yb_duration": told, **terms})
    made = plan(application, Binding.Kind.YB, order, actor, parent)
    rungs = list(_rungs(application, b, area_code, loose))
    for _ in range(making.ATTEMPTS):
        for rung, roles in rungs:
            made.values["roles"] = roles
            row = _on_rung(made, parent, rung)
            if row is not None:
                fault_point("relation.after_commit")
                return built(made, rung.step, row, actor, parent)
            blockers.check_parties(made)
            if blockers.end_of_application(application):
                break
        else:
            raise NoneLeft
    raise NotReady("too many binds at once on the same numbers")


def _rungs(application: Application, b: str, area_code: str, loose: bool) -> Iterator[tuple[ladder.Rung, list[str]]]:
    # A number that is a Y already comes first: one that is nothing yet can still be an X.
    for rung in ladder.rungs(application, area_code or areas.area_of(b), loose):
        if rung.step != Binding.Step.SAME and not rung.avoid:
            yield rung, ["Y"]
            yield rung, [""]


def _on_rung(made: Plan, parent: Binding, rung: ladder.Rung) -> Row | None:
    for _ in range(making.ATTEMPTS):
        row = _attempt(made, parent, rung.condition, rung.values, rung.step, making.SKIP, [])
        if row is not None:
            return row
        candidate = making.peek(made, rung.condition, rung.values)
        if candidate is None:
            return None
        row = _attempt(made, parent, "in_one", {"number": candidate}, rung.step, making.WAIT, [candidate])
        if row is not None:
            return row
    raise NotReady("too many binds at once on the same numbers")


def _attempt(
    made: Plan, parent: Binding, condition: str, values: Mapping[str, Any], step: str, lock: str, also: list[int]
) -> Row | None:
    with transaction.atomic():
        # The AX neither ends nor gets the same B twice while its X is held.
        statements.run("hold_numbers", {"numbers": sorted({parent.number_id, *also})})
        rows = statements.run("parent_of_relation", {**made.values, "b_seals": seals(made.b or "")})
        if not rows:
            raise NoSuchBinding
        until, left, bound = rows[0]
        if bound:
            raise PartyBound
        made.values["not_after"] = until
        if left is not None and made.model["yb_duration"] > left:
            # What is kept, and shown, is what it has (northbound.md 6.2).
            made.values["seconds"] = made.values["yb_duration"] = Int4(left)
            made.model["yb_duration"] = left
        fault_point("relation.held")
        row = making.attempt(made, condition, values, step, lock)
        if row is None:
            transaction.set_rollback(True)
        return row


def set_temporary_callee(binding: Binding, *, callee: str, seconds: int, user_data: str | None) -> TemporaryCallee:
    """Set whom A of an AX reaches by calling X, over what was set before. Raises NoSuchBinding, OwnNumber."""
    field = TemporaryCallee._meta.get_field("user_data")
    values = {
        "id": binding.pk,
        "number": callee,
        "callee": seal(callee),
        "callee_key": keys.caller(callee),
        "seconds": Int4(seconds),
        "user_data": field.get_prep_value(user_data),
    }
    rows = statements.run("set_callee", values)
    if not rows:
        blockers.check_real(callee=callee)
        raise NoSuchBinding
    set_at, expires_at = rows[0]
    kept = {"callee_key": values["callee_key"], "set_at": set_at, "expires_at": expires_at, "user_data": user_data}
    return TemporaryCallee(binding=binding, callee_number=callee, **kept)

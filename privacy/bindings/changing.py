"""Modify: the old state stays as a version, the timer starts again, routes follow A and B (northbound.md 3.4)."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from psycopg.types.numeric import Int2, Int8

from accounts.models import Application
from common.errors import NotReady
from common.faults import fault_point
from privacy.bindings import blockers, keys, statements
from privacy.bindings.orders import Actor, ModifyOrder
from privacy.bindings.plans import LOADED, TERMS
from privacy.bindings.problems import NoSuchBinding, PartyBound, TooManyNumbers
from privacy.models import Binding, Route, TemporaryCallee
from privacy.models.routes import MOST_NUMBERS_OF_A

ATTEMPTS = 50


class _Moved(Exception):
    """Its A was replaced, or a YB bound, between the look and the lock."""


class _Taken(Exception):
    """A new party has a route on the number already."""

    def __init__(self, number_id: int, taken: list[bytes]) -> None:
        super().__init__()
        self.number_id, self.taken = number_id, taken


def modify(application: Application, binding: Binding, order: ModifyOrder, actor: Actor) -> Binding:
    """Change what a binding says and return it. Raises BindingRefused, NotReady."""
    unknown = set(order.terms) - set(TERMS)
    if unknown:
        raise TypeError(f"no terms of a binding: {', '.join(sorted(unknown))}")
    blockers.check_real(a=order.a, b=order.b, callback_number=order.terms.get("callback_number"))
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                changed = _modify(application, binding, order, actor)
                fault_point("modify.before_commit")
        except _Moved:
            continue
        except _Taken as taken:
            if not blockers.end_on_number(taken.number_id, taken.taken):
                raise PartyBound from None
            continue
        except TooManyNumbers:
            if not blockers.end_of_party(application, Binding.Kind(binding.kind), order.a or ""):
                raise
            continue
        fault_point("modify.after_commit")
        return changed
    raise NotReady("the same binding was changed all the time")


def _modify(application: Application, binding: Binding, order: ModifyOrder, actor: Actor) -> Binding:
    asked = {"id": binding.pk, "application": Int8(application.pk)}
    seen = statements.run("binding_held", asked)
    if not seen:
        raise NoSuchBinding
    number_id, old_key, kind = seen[0]
    new_key = keys.caller(order.a) if order.a is not None else old_key
    if kind in LOADED and new_key != old_key:
        _move_load(application, old_key, new_key)
    numbers = [number_id]
    if kind == Binding.Kind.AXYB:
        numbers += _numbers_of_relations(binding)
    statements.run("hold_numbers", {"numbers": sorted(set(numbers))})
    fault_point("modify.held")
    if statements.run("binding_held", asked) != seen or not set(_numbers_of_relations(binding)) <= set(numbers):
        raise _Moved
    current = Binding.objects.select_related("number").get(pk=binding.pk)
    at: datetime = statements.run("clock", {})[0][0]
    statements.run("keep_version", {"id": binding.pk, "at": at})
    a, b, until = current.a_number, current.b_number, current.expires_at
    _apply(current, order, actor, at)
    if current.a_number == current.b_number:
        raise PartyBound
    current.save()
    if (current.a_number, current.b_number) != (a, b):
        _move_routes(current)
    if current.a_number != a:
        # It said whom the old A calls; the new one must not reach somebody he never named.
        TemporaryCallee.objects.filter(binding=current).delete()
    Route.objects.filter(binding=current).update(expires_at=current.expires_at)
    if kind == Binding.Kind.AXYB:
        _follow(current, until, current.a_number != a)
    return current


def _follow(ax: Binding, until: datetime | None, replaced: bool) -> None:
    """Take the YB of an AX along: what ended with it ends with it still, nothing outlives it, A is A everywhere."""
    for yb in Binding.objects.filter(parent=ax, valid_to=None):
        ends = [at for at in (ax.expires_at, yb.expires_at) if at is not None]
        expires_at = ax.expires_at if yb.expires_at == until else min(ends, default=None)
        if not replaced and yb.expires_at == expires_at:
            continue
        statements.run("keep_version", {"id": yb.pk, "at": ax.changed_at})
        yb.a_number, yb.expires_at = ax.a_number, expires_at
        yb.version, yb.changed_at = yb.version + 1, ax.changed_at
        yb.save()
        if replaced:
            _move_routes(yb)
        Route.objects.filter(binding=yb).update(expires_at=expires_at)


def _numbers_of_relations(ax: Binding) -> list[int]:
    return list(Binding.objects.filter(parent=ax.pk, valid_to=None).values_list("number_id", flat=True))


def _move_load(application: Application, old_key: bytes, new_key: bytes) -> None:
    """Count X for the new A instead of the old one; whoever comes first in order is held first."""
    for key in sorted((old_key, new_key)):
        values: dict[str, Any] = {"application": Int8(application.pk), "a_key": key}
        if key == old_key:
            if not statements.run("unload_party", values):
                raise _Moved
        elif not statements.run("load_party", {**values, "most_of_a": Int2(MOST_NUMBERS_OF_A)}):
            raise TooManyNumbers


def _apply(binding: Binding, order: ModifyOrder, actor: Actor, at: datetime) -> None:
    for name, value in order.terms.items():
        setattr(binding, name, value)
    binding.a_number = binding.a_number if order.a is None else order.a
    binding.b_number = binding.b_number if order.b is None else order.b
    if order.seconds is not None:
        binding.expires_at = at + timedelta(seconds=order.seconds) if order.seconds else None
    binding.version += 1
    binding.changed_at = at
    binding.reason = actor.reason or binding.reason


def _move_routes(binding: Binding) -> None:
    """Give the routes of A and B the keys of the new parties; what the old ones had cools down."""
    parties = {Route.Kind.A.value: binding.a_number, Route.Kind.B.value: binding.b_number or ""}
    wanted = {kind: keys.caller(number) for kind, number in parties.items()}
    statements.run("cool_routes", {"id": binding.pk, "at": binding.changed_at})
    mine = list(Route.objects.filter(binding=binding))
    others = Route.objects.filter(number_id=binding.number_id, key__in=wanted.values()).exclude(binding=binding)
    taken = [bytes(key) for key in others.values_list("key", flat=True)]
    if taken:
        raise _Taken(binding.number_id, taken)
    # Deleted first: A and B may have changed places.
    Route.objects.filter(pk__in=[route.pk for route in mine]).delete()
    Route.objects.bulk_create(
        Route(
            number_id=route.number_id,
            key=wanted.get(route.kind, bytes(route.key)),
            kind=route.kind,
            binding=binding,
            expires_at=binding.expires_at,
        )
        for route in mine
    )

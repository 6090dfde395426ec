"""What a bind needs to know, worked out once: the row's values, the keys of its routes, what it makes of the number."""

import os
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from psycopg.types.numeric import Int4, Int8

from accounts.models import Application
from common.keyring import keyring
from common.phone import normalise
from common.timeid import time_id
from privacy.bindings import keys
from privacy.bindings.orders import Actor, BindOrder
from privacy.models import Binding, Number
from privacy.models.bindings import Terms
from privacy.models.routes import MOST_NUMBERS_OF_A, MOST_RELATIONS, Availability, Route

# Second keys, with the extension each stands for.
Offers = Sequence[tuple[bytes, str]]
Kind, Role = Binding.Kind, Availability.Role
ROLES = {Kind.AX: Role.AX, Kind.AXB: Role.AXB, Kind.AXE: Role.AXE, Kind.AXYB: Role.X, Kind.YB: Role.Y}
LOADED = (Kind.AX, Kind.AXYB)
# How many extensions are offered to the database, round by round, before all: most likely one of these is free.
SAMPLES = (16, 256)
COMPUTED = {"a_number", "b_number", "extension", "expires_at"}
TERMS = {field.attname: field for field in Terms._meta.fields if field.name not in COMPUTED}


@dataclass
class Plan:
    """One bind in the making: `values` are the parameters of the statements, `rounds` the second keys to offer.

    `checked` is whether its parties were looked at for themselves.
    """

    application: Application
    kind: Binding.Kind
    a: str
    x: str
    b: str | None
    values: dict[str, Any]
    model: dict[str, Any]
    rounds: Sequence[Offers]
    checked: bool = False

    @property
    def parties(self) -> dict[str, str]:
        """Return the real numbers that are called through this binding, each by its name."""
        named = {"a": self.a, "b": self.b, "callback_number": self.model.get("callback_number")}
        return {name: number for name, number in named.items() if number}

    @property
    def loaded(self) -> bool:
        """Return whether the X of A are counted (AX, AXYB)."""
        return self.kind in LOADED

    @property
    def wanted(self) -> list[bytes]:
        """Return the second keys that are asked for, not offered: B's, anyone's, a wanted extension's."""
        return [key for key, _ in self.rounds[0]] if len(self.rounds) == 1 else []

    def offering(self, offers: Offers) -> Mapping[str, Any]:
        """Return the parameters that offer second keys to the database, in this order."""
        return {"keys": [key for key, _ in offers], "extensions": [text for _, text in offers]}


def plan(
    application: Application,
    kind: Binding.Kind,
    order: BindOrder,
    actor: Actor,
    parent: Binding | None = None,
) -> Plan:
    """Return the plan of a bind."""
    a_key, digits = keys.caller(order.a), application.extension_digits
    if kind == Kind.AXYB:
        order = _cut(order)
    values = _row(application, kind, order, actor)
    values |= {
        "a_key": a_key,
        "mirror": None,
        "role": ROLES[kind].value,
        "roles": ["", ROLES[kind].value],
        "second": "",
        "most": Int4(most_of(kind, digits)),
        "most_of_a": MOST_NUMBERS_OF_A,
        # Only what the platform selects cools down.
        "cools": not order.x,
        "cool_hours": Int4(application.cool_down_hours),
        "avoid": False,
        "not_after": None,
        "parent": parent.pk if parent else None,
        "x": order.x,
        "parties": [],
    }
    made = Plan(application, kind, order.a, order.x, order.b, values, _model(order), [[(b"", "")]])
    values["parties"] = list(made.parties.values())
    if kind == Kind.AXB:
        b_key = keys.caller(order.b or "")
        made.rounds = [[(b_key, "")]]
        values |= {"second": Route.Kind.B.value, "mirror": b_key}
    elif kind in LOADED:
        made.rounds = [[(keys.anyone(), "")]]
        values["second"] = Route.Kind.ANYONE.value
    elif kind == Kind.AXE:
        values["second"] = Route.Kind.EXTENSION.value
        _offer_extensions(made, order.extension, digits)
    return made


def _cut(order: BindOrder) -> BindOrder:
    """Return the order of an AX of AXYB with the duration of its YB cut to its own (northbound.md 6.2)."""
    told = order.terms.get("yb_duration")
    if not (told and order.seconds and told > order.seconds):
        return order
    return replace(order, terms={**order.terms, "yb_duration": order.seconds})


def most_of(kind: Binding.Kind, digits: int) -> int:
    """Return how much can be bound on one number (northbound.md 10)."""
    if kind in LOADED:
        return 1
    if kind == Kind.AXE:
        return int(10**digits - 1)
    return MOST_RELATIONS if kind == Kind.YB else int(settings.MASKLINE["pairs_per_number"])


def _offer_extensions(made: Plan, wanted: str, digits: int) -> None:
    if wanted:
        made.rounds = [[(keys.extension(wanted), wanted)]]
        return
    every = keys.extensions(digits)
    # The platform selects the extension, so its cool-down counts on a named X too.
    made.values["cools"] = True
    made.rounds = [*(random.sample(every, few) for few in SAMPLES if few < len(every)), every]


def _row(application: Application, kind: Binding.Kind, order: BindOrder, actor: Actor) -> dict[str, Any]:
    return {
        "id": time_id(datetime.now(UTC), os.urandom(16)),
        "account": Int8(application.account_id),
        "application": Int8(application.pk),
        "kind": kind.value,
        "bound_by": actor.name,
        "reason": actor.reason,
        "request_id": actor.request_id,
        "a_number": seal(order.a),
        "b_number": seal(order.b),
        "seconds": Int4(order.seconds),
        **stored(order.terms, TERMS),
    }


def _model(order: BindOrder) -> dict[str, Any]:
    return {"a_number": order.a, "b_number": order.b, **order.terms}


def stored(terms: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the values of some terms as the database keeps them, defaults where a term is not said."""
    unknown = set(terms) - set(TERMS)
    if unknown:
        raise TypeError(f"no terms of a binding: {', '.join(sorted(unknown))}")
    given: dict[str, Any] = {}
    for name in names:
        column = TERMS[name]
        value = terms[name] if name in terms else column.get_default()
        value = column.get_prep_value(value)
        given[name] = Int4(value) if type(value) is int else value
    return given


def seals(number: str) -> list[bytes]:
    """Return a party in every form in which the database may keep it."""
    return keyring().seals(normalise(number).encode())


def seal(number: str | None) -> bytes | None:
    """Return a party as the database keeps it."""
    value: bytes | None = Binding._meta.get_field("a_number").get_prep_value(number)
    return value


def built(made: Plan, step: str, row: tuple[Any, ...], actor: Actor, parent: Binding | None = None) -> Binding:
    """Return the binding that `write_binding` wrote, without asking for it again."""
    number_id, text, area_code, extension, at, expires_at = row
    names, number = ["id", "number", "area_code"], (number_id, text, area_code)
    binding = Binding(
        id=made.values["id"],
        application=made.application,
        account_id=made.application.account_id,
        number=Number.from_db("default", names, number),
        parent=parent,
        kind=made.kind,
        extension=extension,
        valid_from=at,
        changed_at=at,
        expires_at=expires_at,
        step=step,
        bound_by=actor.name,
        reason=actor.reason,
        request_id=actor.request_id,
        **made.model,
    )
    binding._state.adding, binding._state.db = False, "default"
    return binding

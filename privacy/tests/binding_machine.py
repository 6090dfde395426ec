"""What the random walks of all modes share: the cast, signed requests, what befalls numbers and accounts, the proof.

A step that does not go through the API (a term runs out, the sweep, a transfer, a freeze) is done to the database and
told to the model. After each step every way into one of the numbers is probed, at the end of a walk into all.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db import connection, transaction
from django.test import Client
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from accounts.models import Account
from accounts.tests import cast
from privacy import bindings, numbers
from privacy.models import Binding, Number, Route
from privacy.tests import binding_rules as rules
from privacy.tests.binding_world import (
    CITIES,
    FALLBACK_CITIES,
    FROZEN,
    NORMAL,
    PARTIES,
    STRANGER,
    WRONG,
    Bound,
    Refused,
    World,
    X,
)

UNKNOWN = "+8617199999999"
OWNERS = ("rides", "couriers")
MOST_LAPSED = 3
NEVER_BOUND = 12

owners = st.sampled_from(["rides", "rides", "rides", "couriers"])
# Who asks for a binding: mostly the one who has it.
askers = st.sampled_from(["", "", "", "", *OWNERS])
parties = st.sampled_from(list(PARTIES))
areas = st.sampled_from(["", "0755", "755", "020", "010", "028"])
identities = st.integers(0, NEVER_BOUND)
directions = st.sampled_from([None, 0, 1, 2])
orders_of_data = st.sampled_from([None, "order-1", "订单 2"])
modes_of_match = st.sampled_from([None, "0", "1"])

LAPSE = """
UPDATE privacy_binding
SET valid_from = valid_from - behind.by, changed_at = changed_at - behind.by, expires_at = expires_at - behind.by
FROM (
    SELECT coalesce(expires_at - clock_timestamp() + interval '1 second', interval '0') AS by
    FROM privacy_binding WHERE id = %(id)s
) behind
WHERE id = %(id)s OR parent_id = %(id)s
"""
LAPSE_ROUTES = """
UPDATE privacy_route r SET expires_at = b.expires_at
FROM privacy_binding b WHERE b.id = r.binding_id AND (b.id = %(id)s OR b.parent_id = %(id)s)
"""


def drawn_x(numbers: int) -> st.SearchStrategy[str]:
    """Return a strategy for the X a customer names: mostly none, then one of so many, rarely a strange one."""
    return st.sampled_from(["", "", "", *list(CITIES)[:numbers], UNKNOWN])


class Answer:
    """What a request was answered: its code and fields."""

    def __init__(self, code: str, told: dict[str, Any], *, frozen: bool) -> None:
        self.code, self.told, self.frozen, self.taken = code, told, frozen, False

    def success(self) -> dict[str, Any]:
        """Return the fields of a success. Raises Refused while the account is frozen."""
        if self.frozen:
            raise Refused(FROZEN)
        assert self.code == "0", f"answered {self.code} {self.told['resultdesc']}"
        self.taken = True
        return self.told


class BindingMachine(RuleBasedStateMachine):
    """A random walk of one mode."""

    mode: ClassVar[str] = ""
    numbers: ClassVar[int] = 3

    def __init__(self) -> None:
        super().__init__()
        self._whole = transaction.atomic()
        self._whole.__enter__()
        self.client = Client()
        self.ids: list[str] = []
        self.frozen_for = 0
        self.turn = 0
        self.rows: dict[str, Number] = {}

    def teardown(self) -> None:
        """Probe every number, and leave nothing behind."""
        try:
            for number in self.rows:
                self._probe(number)
        finally:
            transaction.set_rollback(True)
            self._whole.__exit__(None, None, None)

    @initialize(cools=st.booleans())
    def stage(self, cools: bool) -> None:
        """Make an account with two applications of the mode; the first has the numbers."""
        self.world = World(OWNERS, self.numbers, cools=cools)
        account = cast.make_account("acme")
        self.applications = {
            name: cast.make_application(
                account,
                name,
                self.mode,
                extension_digits=1,
                cool_down_hours=24 if cools else 0,
                fallback_cities=FALLBACK_CITIES,
            )
            for name in OWNERS
        }
        self.rows = {
            x.number: cast.make_number(self.applications[x.owner], x.number, area_code=x.city)
            for x in self.world.numbers.values()
        }
        self.begin()

    def begin(self) -> None:
        """Bind something to begin with."""

    def bind_named(self, x: X, a: str, b: str) -> None:
        """Bind A, and B, on an X that is named, where the mode can name one."""

    # --- requests --------------------------------------------------------------------------------------------------

    @contextmanager
    def asking(self, owner: str, method: str, path: str, parameters: dict[str, Any]) -> Iterator["Answer"]:
        """Send a request; the block says what must come of it: `answer.success()`, or Refused with the code."""
        answer = Answer(*self._ask(owner, method, path, parameters), frozen=bool(self.frozen_for))
        try:
            yield answer
        except Refused as refused:
            codes = (FROZEN,) if answer.frozen else refused.codes
            assert answer.code in codes, f"answered {answer.code}, not {' or '.join(codes)}"
        else:
            assert answer.taken
        finally:
            self._thaw()

    def _ask(self, owner: str, method: str, path: str, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the code and the fields that a signed request is answered with; None among parameters is absent."""
        sent = {name: value for name, value in parameters.items() if value is not None}
        headers = cast.signed_headers(owner)
        key = {"app_key": owner} if "xyrelation" in path else {}
        if method in {"POST", "PUT"}:
            address = f"{path}?{urlencode(key)}"
            response = self.client.generic(method, address, json.dumps(sent), "application/json", headers=headers)
        else:
            response = self.client.generic(method, f"{path}?{urlencode(key | sent)}", headers=headers)
        told = response.json()
        assert (response.status_code == 200) == (told["resultcode"] == "0"), told
        return told["resultcode"], told

    def check_given(self, parameter: str) -> None:
        """Raise Refused for a parameter that is needed and absent."""
        if not parameter:
            raise Refused(WRONG)

    def _thaw(self) -> None:
        """Bring the account into good standing again, some requests after it fell into arrears."""
        if self.frozen_for:
            self.frozen_for -= 1
            if not self.frozen_for:
                Account.objects.update(state=Account.State.GOOD)

    def pick(self, place: int) -> str:
        """Return the id of a binding that holds or has ended; or one that never was."""
        if place == NEVER_BOUND or not self.ids:
            return "00000000-0000-4000-8000-000000000000"
        return self.ids[-1 - place % len(self.ids)]

    def asker(self, owner: str, place: int) -> str:
        """Return who asks: the one named, or the owner of the binding that is picked."""
        bound = self.world.bindings.get(self.pick(place))
        return owner or (bound.owner if bound else OWNERS[0])

    # --- what else happens -----------------------------------------------------------------------------------------

    @rule()
    def the_account_falls_into_arrears_for_a_while(self) -> None:
        self.frozen_for = 1
        Account.objects.update(state=Account.State.ARREARS)

    @rule(place=st.integers(0, 5), state=st.sampled_from([*["normal"] * 8, *Number.State.values[1:-1]]))
    def a_number_changes_its_state(self, place: int, state: str) -> None:
        x = list(self.world.numbers.values())[place % self.numbers]
        x.state = state
        Number.objects.filter(number=x.number).update(state=state)

    @precondition(lambda self: any(x.state != NORMAL for x in self.world.numbers.values()))
    @rule(a=parties, b=parties, place=st.integers(0, 5))
    def a_number_out_of_order_is_named(self, a: str, b: str, place: int) -> None:
        out_of_order = [x for x in self.world.numbers.values() if x.state != NORMAL]
        self.bind_named(out_of_order[place % len(out_of_order)], a, b)

    @rule(place=st.integers(0, 5), owner=owners)
    def a_number_is_transferred(self, place: int, owner: str) -> None:
        x = list(self.world.numbers.values())[place % self.numbers]
        if x.owner != owner:
            move = numbers.Move(line=1, number=x.number, application=owner)
            numbers.transfer([move], actor=bindings.Actor(name="operator"), now=datetime.now(UTC))
            self.world.transfer(x, owner)

    @precondition(lambda self: len([b for b in self.world.bindings.values() if b.lapsed]) < MOST_LAPSED)
    @rule(place=identities)
    def a_term_runs_out(self, place: int) -> None:
        bound = self.world.bindings.get(self.pick(place))
        if bound and not bound.lapsed:
            # Nothing befalls one without a term, unless the database gave it one.
            with connection.cursor() as cursor:
                cursor.execute(LAPSE, {"id": bound.id})
                cursor.execute(LAPSE_ROUTES, {"id": bound.id})
            if bound.ends:
                self.world.lapse(bound)

    @rule()
    def what_lapsed_is_swept(self) -> None:
        bindings.end_expired()
        self.world.sweep()

    # --- the proof -------------------------------------------------------------------------------------------------

    @invariant()
    def every_way_into_one_number_leads_where_it_should(self) -> None:
        self.turn += 1
        self._probe(list(CITIES)[self.turn % self.numbers])

    def _probe(self, number: str) -> None:
        row = self.rows[number]
        for caller in (*PARTIES, STRANGER):
            expected = rules.reached(self.world, number, caller)
            assert _told(bindings.probe(row, caller=caller)) == expected, f"{caller} calls {number}"
        for extension in rules.EVERY_EXTENSION if self.mode == "AXE" else ():
            expected = rules.reached_by_extension(self.world, number, extension)
            assert _told(bindings.probe(row, extension=extension)) == expected, f"{number} extension {extension}"

    def bound(self, told: dict[str, Any], x: str, **fields: Any) -> None:
        """Tell the model of a new binding."""
        identity = told["subscriptionId"]
        assert identity not in self.ids
        self.ids.append(identity)
        self.world.add(Bound(id=identity, x=x, **fields))


def _told(probed: "tuple[Binding, Route.Kind] | None") -> tuple[str, str] | None:
    return (str(probed[0].pk), str(probed[1])) if probed else None


def long_code(area: str) -> str:
    """Return an area code with its 0."""
    return "0" + area.removeprefix("0") if area else ""


def only(element: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """Return those fields of an element that the model knows; what has no value is left out of answers."""
    return {name: element.get(name) for name in names}

"""A random walk of AX (northbound.md 4)."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from privacy.models import TemporaryCallee
from privacy.tests import binding_rules as rules
from privacy.tests.binding_machine import (
    BindingMachine,
    areas,
    askers,
    directions,
    drawn_x,
    identities,
    long_code,
    modes_of_match,
    only,
    orders_of_data,
    owners,
    parties,
)
from privacy.tests.binding_world import PARTIES, Bound, Refused, X

PATH = "/rest/provision/caas/privatenumber/v1.0"
CALLEE_PATH = "/rest/caas/privatenumber/calleenumber/v1.0"


class AxMachine(BindingMachine):
    """AX: one A on an X, five X for an A, and whom A reaches."""

    mode = "AX"
    numbers = 6

    def begin(self) -> None:
        """Give four X to one, and the fifth to another."""
        a, b, *_ = PARTIES
        for one in (a, a, a, a, b):
            self.bind("rides", one, "", "0755", "1", direction=None, data=None)

    def bind_named(self, x: X, a: str, b: str) -> None:
        """Bind on an X that is named."""
        self.bind(x.owner, a, x.number, "", None, direction=None, data=None)

    @rule(
        owner=owners,
        a=parties,
        x=drawn_x(6),
        area=areas,
        match=modes_of_match,
        direction=directions,
        data=orders_of_data,
    )
    def bind(self, owner: str, a: str, x: str, area: str, match: str | None, **terms: Any) -> None:
        order = {"origNum": a, "privateNum": x or None, "privateNumType": "mobile-virtual", "areaCode": area or None}
        order |= {"areaMatchMode": match, "callDirection": terms["direction"], "userData": terms["data"]}
        with self.asking(owner, "POST", PATH, order) as answer:
            self.check_given(x or area)
            allowed = rules.bind_ax(self.world, owner, a, x, long_code(area), match == "1")
            told = answer.success()
            assert told["privateNum"] in allowed and told["origNum"] == a
            shown = {"callDirection": terms["direction"] or 0, "userData": terms["data"]}
            self.bound(told, told["privateNum"], owner=owner, a=a, terms=shown)

    @precondition(lambda self: self.world.latest_ended)
    @rule(a=parties)
    def bind_where_somebody_left(self, a: str) -> None:
        ended = self.world.latest_ended
        assert ended is not None
        x = self.world.numbers[ended.x]
        self.bind(x.owner, a, "", x.city, "0", direction=None, data=None)

    @rule(place=identities)
    def leave_and_come_back(self, place: int) -> None:
        self.unbind("", place, "", None)
        ended = self.world.latest_ended
        if ended is not None:
            x = self.world.numbers[ended.x]
            self.bind(x.owner, ended.a, "", x.city, "0", direction=None, data=None)

    @rule(owner=askers, place=identities, x=drawn_x(6), a=st.none() | parties, direction=directions)
    def modify(self, owner: str, place: int, x: str, a: str | None, direction: int | None) -> None:
        owner = self.asker(owner, place)
        name = {"privateNum": x} if x else {"subscriptionId": self.pick(place)}
        with self.asking(owner, "PUT", PATH, name | {"origNum": a, "callDirection": direction}) as answer:
            bound = self.named(owner, place, x)
            if bound is None:
                raise Refused("1016001")
            if a and a != bound.a:
                rules.check_load(self.world, owner, a)
            answer.success()
            self.world.replace(bound, a=a)
            if direction is not None:
                bound.terms["callDirection"] = direction

    @rule(owner=askers, place=identities, x=drawn_x(6), a=st.none() | parties)
    def unbind(self, owner: str, place: int, x: str, a: str | None) -> None:
        owner = self.asker(owner, place)
        name = {"privateNum": x, "origNum": a} if x else {"subscriptionId": self.pick(place)}
        with self.asking(owner, "DELETE", PATH, name) as answer:
            bound = self.named(owner, place, x)
            if bound is None or (x and a and bound.a != a):
                raise Refused("1011004")
            answer.success()
            self.world.end([bound])

    @rule(owner=askers, place=identities, x=drawn_x(6), a=st.none() | parties)
    def query(self, owner: str, place: int, x: str, a: str | None) -> None:
        owner = self.asker(owner, place)
        name = (
            {"origNum": a, "privateNum": x} if a else {"privateNum": x} if x else {"subscriptionId": self.pick(place)}
        )
        with self.asking(owner, "GET", PATH, name) as answer:
            one = None if a else self.named(owner, place, x)
            found = [one] if one else [each for each in self.world.live() if a == each.a and each.owner == owner]
            if not found:
                raise Refused("1016001")
            expected = [
                {"subscriptionId": each.id, "origNum": each.a, "privateNum": each.x} | each.terms for each in found
            ]
            told = answer.success()["privateNumList"]
            assert [only(element, line) for element, line in zip(told, expected, strict=True)] == expected

    @rule(owner=askers, place=identities, x=drawn_x(6), callee=st.sampled_from([*PARTIES, "95588"]))
    def set_temporary_callee(self, owner: str, place: int, x: str, callee: str) -> None:
        owner = self.asker(owner, place)
        name = {"privateNum": x} if x else {"subscriptionId": self.pick(place)}
        with self.asking(owner, "PUT", CALLEE_PATH, name | {"calleeNum": callee, "duration": 600}) as answer:
            bound = self.named(owner, place, x)
            if bound is None:
                raise Refused("1016001")
            if bound.a == callee:
                raise Refused("1010002")
            answer.success()
            bound.callee = callee

    @invariant()
    def a_calls_whom_the_same_a_named(self) -> None:
        kept = TemporaryCallee.objects.filter(binding__application__in=self.applications.values())
        told = {str(one.binding_id): one.callee_number for one in kept}
        assert told == {one.id: one.callee for one in self.world.live() if one.callee}

    def named(self, owner: str, place: int, x: str) -> Bound | None:
        """Return what is named by X, or else by its id."""
        if not x:
            return self.world.find(owner, self.pick(place))
        return next((one for one in self.world.on(x) if one.owner == owner), None)

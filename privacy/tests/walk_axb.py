"""A random walk of AXB (northbound.md 3)."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

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

PATH = "/rest/caas/relationnumber/partners/v1.0"
seconds = st.sampled_from([None, 0, 3600])


class AxbMachine(BindingMachine):
    """AXB: a party once on an X, on either side; so many pairs."""

    mode = "AXB"
    numbers = 4

    def begin(self) -> None:
        """Bind three pairs."""
        a, b, c, d = PARTIES
        for one, other in ((a, b), (c, d), (a, d)):
            self.bind("rides", one, other, "", "0755", "1", duration=3600, direction=None, data=None)

    def bind_named(self, x: X, a: str, b: str) -> None:
        """Bind on an X that is named."""
        self.bind(x.owner, a, b, x.number, "", None, duration=None, direction=None, data=None)

    @rule(
        owner=owners,
        a=parties,
        b=parties,
        x=drawn_x(4),
        area=areas,
        match=modes_of_match,
        duration=seconds,
        direction=directions,
        data=orders_of_data,
    )
    def bind(self, owner: str, a: str, b: str, x: str, area: str, match: str | None, **terms: Any) -> None:
        order = {"callerNum": a, "calleeNum": b, "relationNum": x or None, "areaCode": area or None}
        order |= {"areaMatchMode": match, "duration": terms["duration"], "callDirection": terms["direction"]}
        with self.asking(owner, "POST", PATH, order | {"userData": terms["data"]}) as answer:
            if a == b:
                raise Refused("1010002")
            allowed = rules.bind_axb(self.world, owner, a, b, x, long_code(area), match == "1")
            told = answer.success()
            assert told["relationNum"] in allowed
            shown = {"callDirection": terms["direction"] or 0, "duration": terms["duration"] or 0}
            assert {name: told[name] for name in shown} == shown and told["maxDuration"] == 0
            shown |= {"userData": terms["data"]}
            self.bound(told, told["relationNum"], owner=owner, a=a, b=b, ends=bool(terms["duration"]), terms=shown)

    @precondition(lambda self: self.world.latest_ended)
    @rule(b=parties, loose=st.sampled_from(["0", "0", "1"]))
    def bind_who_was_released(self, b: str, loose: str) -> None:
        ended = self.world.latest_ended
        assert ended is not None
        x = self.world.numbers[ended.x]
        self.bind(x.owner, ended.a, b, "", x.city, loose, duration=3600, direction=None, data=None)

    @rule(
        owner=askers,
        place=identities,
        a=st.none() | parties,
        b=st.none() | parties,
        duration=seconds,
        direction=directions,
    )
    def modify(self, owner: str, place: int, a: str | None, b: str | None, **terms: Any) -> None:
        owner = self.asker(owner, place)
        order = {"subscriptionId": self.pick(place), "callerNum": a, "calleeNum": b}
        order |= {"duration": terms["duration"], "callDirection": terms["direction"]}
        with self.asking(owner, "PUT", PATH, order) as answer:
            bound = self.world.find(owner, self.pick(place))
            if bound is None:
                raise Refused("1012007")
            if (a or bound.a) == (b or bound.b):
                raise Refused("1010002")
            rules.check_pair(self.world, bound.x, a or bound.a, b or bound.b, but=bound.id)
            answer.success()
            self.world.replace(bound, a=a, b=b)
            if terms["duration"] is not None:
                bound.ends = bool(terms["duration"])
                bound.terms["duration"] = terms["duration"]
            if terms["direction"] is not None:
                bound.terms["callDirection"] = terms["direction"]

    @rule(place=identities)
    def a_term_is_taken_away(self, place: int) -> None:
        self.modify("", place, None, None, duration=0, direction=None)
        self.a_term_runs_out(place)

    @rule(owner=askers, place=identities)
    def unbind_one(self, owner: str, place: int) -> None:
        owner = self.asker(owner, place)
        with self.asking(owner, "DELETE", PATH, {"subscriptionId": self.pick(place)}) as answer:
            bound = self.world.find(owner, self.pick(place))
            if bound is None:
                raise Refused("1012001")
            answer.success()
            self.world.end([bound])

    @rule(owner=owners, x=drawn_x(4))
    def unbind_number(self, owner: str, x: str) -> None:
        with self.asking(owner, "DELETE", PATH, {"relationNum": x or None}) as answer:
            self.check_given(x)
            bound = [one for one in self.world.on(x) if one.owner == owner]
            if not bound:
                raise Refused("1012001")
            answer.success()
            self.world.end(bound)

    @rule(owner=askers, place=identities)
    def query_one(self, owner: str, place: int) -> None:
        owner = self.asker(owner, place)
        with self.asking(owner, "GET", PATH, {"subscriptionId": self.pick(place)}) as answer:
            bound = self.world.find(owner, self.pick(place))
            if bound is None:
                raise Refused("1012007")
            self.same_list(answer.success(), [bound])

    @rule(owner=owners, x=drawn_x(4), a=st.sampled_from(["", "", *PARTIES]), b=st.sampled_from(["", "", *PARTIES]))
    def query_number(self, owner: str, x: str, a: str, b: str) -> None:
        order = {"relationNum": x or None, "callerNum": a or None, "calleeNum": b or None}
        with self.asking(owner, "GET", PATH, order) as answer:
            self.check_given(x)
            bound = [one for one in self.world.on(x) if one.owner == owner]
            found = [one for one in bound if a in ("", one.a) and b in ("", one.b)]
            if not found:
                raise Refused("1012007")
            self.same_list(answer.success(), found)

    def same_list(self, told: dict[str, Any], bound: list[Bound]) -> None:
        """Check a page of bindings, the oldest first."""
        assert told["totalCount"] == len(bound) and told["app_key"] == bound[0].owner
        expected = [
            {"subscriptionId": one.id, "callerNum": one.a, "relationNum": one.x, "calleeNum": one.b} | one.terms
            for one in bound
        ]
        assert [
            only(element, line) for element, line in zip(told["relationNumList"], expected, strict=True)
        ] == expected

"""A random walk of AXYB (northbound.md 6)."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from privacy.tests import binding_rules as rules
from privacy.tests.binding_machine import (
    BindingMachine,
    areas,
    askers,
    drawn_x,
    identities,
    long_code,
    modes_of_match,
    only,
    orders_of_data,
    owners,
    parties,
)
from privacy.tests.binding_world import PARTIES, Bound, Refused

PATH = "/rest/omp/xyrelationnumber/v1.0"
USUAL_SECONDS = 7200
durations = st.sampled_from([None, 0, 7200])
yb_durations = st.sampled_from([None, 0, 3600])


class AxybMachine(BindingMachine):
    """AXYB: AX as in AX mode, and a Y for each B."""

    mode = "AXYB"
    numbers = 6

    def begin(self) -> None:
        """Bind two A, and B to the first."""
        a, b, *_ = PARTIES
        for one in (a, b):
            self.bind_ax("rides", one, "0755", "1", duration=None, yb=None, data=None)
        self.bind_yb("rides", 1, b, "", None, 3600)

    @rule(
        owner=owners,
        a=parties,
        area=areas,
        match=modes_of_match,
        duration=durations,
        yb=yb_durations,
        data=orders_of_data,
    )
    def bind_ax(self, owner: str, a: str, area: str, match: str | None, **terms: Any) -> None:
        order = {"origNum": a, "areaCode": area or None, "areaMatchMode": match, "duration": terms["duration"]}
        with self.asking(owner, "POST", PATH, order | {"ybDuration": terms["yb"], "userData": terms["data"]}) as answer:
            self.check_given(area)
            allowed = rules.bind_ax(self.world, owner, a, "", long_code(area), match == "1", "1012008")
            told = answer.success()
            assert told["relationNumber"] in allowed and told.get("userData") == terms["data"]
            lasts = USUAL_SECONDS if terms["duration"] is None else terms["duration"]
            shown = {"duration": str(lasts), "ybDuration": str(terms["yb"] or 0), "userData": terms["data"]}
            self.bound(told, told["relationNumber"], owner=owner, a=a, ends=bool(lasts), terms=shown)

    @precondition(lambda self: self.world.latest_ended)
    @rule(a=parties)
    def bind_where_somebody_left(self, a: str) -> None:
        ended = self.world.latest_ended
        assert ended is not None
        x = self.world.numbers[ended.x]
        self.bind_ax(x.owner, a, x.city, "0", duration=None, yb=None, data=None)

    @rule(
        owner=askers,
        place=identities,
        b=parties,
        area=areas,
        match=modes_of_match,
        yb=yb_durations,
    )
    def bind_yb(self, owner: str, place: int, b: str, area: str, match: str | None, yb: int | None) -> None:
        owner = self.asker(owner, place)
        order = {"subscriptionId": self.pick(place), "origNum": b, "areaCode": area or None, "areaMatchMode": match}
        with self.asking(owner, "POST", PATH, order | {"ybDuration": yb}) as answer:
            ax = self.world.find(owner, self.pick(place))
            if ax is None or ax.parent:
                raise Refused("1016001")
            if ax.a == b:
                raise Refused("1010002")
            # A city is only kept when it is named: without one the platform selects, near B first (6.2).
            loose = match == "1" if area else True
            allowed = rules.bind_yb(self.world, owner, ax, b, long_code(area), loose)
            told = answer.success()
            assert told["relationNumber"] in allowed
            lasts = int(ax.terms["ybDuration"]) if yb is None else yb
            shown = {**ax.terms, "ybDuration": str(lasts)}
            ends = ax.ends or bool(lasts)
            fields = {"owner": owner, "a": ax.a, "b": b, "parent": ax.id, "ends": ends, "terms": shown}
            self.bound(told, told["relationNumber"], **fields)

    @rule(owner=askers, place=identities)
    def unbind(self, owner: str, place: int) -> None:
        owner = self.asker(owner, place)
        with self.asking(owner, "DELETE", PATH, {"subscriptionId": self.pick(place)}) as answer:
            bound = self.world.find(owner, self.pick(place))
            if bound is None:
                raise Refused("1016001")
            answer.success()
            self.world.end([bound])

    @rule(owner=askers, place=identities, y=drawn_x(6), b=st.none() | parties)
    def unbind_yb(self, owner: str, place: int, y: str, b: str | None) -> None:
        owner = self.asker(owner, place)
        order = {"subscriptionId": self.pick(place), "yNum": y or None, "bNum": b or next(iter(PARTIES))}
        with self.asking(owner, "DELETE", PATH, order) as answer:
            ax = self.world.find(owner, self.pick(place))
            if ax is None:
                raise Refused("1016001")
            relations = [ax] if ax.parent else self.relations(ax)
            meant = [one for one in relations if (one.x == y if y else one.b == order["bNum"])]
            if not meant:
                raise Refused("1016001")
            answer.success()
            self.world.end(meant)

    @rule(owner=askers, place=identities, x=drawn_x(6))
    def query(self, owner: str, place: int, x: str) -> None:
        owner = self.asker(owner, place)
        name = {"relationNum": x} if x else {"subscriptionId": self.pick(place)}
        with self.asking(owner, "GET", PATH, name) as answer:
            found = [one for one in self.world.on(x) if one.owner == owner and not one.parent]
            one = found[0] if found else None if x else self.world.find(owner, self.pick(place))
            if one is None:
                raise Refused("1016001")
            expected = [self.line(each) for each in ([one] if one.parent else self.relations(one)[:5] or [one])]
            told = answer.success()["xyRelationNumList"]
            assert [only(element, line) for element, line in zip(told, expected, strict=True)] == expected

    def relations(self, ax: Bound) -> list[Bound]:
        """Return the YB of an AX, the latest first."""
        return [one for one in reversed(self.world.live()) if one.parent == ax.id]

    def line(self, bound: Bound) -> dict[str, Any]:
        """Return what a query tells of an AX without YB, or of a YB."""
        if not bound.parent:
            return {"bindId": bound.id, "numA": bound.a, "numX": bound.x, "numY": None, "numB": None} | bound.terms
        ax = self.world.bindings[bound.parent]
        told = {"bindId": bound.id, "numA": ax.a, "numX": ax.x, "numY": bound.x, "numB": bound.b}
        return told | bound.terms

"""A random walk of AXE (northbound.md 5)."""

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
from privacy.tests.binding_world import PARTIES, Bound, Refused, X

PATH = "/rest/caas/extendnumber/v1.0"
USUAL_HOURS = 168
hours = st.sampled_from([None, 0, 1])
extensions = st.sampled_from(["", "", "1", "2", "9"])


class AxeMachine(BindingMachine):
    """AXE: an extension for each A, and each A once on an X."""

    mode = "AXE"
    numbers = 4

    def begin(self) -> None:
        """Give extensions to three."""
        for a in list(PARTIES)[:3]:
            self.bind("rides", a, "", "", "0755", "1", 1)

    def bind_named(self, x: X, a: str, b: str) -> None:
        """Bind on an X that is named."""
        self.bind(x.owner, a, x.number, "", "", None, None)

    @rule(owner=owners, a=parties, x=drawn_x(4), extension=extensions, area=areas, match=modes_of_match, hours=hours)
    def bind(self, owner: str, a: str, x: str, extension: str, area: str, match: str | None, hours: int | None) -> None:
        order = {"bindNum": a, "virtualNum": x or None, "extendNum": extension or None, "areaCode": area or None}
        with self.asking(owner, "POST", PATH, order | {"areaMatchMode": match, "bindExpiredTime": hours}) as answer:
            self.check_given(x or area)
            allowed = rules.bind_axe(self.world, owner, a, x, extension, long_code(area), match == "1")
            told = answer.success()
            given = told["extendNum"]
            assert (told["virtualNum"], given) in allowed
            shown = {"bindExpiredTime": USUAL_HOURS if hours is None else hours, "timeUnit": "0"}
            ends = hours != 0
            self.bound(told, told["virtualNum"], owner=owner, a=a, extension=given, ends=ends, terms=shown)

    @precondition(lambda self: self.world.latest_ended)
    @rule(a=parties)
    def bind_to_the_extension_that_somebody_left(self, a: str) -> None:
        ended = self.world.latest_ended
        assert ended is not None
        x = self.world.numbers[ended.x]
        self.bind(x.owner, a, "", ended.extension, x.city, "0", 1)

    @rule(
        owner=askers,
        place=identities,
        x=drawn_x(4),
        extension=extensions,
        a=st.none() | parties,
        hours=hours,
        data=orders_of_data,
    )
    def modify(self, owner: str, place: int, x: str, extension: str, a: str | None, **terms: Any) -> None:
        owner = self.asker(owner, place)
        order = self.name(place, x, extension)
        order |= {"bindNum": a, "bindExpiredTime": terms["hours"], "userData": terms["data"]}
        with self.asking(owner, "PUT", PATH, order) as answer:
            bound = self.named(owner, place, x, extension, "1012007")
            # Nothing of A: a modify knows no bindNum (northbound.md 5.4).
            answer.success()
            if terms["hours"] is not None:
                bound.ends = bool(terms["hours"])
                # What the bind carried stays shown (northbound.md 5.5): the walk cannot tell, so it does not look.
                bound.terms.pop("bindExpiredTime", None)
            if terms["data"] is not None:
                bound.terms["userData"] = terms["data"]

    @rule(owner=askers, place=identities, x=drawn_x(4), extension=extensions)
    def unbind(self, owner: str, place: int, x: str, extension: str) -> None:
        owner = self.asker(owner, place)
        with self.asking(owner, "DELETE", PATH, self.name(place, x, extension)) as answer:
            bound = self.named(owner, place, x, extension, "1012001")
            answer.success()
            self.world.end([bound])

    @rule(owner=askers, place=identities, x=drawn_x(4), extension=extensions)
    def query(self, owner: str, place: int, x: str, extension: str) -> None:
        owner = self.asker(owner, place)
        with self.asking(owner, "GET", PATH, self.name(place, x, extension)) as answer:
            bound = self.named(owner, place, x, extension, "1012007")
            told = answer.success()
            expected = {"subscriptionId": bound.id, "virtualNum": bound.x, "extendNum": bound.extension}
            expected |= {"bindNum": bound.a, **bound.terms}
            assert only(told, expected) == expected

    def name(self, place: int, x: str, extension: str) -> dict[str, Any]:
        """Return the parameters that name a binding: X and the extension, or an id."""
        return {"virtualNum": x, "extendNum": extension or None} if x else {"subscriptionId": self.pick(place)}

    def named(self, owner: str, place: int, x: str, extension: str, code: str) -> Bound:
        """Return the binding named. Raises Refused."""
        if not x:
            found = self.world.find(owner, self.pick(place))
        else:
            self.check_given(extension)
            on = [one for one in self.world.on(x) if one.owner == owner]
            found = next((one for one in on if one.extension == extension), None)
        if found is None:
            raise Refused(code)
        return found

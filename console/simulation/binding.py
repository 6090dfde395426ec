"""Before the calls: the customers bind through the northbound API; after them they unbind some.

What an earlier run has bound is found again and bound no second time, whatever has become of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from accounts.models import Application
from console.simulation import stage, wanted
from console.simulation.customer import Customer, Made, OrderRefused
from console.simulation.people import Line, Pair
from console.simulation.sender import Sender
from console.simulation.wanted import Fate, Wanted

# The application is refused as such: unknown, suspended, frozen, of another mode, from another address.
NO_USE_TO_GO_ON = {"1010003", "1010008", "1010029", "1010040", "1020166", "1020176"}


@dataclass
class Outcome:
    """What became of the bindings wanted: the pairs on each X, and what is to be unbound after the calls."""

    book: dict[str, list[Pair]] = field(default_factory=lambda: defaultdict(list))
    made: int = 0
    known: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    to_end: list[tuple[Wanted, Made]] = field(default_factory=list)

    def __str__(self) -> str:
        refused = ", ".join(f"{count} with {code}" for code, count in sorted(self.refused.items()))
        return f"bound {self.made}, bound before {self.known}, refused {refused or 0}"


def bind(lines: Sequence[Line], seed: str, calls: int, door: Sender) -> Outcome:
    """Bind what so many calls need on these X's, through the API where the records go too. Raises SendFailed."""
    outcome = Outcome()
    each = wanted.each_number_has(calls, len(lines))
    for app_key, orders in groupby(wanted.bindings(lines, seed, each), lambda one: one.app_key):
        with _customer(app_key, door) as customer:
            _Visit(customer, list(orders), outcome).make_all()
    return outcome


def unbind(outcome: Outcome, door: Sender) -> int:
    """End the bindings whose time has come; return how many. Raises SendFailed."""
    ended = 0
    for app_key, group in groupby(outcome.to_end, lambda one: one[0].app_key):
        with _customer(app_key, door) as customer:
            ended += _unbind(customer, group)
    return ended


def _customer(app_key: str, door: Sender) -> Customer:
    application = Application.objects.get(app_key=app_key)
    return Customer(door.url, app_key=app_key, secret=application.app_secret, host=door.host)


def _unbind(customer: Customer, made: Iterable[tuple[Wanted, Made]]) -> int:
    ended = 0
    for order, binding in made:
        try:
            customer.unbind(order.mode, binding.subscription_id)
            ended += 1
        except OrderRefused as refused:
            # Otherwise its number was moved or returned meanwhile.
            if refused.code in NO_USE_TO_GO_ON:
                break
    return ended


class _Visit:
    """One application's bindings."""

    def __init__(self, customer: Customer, orders: Sequence[Wanted], outcome: Outcome) -> None:
        self._customer, self._orders, self._outcome = customer, orders, outcome
        self._known = stage.known(orders[0].app_key, orders)
        self._made: dict[str, tuple[Wanted, Made]] = {}

    def make_all(self) -> None:
        """Make what there is not yet, and note the pairs."""
        for order in self._orders:
            try:
                self._make(order)
            except OrderRefused as refused:
                self._outcome.refused[refused.code] += 1
                if refused.code in NO_USE_TO_GO_ON:
                    return

    def _make(self, order: Wanted) -> None:
        if order.parent and order.parent not in self._made:
            return
        known = self._known.get(order.order)
        if known:
            made = known.made
            self._outcome.known += 1
        else:
            parent = self._made[order.parent][1].subscription_id if order.parent else ""
            made = self._customer.bind(order, parent)
            self._outcome.made += 1
            for person in order.people:
                self._customer.set_callee(made.subscription_id, person)
        self._made[order.order] = order, made
        if order.fate is Fate.UNBOUND and not (known and known.ended):
            self._outcome.to_end.append((order, made))
        for number, pair in self._pairs(order, made):
            self._outcome.book[number].append(pair)

    def _pairs(self, order: Wanted, made: Made) -> Iterable[tuple[str, Pair]]:
        """Return who speaks on which number: of AXYB B calls X and A calls Y, and each is shown the other number."""
        pair = Pair(order.a, order.b, made.subscription_id, made.extension, order.order)
        if order.parent:
            ax, on_x = self._made[order.parent]
            told = replace(pair, subscription_id=on_x.subscription_id, user_data=ax.order)
            return [
                (on_x.number, replace(told, direction=0, shown=made.number)),
                (made.number, replace(pair, direction=1, shown=on_x.number)),
            ]
        if order.mode == "AXYB":
            return []
        people = order.people or (order.b,)
        return [(made.number, replace(pair, b=person)) for person in people]

"""Numbers that are bound while they move, or returned: no binding outlives its holder, nobody waits for ever."""

from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from accounts.models import Application
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from privacy import bindings, numbers
from privacy.bindings import keys
from privacy.bindings.orders import Actor, BindOrder
from privacy.bindings.problems import BindingRefused
from privacy.models import Availability, Binding, Holding, Number, NumberOrder, PartyLoad, Route
from privacy.numbers import Issue, Move, NumberRow, OrderRow
from privacy.tests.test_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
WHO = Actor(name="operator", reason="ticket 17")
TEXTS = [f"+86171000001{n:02}" for n in range(8)]


def equipped(mode: str) -> tuple[Application, Application]:
    """Return two applications of one account; the first holds eight numbers."""
    account = cast.make_account("acme")
    first = cast.make_application(account, mode=mode)
    second = cast.make_application(account, "acmeAppKey02", mode=mode)
    issued = [Issue(number=text, application=first.app_key) for text in TEXTS]
    numbers.issue(issued, actor=WHO, now=NOW)
    return first, second


def bind(application: Application, n: int, x: str = "") -> bool:
    b = f"+861390000{n:04}" if application.mode == "AXB" else None
    order = BindOrder(a=f"+861380000{n % 5:04}", b=b, x=x, seconds=0, loose=True)
    try:
        bindings.bind(application, order, Actor())
    except BindingRefused:
        return False
    return True


def check(first: Application, second: Application) -> None:
    """Nothing is bound on a number by an application that does not hold it, and counters say what is bound."""
    for binding in Binding.objects.filter(valid_to=None):
        assert Holding.objects.get(number=binding.number, valid_to=None).application_id == binding.application_id
    for row in Availability.objects.all():
        assert row.used == Binding.objects.filter(number=row.number_id, valid_to=None).count()
    for load in PartyLoad.objects.all():
        assert (
            load.numbers
            == Binding.objects.filter(application=load.application_id, valid_to=None)
            .filter(
                a_number__in=[f"+861380000{n:04}" for n in range(5) if keys.caller(f"+861380000{n:04}") == load.party]
            )
            .count()
        )
    assert not Route.objects.exclude(binding__valid_to=None).exists()


@pytest.mark.parametrize("mode", ["AXB", "AX"])
def test_numbers_that_move_while_they_are_bound_leave_every_binding_behind(mode):
    first, second = equipped(mode)
    there = [Move(number=text, application=second.app_key) for text in TEXTS]
    back = [Move(number=text, application=first.app_key) for text in TEXTS]
    jobs: list[Any] = [partial(bind, first, n, TEXTS[n % 8] if n % 2 else "") for n in range(30)]
    jobs += [partial(bind, second, n) for n in range(10)]
    jobs.insert(8, lambda: numbers.transfer(there, actor=WHO, now=NOW))
    jobs.insert(25, lambda: numbers.transfer(back, actor=WHO, now=NOW))
    at_once(8, jobs)
    check(first, second)


def test_numbers_that_are_returned_while_they_are_bound_have_nothing_left(db):
    first, _second = equipped("AXB")
    rows = [NumberRow(number=text) for text in TEXTS]
    jobs: list[Any] = [partial(bind, first, n) for n in range(24)]
    jobs.insert(9, lambda: numbers.unsubscribe(rows, actor=WHO, now=NOW))
    at_once(8, jobs)
    assert set(Number.objects.values_list("state", flat=True)) == {"returned"}
    assert not Binding.objects.filter(valid_to=None).exists()
    assert not Route.objects.exists()
    ended = Binding.objects.values_list("end_cause", "ended_by").distinct()
    assert set(ended) <= {("unsubscribed", "operator")}


def test_two_transfers_of_the_same_numbers_at_once_leave_one_holder(db):
    first, second = equipped("AXB")
    third = cast.make_application(first.account, "acmeAppKey03")
    moves = [[Move(number=text, application=target.app_key) for text in TEXTS] for target in (second, third)]
    done = at_once(4, [lambda move=move: numbers.transfer(move, actor=WHO, now=NOW) for move in moves * 2])
    assert sum(len(one.numbers) for one in done) + sum(one.unchanged for one in done) == 32
    assert Holding.objects.filter(valid_to=None).count() == 8
    for number in Number.objects.all():
        ends = list(number.holdings.order_by("valid_from").values_list("valid_from", "valid_to"))
        assert all(end == start for (_from, end), (start, _to) in pairwise(ends))


def test_two_who_issue_the_same_new_numbers_at_once_make_each_once(db):
    account = cast.make_account("acme")
    first, second = (cast.make_application(account, f"acmeAppKey0{n}") for n in (1, 2))

    def issue(application: Application) -> int | str:
        try:
            return len(
                numbers.issue(
                    [Issue(number=t, application=application.app_key) for t in TEXTS], actor=WHO, now=NOW
                ).numbers
            )
        except numbers.BadRows as bad:
            return bad.problems[0].problem

    jobs = [partial(issue, application) for application in (first, first, second) * 4]
    outcomes = at_once(6, jobs)
    assert outcomes.count(8) == 1
    assert set(outcomes) <= {8, 0, "is issued already, to another application"}
    assert Number.objects.count() == 8


def test_two_who_order_with_the_same_reference_at_once_make_one_order(db):
    cast.make_application(cast.make_account("acme"))
    row = OrderRow(application="acmeAppKey01", area_code="755", quantity=5, reference="o-1")
    outcomes = at_once(6, [lambda: numbers.order([row], actor=WHO, now=NOW)] * 12)
    assert sum(len(new) for new, _repeated in outcomes) == 1
    assert sum(repeated for _new, repeated in outcomes) == 11
    assert NumberOrder.objects.count() == 1

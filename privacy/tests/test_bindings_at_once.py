"""Many binds at once for the same parties: each rule holds, nobody deadlocks, each loser hears why (design.md 2.1)."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from django.db import connection

from privacy import bindings
from privacy.bindings import ModifyOrder, problems
from privacy.models import Availability, Binding, Route
from privacy.tests.binding_orders import (
    BY,
    A,
    B,
    assert_sound,
    bind,
    bind_yb,
    expire,
    numbers,
    party,
    pool,
    unbind,
)
from privacy.tests.test_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
THREADS, BINDS = 20, 200


def said(job: Callable[..., Any]) -> Callable[[], str]:
    """Return a job that answers with the name of the problem, "" when it went well."""

    def answer() -> str:
        try:
            job()
        except problems.BindingRefused as problem:
            return type(problem).__name__
        return ""

    return answer


def outcome(jobs: Sequence[Callable[..., Any]]) -> Counter[str]:
    """Return how often each problem was said when the jobs run at once; anything but a refusal is raised."""
    return Counter(at_once(THREADS, [said(job) for job in jobs]))


def test_the_same_pair_on_the_same_x_is_bound_once():
    application = pool("AXB")
    x = numbers(application)[0].number
    assert outcome([lambda: bind(application, x=x)] * BINDS) == {"": 1, "PartyBound": BINDS - 1}
    assert_sound()


def test_no_party_gets_the_same_x_twice_whichever_is_selected():
    application = pool("AXB", count=30)
    pairs = [(A, B), (B, A)]
    jobs = [lambda n=n: bind(application, *pairs[n % 2]) for n in range(BINDS)]
    assert outcome(jobs) == {"": 30, "NoneLeft": BINDS - 30}
    assert set(Availability.objects.values_list("used", flat=True)) == {1}
    assert_sound()


def test_one_party_and_many_others_share_every_x_once():
    application = pool("AXB", count=BINDS)
    jobs = [lambda n=n: bind(application, *random.sample([A, party(1000 + n)], 2)) for n in range(BINDS)]
    assert outcome(jobs) == {"": BINDS}
    assert_sound()


@pytest.mark.parametrize("mode", ["AX", "AXYB"])
def test_an_a_gets_exactly_five_x(mode):
    application = pool(mode, count=60)
    jobs = [lambda n=n: bind(application, party(n % 10)) for n in range(BINDS)]
    assert outcome(jobs) == {"": 50, "TooManyNumbers": BINDS - 50}
    assert_sound()


def test_an_x_of_ax_goes_to_one_a():
    application = pool("AX", count=10)
    xs = [number.number for number in numbers(application)]
    jobs = [lambda n=n: bind(application, party(n), x=random.choice(xs)) for n in range(BINDS - 10)]
    takers = [partial(bind, application, party(n + BINDS), x=x) for n, x in enumerate(xs)]
    assert outcome([*jobs, *takers]) == {"": 10, "NumberTaken": BINDS - 10}
    assert_sound()


def test_the_last_x_of_ax_is_found_by_somebody():
    application = pool("AX", count=50)
    jobs = [lambda n=n: bind(application, party(n)) for n in range(BINDS)]
    assert outcome(jobs) == {"": 50, "NoneLeft": BINDS - 50}
    assert_sound()


def test_extensions_are_given_once():
    application = pool("AXE", count=2, extension_digits=2)
    jobs = [lambda n=n: bind(application, party(n)) for n in range(BINDS)]
    assert outcome(jobs) == {"": 198, "NoneLeft": 2}
    held = list(Binding.objects.values_list("number_id", "extension"))
    assert len(set(held)) == 198
    assert {extension for _, extension in held} == {f"{n:02}" for n in range(1, 100)}
    assert_sound()


def test_a_wanted_extension_is_given_once():
    application = pool("AXE")
    x = numbers(application)[0].number
    jobs = [lambda n=n: bind(application, party(n), x=x, extension="0007") for n in range(BINDS)]
    assert outcome(jobs) == {"": 1, "ExtensionTaken": BINDS - 1}
    assert_sound()


def test_relations_of_one_ax_have_each_b_once_and_each_y_once():
    application = pool("AXYB", count=41)
    ax = bind(application)
    jobs = [lambda n=n: bind_yb(ax, party(n % 50)) for n in range(BINDS)]
    found = outcome(jobs)
    assert found[""] == 40
    assert set(found) == {"", "PartyBound", "NoneLeft"}
    yb = Binding.objects.filter(parent=ax)
    assert len(set(yb.values_list("number_id", flat=True))) == len({one.b_number for one in yb}) == 40
    assert_sound()


def test_relations_and_the_end_of_their_ax_leave_none_behind():
    application = pool("AXYB", count=12)
    made = [bind(application, party(n)) for n in range(6)]

    def job(n: int) -> Any:
        return bind_yb(made[n % 6], party(100 + n)) if n < 120 else unbind(made[n - 120])

    jobs = [partial(job, n) for n in range(126)]
    random.shuffle(jobs)
    assert set(outcome(jobs)) <= {"", "NoSuchBinding", "NoneLeft"}
    assert not Route.objects.exists()
    assert_sound()


@pytest.mark.parametrize("mode", ["AX", "AXB", "AXE", "AXYB"])
def test_a_storm_of_everything_keeps_routes_and_counters_true(mode):
    application = pool(mode, count=8, extension_digits=1, cool_down_hours=0)
    held = numbers(application)
    xs = [*(number.number for number in held), "", "", ""]
    seeds = iter(range(10**6))
    lock = threading.Lock()

    def any_binding() -> Binding | None:
        return Binding.objects.filter(valid_to=None).order_by("?").first()

    def job() -> None:
        with lock:
            mine = random.Random(next(seeds))
        a, b = (party(n) for n in mine.sample(range(12), 2))
        what = mine.random()
        one = any_binding()
        if what < 0.5 or one is None:
            made = bind(application, a, b if mode == "AXB" else None, mine.choice(xs), seconds=mine.choice([0, 60]))
            if mode == "AXYB":
                bind_yb(made, party(mine.randrange(50, 60)))
        elif what < 0.6:
            unbind(one)
        elif what < 0.75 and mode != "AXYB":
            bindings.modify(application, one, ModifyOrder(a=a, b=b if mode == "AXB" else None, seconds=60), BY)
        elif what < 0.85:
            expire(one)
        elif what < 0.92:
            bindings.end_expired(20)
        else:
            bindings.end_number(mine.choice(held), cause=Binding.End.CONSOLE, actor=BY)

    found = outcome([job] * 250)
    assert found[""] > 60
    assert_sound()
    for one in Binding.objects.exclude(valid_to=None):
        assert one.valid_to and one.valid_to >= one.valid_from
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        assert cursor.fetchall() == []


# The same A, in AXB either side too, twice on a number at the same time. A modify may have moved parties: left out.
OVERLAPS = """
    SELECT one.id, other.id FROM privacy_binding one JOIN privacy_binding other
      ON other.number_id = one.number_id AND other.id > one.id
     AND (other.a_number IN (one.a_number, one.b_number) OR other.b_number IN (one.a_number, one.b_number))
    WHERE one.version = 1 AND other.version = 1 AND one.kind = 'AXB'
      AND tstzrange(one.valid_from, least(one.valid_to, one.expires_at)) &&
          tstzrange(other.valid_from, least(other.valid_to, other.expires_at))
"""

"""Which X a bind gets: named or not, the ladder of areas, least recently used, pairs, cool-downs (northbound.md 3)."""

from datetime import UTC, datetime

import pytest

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from privacy import bindings
from privacy.bindings import ModifyOrder, problems
from privacy.models import Availability, Cooling, Number
from privacy.tests.binding_orders import (
    BY,
    FAR,
    HERE,
    NEAR,
    A,
    B,
    C,
    D,
    assert_sound,
    bind,
    bind_yb,
    numbers,
    party,
    pool,
    unbind,
)

pytestmark = pytest.mark.django_db
FOREIGN = "+14155550100"


STATES = [
    ("suspended", False, problems.NumberFrozen),
    ("binding_frozen", False, problems.NumberFrozen),
    ("unusable", False, problems.NumberUnusable),
    ("moving", False, problems.NumberUnusable),
    ("awaiting_real_name", False, problems.NumberUnusable),
    ("normal", True, problems.NumberUnusable),
    ("suspended", True, problems.NumberUnusable),
]


@pytest.mark.parametrize(("state", "blacklisted", "problem"), STATES)
@pytest.mark.parametrize("mode", ["AX", "AXB", "AXE", "AXYB"])
def test_a_named_x_that_may_not_be_bound(mode, state, blacklisted, problem):
    application = pool(mode, count=6)
    x, *others = numbers(application)
    Number.objects.filter(pk=x.pk).update(state=state, blacklisted_at=datetime.now(UTC) if blacklisted else None)
    with pytest.raises(problem):
        bind(application, x=x.number)
    # Its state is said before what is bound, and five X of A do not hide it.
    for other in others:
        bind(application, x=other.number)
    with pytest.raises(problem):
        bind(application, x=x.number)
    with pytest.raises(problems.BindingRefused):
        bind(application)


def test_an_x_of_somebody_else_or_of_nobody_is_not_yours(acme, bolt):
    application = pool("AXB", account=acme.account)
    unbound = Number.objects.create(number="+8617199999999", issued_at=datetime.now(UTC))
    for x in (bolt.number.number, unbound.number, "+8617188888888", "nonsense", "\u20ac"):
        with pytest.raises(problems.NotYourNumber):
            bind(application, x=x)


def test_a_number_that_came_back_and_was_issued_again_is_the_new_one(acme):
    application = pool("AXB", account=acme.account)
    old = numbers(application)[0]
    old.holdings.update(valid_to=datetime.now(UTC))
    Number.objects.filter(pk=old.pk).update(state="returned")
    with pytest.raises(problems.NotYourNumber):
        bind(application, x=old.number)
    again = cast.make_number(application, old.number)
    assert bind(application, x=old.number).number_id == again.pk


def test_full_numbers(settings):
    settings.MASKLINE = {**settings.MASKLINE, "pairs_per_number": 2}
    application = pool("AXB")
    x = numbers(application)[0].number
    made = [bind(application, party(n), party(n + 100), x) for n in range(2)]
    with pytest.raises(problems.PartyBound):
        bind(application, party(0), C, x)
    with pytest.raises(problems.NumberFull):
        bind(application, C, D, x)
    with pytest.raises(problems.NoneLeft):
        bind(application, C, D)
    unbind(made[0])
    assert bind(application, C, D).number.number == x
    # A larger limit counts on numbers that are full by the old one.
    settings.MASKLINE = {**settings.MASKLINE, "pairs_per_number": 3}
    assert bind(application, party(50), party(51)).number.number == x
    settings.MASKLINE = {**settings.MASKLINE, "pairs_per_number": 4}
    assert bind(application, party(52), party(53), x)
    # A smaller one counts too, and what is bound stays.
    settings.MASKLINE = {**settings.MASKLINE, "pairs_per_number": 2}
    for named in (x, ""):
        with pytest.raises(problems.NoneLeft if not named else problems.NumberFull):
            bind(application, party(54), party(55), named)
    assert_sound()


def test_an_x_of_ax_is_taken_by_another_a_and_that_comes_before_a_sixth_x():
    application = pool("AX", count=6)
    x, *others = (number.number for number in numbers(application))
    bind(application, B, x=x)
    with pytest.raises(problems.NumberTaken):
        bind(application, x=x)
    with pytest.raises(problems.NumberTaken):
        bind(application, B, x=x)
    for other in others:
        bind(application, x=other)
    with pytest.raises(problems.NumberTaken):
        bind(application, x=x)
    assert_sound()


def test_an_x_and_a_y_of_axyb_do_not_serve_as_each_other():
    application = pool("AXYB", count=2)
    ax = bind(application)
    y = bind_yb(ax).number.number
    with pytest.raises(problems.NumberTaken):
        bind(application, B, x=y)
    with pytest.raises(problems.NumberTaken):
        bind(application, B, x=ax.number.number)
    with pytest.raises(problems.NoneLeft):
        bind(application, B)
    # The second B of the same A needs a second Y.
    with pytest.raises(problems.NoneLeft):
        bind_yb(ax, C)


def test_a_y_serves_many_ax_and_unused_numbers_stay_for_x():
    application = pool("AXYB", count=10)
    made = [bind(application, party(n)) for n in range(8)]
    ys = {bind_yb(ax).number_id for ax in made}
    assert len(ys) == 1
    bind(application, party(8))
    assert Availability.objects.get(number__in=ys).used == 8
    assert_sound()


LADDER = [
    # numbers in, fallback cities, area, loose, what is found
    (f"{HERE} {NEAR}", [], HERE, False, (HERE, "city")),
    (f"{HERE} {NEAR}", [], HERE, True, (HERE, "city")),
    (NEAR, [], HERE, False, None),
    (f"{NEAR} {FAR}", [], HERE, True, (NEAR, "province")),
    (f"{FAR} 010 021", ["021", FAR], HERE, True, ("021", "fallback")),
    (f"{FAR} 010 021", ["0758", FAR], HERE, True, (FAR, "fallback")),
    (f"{FAR}", [], HERE, True, (FAR, "any")),
    (f"{FAR}", [FAR], HERE, False, None),
    ("010 021", [], "", False, ("010", "city")),
    ("021", [], "", False, None),
    ("021", [], "", True, ("021", "any")),
]


@pytest.mark.parametrize("mode", ["AX", "AXB", "AXE", "AXYB"])
@pytest.mark.parametrize(("held", "fallback", "area", "loose", "found"), LADDER)
def test_the_ladder_of_areas(mode, held, fallback, area, loose, found):
    application = pool(mode, held, fallback_cities=fallback)
    # Beijing's.
    a = "+861065550100"
    if found is None:
        with pytest.raises(problems.NoneLeft):
            bind(application, a, area_code=area, loose=loose)
        return
    made = bind(application, a, area_code=area, loose=loose)
    assert (made.number.area_code, made.step) == found


def test_an_a_without_an_area_needs_a_loose_bind():
    application = pool("AXB")
    with pytest.raises(problems.NoneLeft):
        bind(application, FOREIGN, area_code="")
    assert bind(application, FOREIGN, area_code="", loose=True).step == "any"


def test_a_y_is_looked_for_in_the_area_of_b():
    application = pool("AXYB", f"{HERE} 010 021")
    ax = bind(application)
    assert bind_yb(ax, "+861065550100", area_code="").number.area_code == "010"
    assert bind_yb(ax, "+861065550101", area_code="021").number.area_code == "021"
    with pytest.raises(problems.NoneLeft):
        bind_yb(ax, "+861065550102", area_code="")


def test_reserved_numbers_are_bound_only_when_named():
    application = pool("AXB")
    x = numbers(application)[0]
    Number.objects.filter(pk=x.pk).update(reserved=True)
    with pytest.raises(problems.NoneLeft):
        bind(application, loose=True)
    assert bind(application, x=x.number).number_id == x.pk


def test_the_least_recently_used_is_selected_and_what_was_never_used_first():
    application = pool("AXB", count=4)
    ids = [number.pk for number in numbers(application)]
    got = [bind(application, party(n), party(n + 100)).number_id for n in range(8)]
    assert got == ids + ids
    bind(application, C, D, numbers(application)[0].number)
    assert bind(application, party(50), party(51)).number_id == ids[1]


@pytest.mark.parametrize(("preference", "same"), [("none", False), ("same", True), ("other", False)])
def test_a_pair_that_had_a_number(preference, same):
    application = pool("AXB", count=2, pair_preference=preference, cool_down_hours=0)
    first = bind(application)
    unbind(first)
    bind(application, C, D)
    if preference == "other":
        # Least recent by now would be the first.
        assert bind(application).number_id != first.number_id
        assert bind(application, C, B).number_id == first.number_id
        return
    again = bind(application, B, A) if same else bind(application)
    assert again.number_id == first.number_id
    assert again.step == ("same" if same else "city")


def test_a_pair_gets_its_last_number_though_another_is_less_recently_used():
    application = pool("AXB", f"{HERE} {NEAR}", 3, pair_preference="same")
    first = bind(application)
    unbind(first)
    again = bind(application, B, A)
    assert (again.number_id, again.step) == (first.number_id, "same")
    unbind(again)
    # Strict in another city, its last number is not of that city.
    assert bind(application, area_code=NEAR).step == "city"
    assert bind(application, C, D).step == "city"


def test_a_pair_that_wants_another_gets_the_same_when_it_is_the_only_one():
    application = pool("AXB", pair_preference="other")
    first = bind(application)
    unbind(first)
    assert bind(application).number_id == first.number_id


def test_a_released_party_is_not_given_that_x_with_another_counterpart():
    application = pool("AXB")
    x = numbers(application)[0].number
    unbind(bind(application))
    for a, b in [(A, C), (C, A), (B, C), (C, B)]:
        with pytest.raises(problems.NoneLeft):
            bind(application, a, b)
    unbind(bind(application, B, A))
    unbind(bind(application, C, D))
    unbind(bind(application, A, C, x))
    Cooling.objects.update(released_at=datetime(2026, 1, 1, tzinfo=UTC))
    bind(application, A, D)


@pytest.mark.parametrize("mode", ["AX", "AXYB"])
def test_a_released_x_is_not_given_to_another_a(mode):
    application = pool(mode)
    x = numbers(application)[0].number
    unbind(bind(application))
    with pytest.raises(problems.NoneLeft):
        bind(application, B)
    unbind(bind(application, A))
    unbind(bind(application, B, x=x))
    with pytest.raises(problems.NoneLeft):
        bind(application, A)
    application.cool_down_hours = 0
    assert bind(application, A).number.number == x


def test_a_released_extension_is_not_given_to_another_a():
    application = pool("AXE", extension_digits=1)
    x = numbers(application)[0].number
    made = [bind(application, party(n), x=x) for n in range(9)]
    assert {one.extension for one in made} == set("123456789")
    unbind(made[4])
    # Selected by the platform, the X named or not; named, it is the customer's wish.
    with pytest.raises(problems.ExtensionTaken):
        bind(application, B, x=x)
    with pytest.raises(problems.NoneLeft):
        bind(application, B)
    again = bind(application, party(4), x=x)
    assert again.extension == made[4].extension
    unbind(again)
    assert bind(application, B, x=x, extension=again.extension).extension == again.extension
    assert_sound()


def test_who_was_replaced_cools_down_too():
    application = pool("AXB")
    made = bind(application)
    bindings.modify(application, made, ModifyOrder(a=C), BY)
    with pytest.raises(problems.NoneLeft):
        bind(application, A, D)


@pytest.mark.parametrize(("digits", "count"), [(1, 9), (2, 99), (3, 999)])
def test_extensions_have_the_digits_of_the_application_and_are_never_all_zeros(digits, count):
    application = pool("AXE", extension_digits=digits)
    x = numbers(application)[0].number
    made = [bind(application, party(n), x=x) for n in range(min(count, 120))]
    assert {len(one.extension) for one in made} == {digits}
    assert len({one.extension for one in made}) == len(made)
    assert "0" * digits not in {one.extension for one in made}
    if count <= 120:
        with pytest.raises(problems.ExtensionTaken):
            bind(application, party(500), x=x)
        with pytest.raises(problems.ExtensionTaken):
            bind(application, party(500), x=x, extension=made[0].extension)


def test_an_extension_that_is_asked_for():
    application = pool("AXE")
    x = numbers(application)[0].number
    made = bind(application, x=x, extension="0007")
    assert (made.extension, bindings.by_extension(application, x, "0007")) == ("0007", made)
    with pytest.raises(problems.PartyBound):
        bind(application, x=x)
    with pytest.raises(problems.PartyBound):
        bind(application, x=x, extension="0007")
    with pytest.raises(problems.ExtensionTaken):
        bind(application, B, x=x, extension="0007")
    with pytest.raises(problems.NoneLeft):
        bind(application, B, extension="0007")
    assert bindings.by_extension(application, x, "0008") is None

"""Expiry by the database's clock, modify and its timer, AXYB's durations (northbound.md 3.1, 6)."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.tests.fixtures import *  # noqa: F403
from privacy import bindings, tasks
from privacy.bindings import ModifyOrder, problems
from privacy.models import Binding, BindingVersion, PartyLoad, Route, TemporaryCallee
from privacy.tests.binding_orders import (
    BY,
    A,
    B,
    C,
    D,
    assert_sound,
    bind,
    bind_yb,
    numbers,
    party,
    pass_time,
    pool,
    unbind,
)

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("mode", ["AX", "AXB", "AXE", "AXYB"])
def test_a_second_after_its_expiry_a_binding_is_gone_without_a_sweeper(mode):
    application = pool(mode)
    made = bind(application, seconds=60, extension="0007" if mode == "AXE" else "")
    x = made.number
    ways = [{"caller": A}, {"caller": B}, {"caller": C, "extension": "0007"}, {"caller": C}]
    kinds = {
        "AX": ["A", "anyone", "anyone", "anyone"],
        "AXYB": ["A", "anyone", "anyone", "anyone"],
        "AXB": ["A", "B", None, None],
        "AXE": ["A", None, "extension", None],
    }[mode]
    pass_time(made, 58)
    assert [(bindings.probe(x, **way) or (None, None))[1] for way in ways] == kinds
    assert bindings.find(application, str(made.pk)) == made
    pass_time(made, 3)
    assert [bindings.probe(x, **way) for way in ways] == [None] * 4
    assert bindings.find(application, str(made.pk)) is None
    assert not bindings.on_number(application, x.number)
    assert not bindings.of_party(application, A)
    assert bindings.by_extension(application, x.number, "0007") is None
    assert unbind(made) == 0
    with pytest.raises(problems.NoSuchBinding):
        bindings.modify(application, made, ModifyOrder(seconds=60), BY)
    assert_sound()


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("mode", ["AX", "AXB", "AXE", "AXYB"])
def test_an_expired_binding_is_in_nobodys_way(mode, named):
    application = pool(mode, extension_digits=1, cool_down_hours=0)
    x = numbers(application)[0].number
    order: dict[str, Any] = {"x": x if named else "", "seconds": 60, "extension": "7" if mode == "AXE" else ""}
    made = bind(application, **order)
    pass_time(made, 61)
    again = bind(application, **order)
    made.refresh_from_db()
    assert (made.end_cause, made.valid_to, made.ended_by) == ("expired", made.expires_at, "")
    pass_time(again, 61)
    bind(application, B, C, **order)
    assert_sound()


def test_five_expired_x_are_in_nobodys_way():
    application = pool("AX", count=6)
    made = [bind(application, seconds=60) for _ in range(5)]
    for one in made[:2]:
        pass_time(one, 61)
    assert bind(application, x=numbers(application)[5].number)
    assert bind(application)
    with pytest.raises(problems.TooManyNumbers):
        bind(application)
    assert_sound()


def test_a_full_number_with_an_expired_binding_has_room(settings):
    settings.MASKLINE = {**settings.MASKLINE, "pairs_per_number": 2}
    application = pool("AXB")
    made = [bind(application, party(n), party(n + 9), seconds=60) for n in range(2)]
    pass_time(made[0], 61)
    assert bind(application, C, D)
    with pytest.raises(problems.NoneLeft):
        bind(application, party(40), party(41))
    pass_time(made[1], 61)
    assert bind(application, party(40), party(41), made[0].number.number)
    assert_sound()


def test_an_expired_binding_in_the_city_is_better_than_another_city():
    application = pool("AX", "0755 020", cool_down_hours=0)
    made = bind(application, seconds=60)
    pass_time(made, 61)
    again = bind(application, B, loose=True)
    assert (again.number_id, again.step) == (made.number_id, "city")


def test_the_sweeper_ends_what_has_expired_and_nothing_else():
    application = pool("AXB", count=3)
    made = [bind(application, party(n), party(n + 100), seconds=[0, 60, 3600][n % 3]) for n in range(30)]
    assert bindings.end_expired() == 0
    for one in made:
        pass_time(one, 61)
    assert bindings.end_expired(4) == 4
    assert tasks.end_expired() == 6
    assert Binding.objects.filter(valid_to=None).count() == 20
    assert_sound()


TIMER = [
    # bound for, modified to, new expiry after the modify
    (0, None, None),
    (60, None, 60),
    (60, 0, None),
    (60, 30, 30),
    (0, 30, 30),
]


@pytest.mark.parametrize(("bound", "modified", "after"), TIMER)
def test_a_modify_with_a_duration_starts_the_timer_again(bound, modified, after):
    application = pool("AXB")
    made = bind(application, seconds=bound)
    changed = bindings.modify(application, made, ModifyOrder(seconds=modified), BY)
    start = changed.valid_from if modified is None else changed.changed_at
    expected = None if after is None else start + after * SECOND
    assert changed.expires_at == expected
    assert set(Route.objects.values_list("expires_at", flat=True)) == {expected}
    assert changed.changed_at > made.changed_at
    stored = bindings.find(application, str(made.pk))
    assert stored is not None
    for field in Binding._meta.concrete_fields:
        assert getattr(stored, field.attname) == getattr(changed, field.attname), field.attname


CHANGES = [
    (A, B, None, None, True),
    (A, B, C, None, True),
    (A, B, None, C, True),
    (A, B, B, A, True),
    (A, B, A, B, True),
    (A, B, B, None, False),
    (A, B, party(70), None, False),
    (A, B, None, party(71), False),
    (A, B, party(71), C, False),
]


@pytest.mark.parametrize(("a", "b", "new_a", "new_b", "fine"), CHANGES)
def test_a_modify_of_a_or_b_moves_the_routes_or_changes_nothing(a, b, new_a, new_b, fine):
    application = pool("AXB")
    other = bind(application, party(70), party(71), seconds=60)
    made = bind(application, a, b)
    change = ModifyOrder(a=new_a, b=new_b, terms={"record": True})
    if not fine:
        with pytest.raises(problems.PartyBound):
            bindings.modify(application, made, change, BY)
        assert not BindingVersion.objects.exists()
        assert bindings.probe(made.number, caller=a) == (made, "A")
        if party(70) in (new_a, new_b) or party(71) in (new_a, new_b):
            pass_time(other, 61)
            bindings.modify(application, made, change, BY)
        assert_sound()
        return
    changed = bindings.modify(application, made, change, BY)
    assert bindings.probe(made.number, caller=new_a or a) == (changed, "A")
    assert bindings.probe(made.number, caller=new_b or b) == (changed, "B")
    assert len(bindings.on_number(application, made.number.number)) == 2
    assert_sound()


@pytest.mark.parametrize("mode", ["AX", "AXYB"])
def test_another_a_takes_over_the_x_and_its_count(mode):
    application = pool(mode, count=8)
    made = bind(application)
    relation = bind_yb(made, seconds=60) if mode == "AXYB" else None
    for _ in range(5):
        bind(application, C)
    with pytest.raises(problems.TooManyNumbers):
        bindings.modify(application, made, ModifyOrder(a=C), BY)
    changed = bindings.modify(application, made, ModifyOrder(a=D, seconds=30), BY)
    assert (changed.number_id, changed.a_number) == (made.number_id, D)
    assert bindings.probe(made.number, caller=D) == (changed, "A")
    assert sorted(PartyLoad.objects.values_list("numbers", flat=True)) == [0, 1, 5]
    if relation:
        relation.refresh_from_db()
        assert (relation.a_number, relation.expires_at) == (D, changed.expires_at)
        assert bindings.probe(relation.number, caller=D) == (relation, "A")
    assert_sound()


YB_DURATIONS = [
    # AX holds for, AX's YB duration, the YB's own, what the YB holds for (None: as long as the AX, 0: for ever)
    (3600, 0, None, None),
    (3600, 60, None, 60),
    (3600, 60, 120, 120),
    (3600, 60, 0, None),
    (3600, 0, 120, 120),
    (3600, 7200, None, None),
    (3600, 0, 7200, None),
    (0, 0, None, 0),
    (0, 60, None, 60),
    (0, 60, 0, 0),
]


@pytest.mark.parametrize(("ax_seconds", "told", "own", "holds"), YB_DURATIONS)
def test_how_long_a_yb_holds(ax_seconds, told, own, holds):
    application = pool("AXYB", count=2)
    ax = bind(application, seconds=ax_seconds, terms={"yb_duration": told})
    if ax_seconds:
        assert ax.yb_duration == min(told, ax_seconds)
    yb = bind_yb(ax, seconds=own)
    if holds is None or holds == 0:
        assert yb.expires_at == ax.expires_at
    else:
        assert yb.expires_at == yb.valid_from + holds * SECOND


@pytest.mark.parametrize(("told", "own"), [(0, 3600), (3600, None), (600, 600), (0, 60)])
def test_a_yb_keeps_the_time_that_is_left_of_its_ax(told, own):
    application = pool("AXYB", count=2)
    ax = bind(application, seconds=3600, terms={"yb_duration": told})
    pass_time(ax, 3300)
    yb = bind_yb(ax, seconds=own)
    stored = Binding.objects.get(pk=yb.pk)
    assert (stored.yb_duration, stored.expires_at) == (yb.yb_duration, yb.expires_at)
    assert yb.yb_duration is not None and yb.expires_at is not None
    held = (yb.expires_at - yb.valid_from) / SECOND
    assert 0 < yb.yb_duration - 1 <= held <= yb.yb_duration <= 300
    ax.refresh_from_db()
    assert (yb.expires_at == ax.expires_at) == (own != 60)


def test_a_yb_ends_alone_and_its_ax_ends_all():
    application = pool("AXYB", count=3)
    ax = bind(application, seconds=3600)
    first, second = bind_yb(ax), bind_yb(ax, C, 60)
    pass_time(second, 61)
    assert bindings.end_expired() == 1
    assert list(bindings.yb_of(ax)) == [first]
    assert bindings.find(application, str(ax.pk)) == ax
    bind_yb(ax, C)
    pass_time(ax, 3601)
    assert bindings.probe(first.number, caller=A) is None
    with pytest.raises(problems.NoSuchBinding):
        bind_yb(ax, D)
    bindings.end_expired()
    assert {one.end_cause for one in Binding.objects.all()} == {"expired"}
    assert_sound()


def test_the_end_of_a_number_of_axyb_takes_relations_along_or_only_them():
    application = pool("AXYB", count=3)
    ax = bind(application)
    yb = bind_yb(ax)
    assert bindings.end_number(yb.number, cause=Binding.End.CONSOLE, actor=BY) == 1
    assert bindings.find(application, str(ax.pk)) == ax
    bind_yb(ax)
    assert bindings.end_number(ax.number, cause=Binding.End.TRANSFERRED, actor=BY) == 2
    assert sorted(Binding.objects.values_list("end_cause", flat=True)) == ["console", "transferred", "with_ax"]
    assert_sound()


def test_a_temporary_callee_is_overwritten_and_goes_with_its_binding():
    application = pool("AX")
    made = bind(application)
    first = bindings.set_temporary_callee(made, callee="95588", seconds=60, user_data="order 7")
    assert first.expires_at == first.set_at + 60 * SECOND
    second = bindings.set_temporary_callee(made, callee=B, seconds=30, user_data=None)
    stored = TemporaryCallee.objects.get()
    assert (stored.callee_number, stored.user_data, stored.expires_at) == (B, None, second.expires_at)
    unbind(made)
    assert not TemporaryCallee.objects.exists()
    with pytest.raises(problems.NoSuchBinding):
        bindings.set_temporary_callee(made, callee=B, seconds=30, user_data=None)


def test_a_temporary_callee_goes_with_the_a_that_named_it():
    application = pool("AX")
    made = bind(application)
    bindings.set_temporary_callee(made, callee="95588", seconds=600, user_data=None)
    made = bindings.modify(application, made, ModifyOrder(a=A, terms={"max_minutes": 3}), BY)
    assert TemporaryCallee.objects.get().callee_number == "95588"
    made = bindings.modify(application, made, ModifyOrder(a=C), BY)
    assert not TemporaryCallee.objects.exists()
    made = bindings.modify(application, made, ModifyOrder(a=A), BY)
    assert not TemporaryCallee.objects.exists()
    assert bindings.set_temporary_callee(made, callee="95588", seconds=60, user_data=None)

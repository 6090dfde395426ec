"""A bind, a modify and an end in each mode: what is stored, what is answered, what is refused (northbound.md 3-6)."""

from datetime import timedelta

import pytest

from accounts.tests.fixtures import *  # noqa: F403
from privacy import bindings
from privacy.bindings import ModifyOrder, problems
from privacy.models import Availability, Binding, BindingVersion, Route
from privacy.tests.binding_orders import BY, A, B, C, D, assert_sound, bind, bind_yb, numbers, party, pool, unbind

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("mode", ["AX", "AXB", "AXE", "AXYB"])
def test_a_binding_of_each_mode_is_stored_found_and_ended(mode):
    application = pool(mode)
    made = bind(application, seconds=60, terms={"user_data": "order 7", "record": True})
    stored = bindings.find(application, str(made.pk))
    assert stored is not None
    for field in Binding._meta.concrete_fields:
        assert getattr(stored, field.attname) == getattr(made, field.attname), field.attname
    assert (made.kind, made.step, made.number.number) == (mode, "city", numbers(application)[0].number)
    assert made.expires_at == made.valid_from + timedelta(seconds=60)
    assert (stored.user_data, stored.record, stored.bound_by) == ("order 7", True, "tester")
    assert list(bindings.on_number(application, made.number.number)) == [stored]
    assert list(bindings.of_party(application, A)) == [stored]
    assert_sound()
    assert unbind(made) == 1
    assert unbind(made) == 0
    assert bindings.find(application, str(made.pk)) is None
    stored.refresh_from_db()
    assert (stored.end_cause, stored.ended_by) == ("unbound", "tester")
    assert not Route.objects.exists()
    assert_sound()


def test_a_named_x_in_each_mode():
    for mode in ("AX", "AXB", "AXE", "AXYB"):
        application = pool(mode)
        x = numbers(application)[0].number
        made = bind(application, x=x)
        assert (made.number.number, made.step) == (x, "named")
    assert_sound()


def test_a_party_is_bound_once_on_an_x_on_either_side():
    application = pool("AXB")
    x = numbers(application)[0].number
    bind(application, A, B, x)
    for a, b in [(A, B), (B, A), (A, C), (C, A), (B, C), (C, B), (D, D)]:
        with pytest.raises(problems.PartyBound):
            bind(application, a, b, x)
        with pytest.raises(problems.BindingRefused):
            bind(application, a, b)
    bind(application, C, D, x)
    assert_sound()


def test_a_sixth_x_of_an_a_is_refused():
    application = pool("AX", count=7)
    made = [bind(application) for _ in range(5)]
    for x in ("", numbers(application)[5].number):
        with pytest.raises(problems.TooManyNumbers):
            bind(application, x=x)
    with pytest.raises(problems.NumberTaken):
        bind(application, x=made[0].number.number)
    unbind(made[0])
    bind(application)
    assert_sound()


def test_relations_of_an_ax_end_with_it():
    application = pool("AXYB", count=3)
    ax = bind(application, seconds=3600)
    yb = bind_yb(ax)
    assert yb.number_id != ax.number_id
    assert (yb.parent_id, yb.a_number, yb.b_number, yb.kind) == (ax.pk, A, B, "YB")
    assert yb.expires_at == ax.expires_at
    with pytest.raises(problems.PartyBound):
        bind_yb(ax)
    other = bind_yb(ax, C, 60)
    assert other.number_id not in (ax.number_id, yb.number_id)
    assert list(bindings.yb_of(ax)) == [yb, other]
    assert_sound()
    assert unbind(ax) == 1
    assert_sound()
    assert {one.end_cause for one in Binding.objects.filter(parent=ax)} == {"with_ax"}


def test_a_modify_keeps_what_was_said_before():
    application = pool("AXB")
    made = bind(application, seconds=60)
    changed = bindings.modify(application, made, ModifyOrder(a=C, seconds=90, terms={"max_minutes": 5}), BY)
    assert (changed.a_number, changed.b_number, changed.max_minutes, changed.version) == (C, B, 5, 2)
    assert changed.expires_at == changed.changed_at + timedelta(seconds=90)
    before = BindingVersion.objects.get()
    assert (before.a_number, before.max_minutes, before.valid_to) == (A, 0, changed.changed_at)
    assert bindings.probe(changed.number, caller=A) is None
    assert bindings.probe(changed.number, caller=C) == (changed, "A")
    assert bindings.probe(changed.number, caller=B) == (changed, "B")
    assert_sound()


def test_everything_on_a_number_ends_at_once():
    application = pool("AXB")
    x = numbers(application)[0]
    for n in range(10):
        bind(application, party(2 * n), party(2 * n + 1), x.number)
    assert bindings.end_number(x, cause=Binding.End.UNBOUND, actor=BY) == 10
    assert Availability.objects.get(number=x).used == 0
    assert_sound()

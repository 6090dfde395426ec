"""Bindings found: who was bound then, by whom one may be asked for, which have a call now (design.md 2.1)."""

from datetime import timedelta

import pytest

from accounts.tests.fixtures import *  # noqa: F403
from privacy import bindings
from privacy.bindings import ModifyOrder, problems
from privacy.models import Binding
from privacy.tests import wires
from privacy.tests.binding_orders import (
    BY,
    A,
    B,
    C,
    D,
    assert_sound,
    bind,
    party,
    pass_time,
    pool,
    unbind,
)
from privacy.tests.deliveries import deliver

pytestmark = pytest.mark.django_db


SECOND = timedelta(seconds=1)


def test_who_was_bound_at_any_instant_stays_known():
    application = pool("AXB")
    first = bind(application, seconds=3600)
    x = first.number
    changed = bindings.modify(application, first, ModifyOrder(a=C, seconds=3600), BY)
    second = bind(application, party(5), party(6))
    unbind(changed)
    changed.refresh_from_db()

    def parties(instant):
        return [(one.a_number, one.b_number) for one in bindings.holding_at(x, instant)]

    assert parties(first.valid_from - SECOND) == []
    assert parties(first.valid_from) == [(A, B)]
    assert parties(changed.changed_at) == [(C, B)]
    assert parties(second.valid_from) == [(C, B), (party(5), party(6))]
    assert parties(changed.valid_to) == [(party(5), party(6))]
    third = bind(application, A, D, x.number, seconds=60)
    pass_time(third, 61)
    third.refresh_from_db()
    assert third.expires_at is not None
    assert (A, D) in parties(third.expires_at - SECOND / 10)
    assert (A, D) not in parties(third.expires_at)


@pytest.mark.parametrize("text", ["", "x", "\0", "\u20ac" * 40, "1" * 65, "{" + "0" * 36, "' OR 1=1 --", "\ud800"])
def test_any_text_may_be_asked_for(text):
    application = pool("AXB")
    assert bindings.find(application, text) is None
    assert not bindings.on_number(application, text)
    assert not bindings.of_party(application, text)
    assert bindings.by_extension(application, text, text) is None


def test_only_the_application_of_a_binding_finds_it():
    application, other = pool("AXB"), pool("AXB")
    made = bind(application)
    assert bindings.find(other, str(made.pk)) is None
    assert not bindings.on_number(other, made.number.number)
    with pytest.raises(problems.NoSuchBinding):
        bindings.modify(other, made, ModifyOrder(seconds=5), BY)


def test_which_bindings_have_a_call_now(acme, switch1):
    made = [bind(acme.application, party(n), party(n + 50), acme.number.number) for n in range(4)]
    soon = bind(acme.application, C, D, acme.number.number)
    assert bindings.live_calls(made) == set()
    now = soon.valid_from.strftime("%Y-%m-%dT%H:%M:%SZ")
    for n, kinds in enumerate([["callin"], ["callin", "answer"], ["callin", "disconnect"]]):
        for kind in kinds:
            deliver(
                switch1,
                wires.event(
                    kind, sessionId=f"s{n}", subscriptionId=str(made[n].pk), timestamp=now.replace("T", " ")[:-1]
                ),
                now=soon.valid_from + SECOND,
            )
    assert bindings.live_calls(made) == {made[0].pk, made[1].pk}
    assert bindings.live_calls([made[3]]) == bindings.live_calls([]) == set()


def test_what_an_upstream_has_bound_ends_without_counting():
    application = pool("AXB")
    made = bind(application)
    recorded = Binding.objects.create(
        application=application,
        account=application.account,
        number=made.number,
        kind="AXB",
        a_number=C,
        b_number=D,
        step="upstream",
        foreign_id="1d39eaef",
        valid_from=made.valid_from,
        changed_at=made.valid_from,
    )
    # The API neither shows nor ends what another platform routes.
    assert bindings.find(application, "1d39eaef") is None
    assert bindings.find(application, str(recorded.pk)) is None
    assert bindings.of_party(application, C).count() == 0
    assert unbind(recorded) == 1
    assert_sound()

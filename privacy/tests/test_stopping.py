"""Orders to end a call: which session they take, one for each, and how the switch gets them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.models import Upstream
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common import partitions
from privacy import stopping
from privacy.models import Session, StopOrder
from privacy.retention import drop_expired
from privacy.stopping import NotStoppable
from privacy.tests import wires
from privacy.tests.deliveries import NOW, deliver
from privacy.tests.test_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
SESSION = "session-rec-1"


def stop(company, session_id=SESSION, now=NOW):
    return stopping.stop(company.application, session_id, request_id=uuid4(), now=now)


def ringing(upstream, **fields):
    deliver(upstream, wires.event("callin", **fields))


def test_a_live_call_is_stopped_once_however_often_it_is_asked(acme, switch1):
    ringing(switch1)
    first = stop(acme)
    assert (first.session.session_id, first.account, first.application) == (SESSION, acme.account, acme.application)
    assert stop(acme).pk == first.pk
    assert StopOrder.objects.get().request_id == first.request_id


def test_two_at_once_give_one_order(acme, switch1):
    ringing(switch1)
    orders = at_once(8, [lambda: stop(acme).pk] * 24)
    assert (len(set(orders)), StopOrder.objects.count()) == (1, 1)


@pytest.mark.parametrize("session_id", ["unknown", "", "\ud800", "'; DROP TABLE x", "x" * 256, "Session-Rec-1"])
def test_an_unknown_session_is_refused(acme, switch1, session_id):
    ringing(switch1)
    with pytest.raises(NotStoppable):
        stop(acme, session_id)


def test_anothers_session_is_refused(acme, corp, switch1):
    ringing(switch1)
    with pytest.raises(NotStoppable):
        stop(corp)
    assert StopOrder.objects.count() == 0


def test_a_call_that_hung_up_or_whose_cdr_came_is_over(acme, switch1):
    ringing(switch1)
    deliver(switch1, wires.event("disconnect", timestamp="2026-03-01 02:05:00"))
    with pytest.raises(NotStoppable):
        stop(acme)
    deliver(switch1, wires.fees(wires.fee("rec-2")))
    with pytest.raises(NotStoppable):
        stop(acme, "session-rec-2")


def test_a_handset_that_dials_again_within_the_session_can_be_stopped_again(acme, switch1):
    ringing(switch1)
    first = stop(acme, now=NOW - timedelta(hours=3))
    StopOrder.objects.update(ordered_at=NOW - timedelta(hours=3))
    assert stopping.take(switch1, [first.pk], NOW) == 1
    deliver(switch1, wires.event("disconnect", timestamp="2026-03-01 02:05:00"), wires.fees(wires.fee()))
    with pytest.raises(NotStoppable):
        stop(acme)
    deliver(switch1, wires.event("callin", timestamp="2026-03-01 02:05:10"))
    again = stop(acme)
    assert (again.pk, again.taken_at, again.ordered_at) == (first.pk, None, NOW)
    assert stopping.open_orders(switch1, NOW) == [again]


def test_a_session_that_was_silent_for_a_day_is_over(acme, switch1):
    ringing(switch1)
    with pytest.raises(NotStoppable):
        stop(acme, now=Session.objects.get().last_at + timedelta(hours=24))


def test_of_two_sessions_with_one_id_the_newest_is_stopped(acme, switch1):
    later = NOW + timedelta(days=2)
    ringing(switch1)
    deliver(switch1, wires.event("callin", timestamp="2026-03-03 02:03:04"), now=later)
    order = stop(acme, now=later)
    assert order.session.generation == 1


def test_each_switch_gets_the_orders_for_its_own_calls_until_it_took_them(acme, switch1):
    other = cast.make_upstream("switch2")
    ringing(switch1)
    ringing(other, sessionId="elsewhere")
    mine, others = stop(acme), stop(acme, "elsewhere")
    assert stopping.open_orders(switch1, NOW) == [mine]
    assert [order.session.session_id for order in stopping.open_orders(other, NOW)] == ["elsewhere"]
    assert stopping.take(switch1, [mine.pk, others.pk, 4711], NOW) == 1
    assert stopping.take(switch1, [mine.pk], NOW) == 0
    assert (stopping.open_orders(switch1, NOW), stopping.open_orders(other, NOW)) == ([], [others])


def test_an_order_nobody_took_for_a_day_is_handed_out_no_more(acme, switch1):
    ringing(switch1)
    order = stop(acme)
    assert stopping.open_orders(switch1, order.ordered_at + timedelta(hours=24)) == []


def test_silent_sessions_are_forgotten_with_their_orders(acme, switch1):
    ringing(switch1)
    ringing(switch1, sessionId="other")
    stop(acme)
    drop_expired(NOW + timedelta(days=100))
    assert (Session.objects.count(), StopOrder.objects.count()) == (0, 0)


def test_a_call_of_the_last_minute_of_a_week_is_found_over(acme):
    upstream = Upstream.objects.create(code="s", key="s", secret=cast.SECRET)
    deliver(upstream, wires.event("callin", timestamp="2026-03-01 23:59:59"), now=NOW + timedelta(days=1))
    deliver(upstream, wires.event("disconnect", timestamp="2026-03-02 00:00:10"), now=NOW + timedelta(days=1))
    with pytest.raises(NotStoppable):
        stop(acme, now=NOW + timedelta(days=1))


@pytest.fixture(autouse=True)
def _partitions_as_before():
    """Make again what a test dropped."""
    yield
    partitions.forget()
    partitions.ensure_ahead(NOW)

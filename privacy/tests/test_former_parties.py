"""Whoever was reached, or called, through a binding never reaches whom X is given to next, whatever happened to X."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Application
from accounts.tests.fixtures import *  # noqa: F403
from common import partitions
from common.timeid import time_id
from privacy import deciding
from privacy import numbers as life
from privacy.bindings import NoneLeft
from privacy.deciding import past
from privacy.models import Binding, Number, RoutingDecision
from privacy.numbers import Issue, NumberRow
from privacy.numbers.transferring import Move
from privacy.routing.facts import CallAsked
from privacy.tests import wires
from privacy.tests.binding_orders import BY, A, B, C, D, bind, bind_yb, expire, numbers, pass_time, pool, unbind
from privacy.tests.deliveries import deliver

pytestmark = pytest.mark.django_db


def call(upstream, x, caller, digits=None, session="s-1", **more):
    """Return what the switch is told."""
    return deciding.call(upstream, CallAsked(session, x, caller, digits), **more)


def is_former(upstream, x, caller, bound, session="late", digits=None):
    """Check that a caller is told of the end of his binding, by the look-up and by history."""
    decision = call(upstream, x, caller, digits, session=session)
    assert (decision.rule, decision.callee, decision.ended_binding_id) == ("ended_binding", "", bound.pk)
    asked = CallAsked(session, x, caller, digits)
    now = deciding.lookup.call_facts(upstream, asked)
    assert now.ended is not None
    assert past.call_facts(asked, now.at) == now


def hours_ago(hours):
    """Move the end of every binding, and the cool-downs, so many hours into the past."""
    earlier = timezone.now() - timedelta(hours=hours)
    partitions.ensure(RoutingDecision, RoutingDecision.partition_interval, [earlier, earlier - timedelta(hours=48)])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE privacy_cooling SET released_at = released_at - %s * interval '1 hour'", [hours])
        cursor.execute(
            "UPDATE privacy_binding SET valid_from = valid_from - %(h)s * interval '1 hour',"
            " changed_at = changed_at - %(h)s * interval '1 hour', valid_to = valid_to - %(h)s * interval '1 hour'",
            {"h": hours},
        )
        for pk, at in RoutingDecision.objects.values_list("pk", "id"):
            moved = (int(at.hex[:12], 16) - hours * 3_600_000).to_bytes(6, "big").hex() + at.hex[12:]
            cursor.execute("UPDATE privacy_routingdecision SET id = %s WHERE id = %s", [moved, pk])


def move(x, application):
    life.transfer([Move(number=x, line=2, application=application.app_key)], actor=BY, now=timezone.now())
    Number.objects.filter(number=x).update(state="normal")


@pytest.mark.parametrize("how", ["bound", "called by A", "calls"])
def test_a_b_of_axyb_does_not_reach_the_next_a_of_x(switch1, how):
    application = pool("AXYB", count=2)
    ax = bind(application, A)
    x = ax.number.number
    if how == "calls":
        assert call(switch1, x, B, session="in").callee == A
    else:
        yb = bind_yb(ax, B)
        assert how == "bound" or call(switch1, yb.number.number, A, session="out").callee == B
    unbind(ax)
    bind(application, C, x=x)
    is_former(switch1, x, B, ax)
    assert call(switch1, x, D, session="other").callee == C


def test_a_b_of_axyb_reaches_his_a_when_he_has_x_again(switch1):
    application = pool("AXYB", count=2)
    ax = bind(application, A)
    x = ax.number.number
    bind_yb(ax, B)
    unbind(ax)
    bind(application, A, x=x)
    assert call(switch1, x, B).callee == A


def test_who_was_a_on_y_does_not_reach_whom_it_is_the_x_of_now(switch1):
    application = pool("AXYB", count=2)
    ax = bind(application, A)
    yb = bind_yb(ax, B)
    y = yb.number.number
    unbind(ax)
    bind(application, C, x=y)
    is_former(switch1, y, A, yb)
    is_former(switch1, y, B, yb, session="b")


@pytest.mark.parametrize("mode, digits", [("AX", None), ("AXE", "0042")])
def test_a_number_that_comes_back_is_the_same_number(switch1, mode, digits):
    application = pool(mode)
    x = numbers(application)[0].number
    order = {"extension": digits} if digits else {}
    bound = bind(application, A, x=x, **order)
    assert call(switch1, x, B, digits, session="in").callee == A
    now = timezone.now()
    life.unsubscribe([NumberRow(number=x, line=2)], actor=BY, now=now)
    life.issue([Issue(number=x, application=application.app_key, line=2)], actor=BY, now=timezone.now())
    bind(application, C, x=x, **order)
    is_former(switch1, x, B, bound, digits=digits)
    is_former(switch1, x, A, bound, session="a", digits=digits)


def test_a_number_that_comes_back_is_given_to_nobody_else_before_its_cool_down_is_over(switch1):
    application = pool("AX")
    x = bind(application, A).number.number
    life.unsubscribe([NumberRow(number=x, line=2)], actor=BY, now=timezone.now())
    life.issue(
        [Issue(number=x, application=application.app_key, area_code="0755", line=2)], actor=BY, now=timezone.now()
    )
    with pytest.raises(NoneLeft):
        bind(application, C)
    assert bind(application, A).number.number == x


@pytest.mark.parametrize("hours", [0, 1, 168])
def test_the_longer_cool_down_counts_when_a_number_moves(switch1, hours):
    first, other = pool("AX", cool_down_hours=24), pool("AX", count=0, cool_down_hours=hours)
    bound = bind(first, A)
    x = bound.number.number
    assert call(switch1, x, B, session="in").callee == A
    unbind(bound)
    hours_ago(2)
    move(x, other)
    with pytest.raises(NoneLeft):
        bind(other, C)
    bind(other, C, x=x)
    is_former(switch1, x, B, bound)
    hours_ago(23)
    decision = call(switch1, x, B, session="later")
    assert decision.rule == ("ended_binding" if hours > 25 else "anyone_calls_a")


def test_a_cool_down_made_shorter_is_shorter_at_once(switch1):
    application = pool("AXB", cool_down_hours=24)
    bound = bind(application, seconds=3600)
    x = bound.number.number
    expire(bound)
    is_former(switch1, x, A, bound)
    Application.objects.filter(pk=application.pk).update(cool_down_hours=0)
    asked = CallAsked("after", x, A)
    now = deciding.lookup.call_facts(switch1, asked)
    assert now.ended is None
    assert past.call_facts(asked, now.at) == now


def test_who_dialled_an_extension_does_not_reach_who_has_the_whole_number_now(switch1):
    first, other = pool("AXE"), pool("AX", count=0)
    bound = bind(first, A, x=numbers(first)[0].number, extension="0042")
    x = bound.number.number
    assert call(switch1, x, B, "0042", session="in").callee == A
    unbind(bound)
    move(x, other)
    bind(other, C, x=x)
    is_former(switch1, x, B, bound)
    is_former(switch1, x, A, bound, session="a")


def test_a_former_a_is_not_asked_about_as_a_stranger(switch1):
    first, other = pool("AX"), pool("X", count=0, call_status_url="http://customer.example/")
    bound = bind(first, A)
    x = bound.number.number
    unbind(bound)
    move(x, other)
    is_former(switch1, x, A, bound)


@pytest.mark.parametrize("late", [timedelta(milliseconds=8), timedelta(seconds=30)])
def test_who_was_decided_about_while_the_binding_ended_called(switch1, late):
    application = pool("AX")
    bound = bind(application, A)
    x = bound.number.number
    call(switch1, x, B, session="in")
    unbind(bound)
    ended = Binding.objects.get(pk=bound.pk).valid_to
    with connection.cursor() as cursor:
        cursor.execute("UPDATE privacy_routingdecision SET id = %s", [time_id(ended + late, "late")])
    bind(application, C, x=x)
    is_former(switch1, x, B, bound)


SPELLINGS = [B, B[3:], f"0086{B[3:]}", f"86{B[3:]}", f"0{B[3:]}"]


@pytest.mark.parametrize("field", ["callerNum", "fwdDstNum"])
@pytest.mark.parametrize("spelled", SPELLINGS)
def test_who_is_only_in_cdrs_is_known_however_they_write_him(switch1, spelled, field):
    application = pool("AX")
    bound = bind(application, A)
    x = bound.number.number
    pass_time(bound, 600)
    now = timezone.now() - timedelta(seconds=60)
    at = dict.fromkeys(
        ("callInTime", "fwdStartTime", "fwdAlertingTime", "fwdAnswerTime", "callEndTime"), f"{now:%Y-%m-%d %H:%M:%S}"
    )
    cdr = {"bindNum": x, "callerNum": A, "calleeNum": x, "fwdDstNum": A, "subscriptionId": str(bound.pk), **at}
    deliver(switch1, wires.fees(wires.fee("i-1", appKey=application.app_key, **{**cdr, field: spelled})), now=now)
    unbind(bound)
    bind(application, C, x=x)
    is_former(switch1, x, B, bound)

"""Risk control where calls are decided: what it stops is refused before anything is done for the call."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Application
from accounts.tests.fixtures import *  # noqa: F403
from common import timeid
from notifications.models import Attempt
from privacy import control, deciding
from privacy.bindings import keys
from privacy.deciding import past
from privacy.models import Binding, CallbackRecord, RoutingDecision
from privacy.routing.facts import CallAsked, Outcome
from privacy.tests.binding_orders import A, B, C, bind, numbers, pool
from privacy.tests.risk_calls import entry, rule

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def call(upstream, x, caller, digits=None, session="s-1"):
    return deciding.call(upstream, CallAsked(session, x, caller, digits))


def test_the_third_call_of_two_is_refused_and_repeats_count_once(switch1):
    application = pool("AXB", risk_control=True, no_permission_voice="no.wav")
    bound = bind(application, terms={"user_data": "order-1"})
    x = bound.number.number
    rule(application, "caller", 2, HOUR)
    told = [call(switch1, x, A, session=f"s-{n}") for n in (1, 1, 2, 2, 3, 3)]
    assert [one.code for one in told] == [0, 0, 0, 0, 8047, 8047]
    refused = told[-1]
    assert (refused.outcome, refused.rule, refused.voice, refused.callee) == (
        Outcome.REFUSE, "frequency_caller", "no.wav", "",
    )  # fmt: skip
    assert (refused.binding_id, refused.user_data, refused.direction) == (bound.pk, "order-1", 1)
    assert call(switch1, x, B, session="s-4").outcome is Outcome.CONNECT
    row = RoutingDecision.objects.get(session_id="s-3")
    assert (row.code, row.outcome, bytes(row.callee_key or b"")) == (8047, "refuse", keys.caller(B))
    Application.objects.update(risk_control=False)
    assert call(switch1, x, A, session="s-5").outcome is Outcome.CONNECT


@pytest.mark.parametrize(
    ("side", "number", "other", "code"), [("caller", B, "", 7005), ("callee", A, "", 7004), ("pair", B, A, 7005)]
)
def test_a_blacklisted_caller_of_an_extension_leaves_no_call_back_record(switch1, side, number, other, code):
    application = pool("AXE", risk_control=True)
    x = bind(application, extension="0042").number.number
    entry(application, side, number, other)
    assert call(switch1, x, B).outcome is Outcome.COLLECT
    assert call(switch1, x, B, "0042").code == code
    assert not CallbackRecord.objects.exists()


def test_a_blacklisted_caller_of_x_gets_no_y(switch1):
    application = pool("AXYB", count=3, risk_control=True)
    x = bind(application).number.number
    entry(application, "caller", B)
    assert call(switch1, x, B).code == 7005
    assert not Binding.objects.filter(kind="YB").exists()
    assert call(switch1, x, C, session="s-2").outcome is Outcome.CONNECT


def test_the_customer_is_not_asked_about_a_blacklisted_caller(switch1):
    application = pool("X", risk_control=True, call_status_url="http://customer.example/")
    entry(application, "caller", B)
    assert call(switch1, numbers(application)[0].number, B).code == 7005
    assert not Attempt.objects.exists()


def test_what_the_rules_refuse_anyway_is_not_counted(switch1):
    application = pool("AXB", risk_control=True)
    x = bind(application, terms={"call_direction": 1}).number.number
    rule(application, "number", 1, HOUR)
    assert [call(switch1, x, B, session=f"b-{n}").code for n in range(3)] == [8016] * 3
    assert [call(switch1, x, A, session=f"a-{n}").code for n in range(2)] == [0, 8049]


def test_a_caller_for_whom_no_y_was_left_is_not_counted(switch1):
    application = pool("AXYB", count=1, risk_control=True)
    x = bind(application).number.number
    rule(application, "caller", 2, HOUR)
    assert [call(switch1, x, B, session=f"b-{n}").code for n in range(4)] == [8031] * 4


def test_what_would_reach_is_what_the_switch_was_told(switch1):
    application = pool("AXB", risk_control=True)
    bound = bind(application)
    x = bound.number.number
    rule(application, "callee", 1, HOUR)
    told = [call(switch1, x, A, session=f"s-{n}") for n in range(3)]
    assert [one.code for one in told] == [0, 8048, 8048]
    facts = past.call_facts(CallAsked("s", x, A), timezone.now())
    assert facts.application is not None
    for n, answer in enumerate(told):
        at = timeid.instant(RoutingDecision.objects.get(session_id=f"s-{n}").pk)
        block = control.would(facts.application, bound.number.pk, caller=A, callee=B, at=at)
        assert (block.code if block else 0) == answer.code

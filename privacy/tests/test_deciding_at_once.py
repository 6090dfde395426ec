"""Calls decided at the same time, and by processes that die: one answer, one row, one Y, one question asked."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tests.fixtures import *  # noqa: F403
from notifications import asking
from notifications.models import Attempt
from notifications.tests.hostile import hostile_server
from privacy import deciding
from privacy.models import Binding, CallbackRecord, CallEvent, RoutingDecision, Session
from privacy.routing.facts import CallAsked, Outcome
from privacy.tests import wires
from privacy.tests.binding_orders import A, B, assert_sound, bind, party, pool
from privacy.tests.deliveries import deliver
from privacy.tests.test_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def call(upstream, x, caller, digits=None, session="s-1"):
    return deciding.call(upstream, CallAsked(session, x, caller, digits))


def test_the_same_question_many_times_at_once_has_one_answer_and_one_row(switch1):
    bound = bind(pool("AXE"), extension="0042")
    x = bound.number.number
    told = at_once(THREADS, [lambda: call(switch1, x, B, "0042")] * 40)
    assert len(set(told)) == 1
    assert told[0].callee == A
    counts = [model.objects.count() for model in (Session, RoutingDecision, CallbackRecord)]
    assert counts == [1, 1, 1]


def test_the_first_event_at_the_same_time_joins_the_session(switch1):
    bound = bind(pool("AXB"))
    x, now = bound.number.number, timezone.now()

    def event(n):
        at = f"{now:%Y-%m-%d %H:%M:%S}"
        deliver(switch1, wires.event("callin", sessionId=f"s-{n}", caller=A, called=x, timestamp=at), now=now)

    jobs: list[Any] = []
    for n in range(20):
        jobs += [lambda n=n: event(n), lambda n=n: call(switch1, x, A, session=f"s-{n}")]
    at_once(THREADS, jobs)
    assert (CallEvent.objects.count(), RoutingDecision.objects.count()) == (20, 20)
    assert [session.generation for session in Session.objects.filter(decision__isnull=False)] == [0] * 20


def test_callers_of_one_x_get_one_y_each_and_never_a_second(switch1):
    ax = bind(pool("AXYB", count=4))
    x = ax.number.number
    callers = [party(n) for n in range(11, 14)]
    jobs = [lambda n=n, c=c: call(switch1, x, c, session=f"s-{n}-{c}") for n in range(6) for c in callers]
    told = at_once(THREADS, jobs)
    assert {(one.outcome, one.callee) for one in told} == {(Outcome.CONNECT, A)}
    relations = Binding.objects.filter(kind="YB").select_related("number")
    assert sorted(str(one.b_number) for one in relations) == callers
    assert {one.display for one in told} == {one.number.number for one in relations}
    assert_sound()


def test_the_last_y_goes_to_one_and_the_others_hear_that_none_is_left(switch1):
    ax = bind(pool("AXYB", count=2))
    told = at_once(
        THREADS, [lambda n=n: call(switch1, ax.number.number, party(n), session=f"s-{n}") for n in range(11, 17)]
    )
    assert Counter(one.code for one in told) == {0: 1, 8031: 5}
    assert_sound()


def test_a_switch_that_asks_again_while_the_customer_thinks_asks_him_once(acme, switch1, settings):
    settings.MASKLINE = {**settings.MASKLINE, "ask_call_seconds": 3}
    asking.forget_failures()
    with hostile_server() as server:
        settings.MASKLINE["push_allow_private"] = [f"127.0.0.1:{server.plain}"]
        reply = json.dumps({"operation": "connect", "connectInfo": {"calleeNum": B}})
        acme.application.mode = "X"
        acme.application.call_status_url = server.url("slow", "0.5", reply)
        acme.application.save()
        told = at_once(4, [lambda: call(switch1, acme.number.number, A)] * 4)
    assert {(one.outcome, one.callee) for one in told} == {(Outcome.CONNECT, B)}
    assert (Attempt.objects.count(), RoutingDecision.objects.count()) == (1, 1)


CHILD = """
import django, sys
django.setup()
from django.conf import settings
from django.db import connection
settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = sys.argv[1]
from accounts.models import Upstream
from privacy import deciding
from privacy.routing.facts import CallAsked
deciding.call(Upstream.objects.get(), CallAsked("s-1", sys.argv[2], sys.argv[3]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("point", ["relation.after_commit", "decision.before_write", "decision.after_write"])
def test_a_process_that_dies_on_the_way_leaves_one_y_and_the_next_answer_is_whole(
    switch1, point, tmp_path: Path, monkeypatch
):
    ax = bind(pool("AXYB", count=4))
    x, log = ax.number.number, tmp_path / "faults"
    for name, value in (("TEST_BUILD", "1"), ("FAULT", f"{point}:1"), ("FAULT_LOG", str(log))):
        monkeypatch.setenv(f"MASKLINE_{name}", value)
    command = [sys.executable, "-c", CHILD, connection.settings_dict["NAME"], x, B]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert log.read_text().split() == [point], killed.stderr
    decision = call(switch1, x, B)
    yb = Binding.objects.select_related("number").get(kind="YB")
    assert (decision.callee, decision.display) == (A, yb.number.number)
    assert RoutingDecision.objects.count() == 1
    assert_sound()

"""Dispatchers that are killed, stopped and frozen: nothing is lost, and what comes twice is the same to the byte."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.conf import settings as installation
from django.db import connection

from accounts.tests.fixtures import *  # noqa: F403
from notifications.models import Attempt, Dispatcher, Push, ShardLease
from notifications.outbox import DuePush, enqueue
from notifications.tests.receiving import dispatching, receiving, until

pytestmark = pytest.mark.django_db(transaction=True)
SLOTS = 64
# Each takes ten seconds and more: all of them with LONG_TESTS=1, as a rule one.
LONG = pytest.mark.skipif("LONG_TESTS" not in os.environ, reason="set LONG_TESTS=1")
POINTS = [
    pytest.param("push.claimed", marks=LONG),
    pytest.param("push.sending", marks=LONG),
    "push.answered",
    pytest.param("push.finishing", marks=LONG),
]


def queue(company, url, count, calls=10):
    """Queue pushes of several calls."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    application = company.application
    enqueue(
        [
            DuePush(application.pk, company.account.pk, url, "fee", UUID(int=n), n % calls, n, at, b'{"n":%d}' % n)
            for n in range(1, count + 1)
        ]
    )


def dispatch(**environment):
    """Start a dispatcher in a process of its own, on the tests' database."""
    database = connection.settings_dict
    address = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    address += f"&port={database['PORT']}" if database["PORT"] else ""
    own = {"MASKLINE_EMBEDDED_DATABASE_URL": address, "MASKLINE_PUSH_ALLOW_PRIVATE": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "django", "dispatch", "--skip-checks", "--settings", "config.settings"],
        cwd=installation.BASE_DIR,
        env={**os.environ, **own, **environment},
    )


def end(*processes):
    """Kill what still runs."""
    for process in processes:
        process.kill()
        process.wait(10)


def firsts_in_order(seen, calls=10):
    """Return whether the first delivery of each push came in the order of its call."""
    first = list(dict.fromkeys(request.sequence for request in seen))
    return all((own := [n for n in first if n % calls == call]) == sorted(own) for call in range(calls))


def expire_leases():
    """Let the next dispatcher begin at once, as if ten seconds had passed."""
    ShardLease.objects.update(expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    Dispatcher.objects.all().delete()


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_dispatcher_killed_anywhere_loses_nothing(acme, settings, tmp_path, point):
    fault = {"MASKLINE_FAULT": f"{point}:{2 if point != 'push.answered' else 60}"}
    fault["MASKLINE_FAULT_LOG"] = str(tmp_path / "fired")
    with receiving(settings) as receiver:
        queue(acme, receiver.url(), 200)
        process = dispatch(**fault)
        try:
            if point == "push.claimed":
                until(lambda: not Push.objects.exists() or process.poll() is not None, 30)
                queue(acme, receiver.url("/more"), 200)
            assert process.wait(30) == -signal.SIGKILL
        finally:
            end(process)
        known = {request.id: request.body for request in receiver.seen}
        expire_leases()
        with dispatching():
            until(lambda: not Push.objects.exists(), 30)
    seen = [request for request in receiver.seen if request.path == "/fee"]
    assert {request.sequence for request in seen} == set(range(1, 201))
    assert len(receiver.seen) - len({request.id for request in receiver.seen}) <= SLOTS
    assert all(known.get(request.id, request.body) == request.body for request in receiver.seen)
    assert firsts_in_order(seen)
    assert Attempt.objects.filter(result="delivered").count() == len({request.id for request in receiver.seen})


@pytest.mark.slow
def test_a_stopped_dispatcher_ends_in_time_with_nothing_sent_twice(acme, settings):
    with receiving(settings, lambda request: 0.03) as receiver:
        queue(acme, receiver.url(), 200)
        stopped = dispatch()
        try:
            receiver.wait_for(50, 30)
            began = time.monotonic()
            stopped.terminate()
            assert stopped.wait(20) == 0
            took = time.monotonic() - began
        finally:
            end(stopped)
        assert not ShardLease.objects.exclude(owner="").exists() and not Dispatcher.objects.exists()
        with dispatching():
            until(lambda: not Push.objects.exists(), 30)
    assert took < (2 if "LONG_TESTS" in os.environ else 10)  # a machine that is busy with other tests is slow
    assert max(Counter(request.id for request in receiver.seen).values()) == 1
    assert firsts_in_order(receiver.seen)


@pytest.mark.slow
@LONG
def test_a_dispatcher_frozen_past_its_lease_changes_nothing_when_it_wakes(acme, settings):
    with receiving(settings, lambda request: 0.02) as receiver:
        queue(acme, receiver.url(), 300)
        frozen = dispatch()
        second = None
        try:
            receiver.wait_for(50, 30)
            frozen.send_signal(signal.SIGSTOP)
            before = len(receiver.seen)
            second = dispatch()
            until(lambda: len(receiver.seen) > before + 50, 40)
            frozen.send_signal(signal.SIGCONT)
            until(lambda: not Push.objects.exists(), 40)
        finally:
            end(frozen, *([second] if second else []))
    assert {request.sequence for request in receiver.seen} == set(range(1, 301))
    assert len(receiver.seen) - 300 <= SLOTS
    assert firsts_in_order(receiver.seen)
    assert set(Attempt.objects.values_list("result", flat=True)) == {"delivered"}
    assert Attempt.objects.count() == 300

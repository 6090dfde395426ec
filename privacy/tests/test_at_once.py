"""The same records from many connections at once, in any order: stored once, no deadlock, nothing lost."""

import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Upstream
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from notifications.models import Push
from privacy import quarantine
from privacy.arrivals import Outcome, conservation
from privacy.models import Call, CallEvent, Message, NumberStatus, Quarantined, Session, Source, Usage
from privacy.tests import wires
from privacy.tests.deliveries import NOW, deliver

pytestmark = pytest.mark.django_db(transaction=True)
DAY = (NOW - timedelta(days=1), NOW + timedelta(days=1))


def at_once(threads: int, jobs: list[Any]) -> list[Any]:
    """Return the results of the jobs, run in threads with connections of their own."""

    def run(job):
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, jobs))


def everything() -> list[Any]:
    """Return pushes of every kind, on one number and a few sessions."""
    calls = [wires.fees(wires.fee(f"c{n}", sessionId=f"s{n % 3}"), wires.unanswered(f"u{n}")) for n in range(10)]
    events = [wires.event(kind, sessionId=f"s{n}") for n in range(3) for kind in ("callin", "answer", "disconnect")]
    return [*calls, *events, *[wires.sms(f"m{n}") for n in range(5)], wires.fees(wires.fee("bad", callEndTime=...))]


def test_the_same_batch_a_hundred_times_in_parallel_is_stored_once(acme, switch1):
    acme.application.cdr_url = acme.application.call_status_url = "https://acme.example/push"
    acme.application.save()
    upstream = Upstream.objects.get()

    def job():
        pushes = everything()
        random.shuffle(pushes)
        return deliver(upstream, *pushes)

    outcomes = at_once(8, [job] * 100)
    assert sum(outcome.stored for outcome in outcomes) == 34
    assert sum(outcome.repeated for outcome in outcomes) == 34 * 99
    assert sum(outcome.quarantined for outcome in outcomes) == 100
    assert (Call.objects.count(), CallEvent.objects.count(), Message.objects.count()) == (20, 9, 5)
    assert (Usage.objects.count(), Push.objects.count(), Source.objects.count()) == (25, 29, 100)
    assert Quarantined.objects.get().times_received == 100
    assert conservation(*DAY) == []
    for session in Session.objects.all():
        sequences = sorted(Push.objects.filter(order_key=session.pk).values_list("sequence", flat=True))
        assert sequences == list(range(1, len(sequences) + 1))


def test_a_number_that_flaps_from_many_sides_keeps_its_history_and_last_state(acme, switch1):
    upstream = Upstream.objects.get()
    statuses = ["9", "5", "11", "5"] * 10
    at_once(6, [lambda status=status: deliver(upstream, wires.number_status(status=status)) for status in statuses])
    history = list(NumberStatus.objects.order_by("pk").values_list("status", flat=True))
    assert all(before != after for before, after in zip([5, *history], history, strict=False))
    acme.number.refresh_from_db()
    states = {5: "normal", 9: "suspended", 11: "binding_frozen"}
    assert acme.number.state == states[history[-1] if history else 5]


def test_a_result_and_settlement_at_once_charge_or_take_back_but_never_both(acme, switch1):
    upstream = Upstream.objects.get()
    for n in range(20):
        deliver(upstream, wires.sms(f"m{n}"))
    charged: list[Any] = []

    def settle(n):
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM privacy_usage WHERE item = 'sms' AND usage_id = %s RETURNING usage_id", [ids[n]]
            )
            charged.extend(row[0] for row in cursor.fetchall())

    ids = [Message.objects.get(sms_id=f"m{n}").pk for n in range(20)]
    jobs = [lambda n=n: settle(n) for n in range(20)]
    jobs += [
        lambda n=n: deliver(upstream, wires.sms(f"m{n}", result=4, timeStamp="2026-03-01T02:04:00Z")) for n in range(20)
    ]
    random.shuffle(jobs)
    at_once(8, jobs)
    reversed_ids = set(Usage.objects.filter(item="reversal").values_list("reverses", flat=True))
    assert reversed_ids == set(charged)
    assert not Usage.objects.filter(item="sms").exists()


def test_two_retries_of_quarantine_at_once_store_each_record_once(acme, switch1):
    upstream = Upstream.objects.get()
    late = [wires.fee(f"r{n}", bindNum="+8617100000077", calleeNum="+8617100000077") for n in range(50)]
    assert deliver(upstream, wires.fees(*late)) == Outcome(0, 0, 50)
    from_now = datetime(2026, 1, 1, tzinfo=UTC)
    number = acme.number
    number.number = "+8617100000077"
    number.save()
    number.holdings.update(valid_from=from_now)
    left = at_once(4, [lambda: quarantine.retry_all(NOW)] * 4)
    assert sum(left) == 50
    assert Call.objects.count() == 50
    assert conservation(*DAY) == []


def test_the_same_call_of_two_upstreams_at_the_same_time_is_stored_once(acme, switch1):
    upstreams = [switch1, cast.make_upstream("switch2")]
    calls = [wires.fees(wires.fee(f"c{n}", fwdAnswerTime=f"2026-03-01 02:03:{n:02}")) for n in range(10, 30)]
    started = threading.Barrier(2)

    def job(upstream, mine):
        started.wait()
        with transaction.atomic():
            outcome = deliver(upstream, *mine)
            time.sleep(0.2)
        return outcome

    orders = [calls, list(reversed(calls))]
    jobs = [lambda pair=pair: job(*pair) for pair in zip(upstreams, orders, strict=True)]
    assert sorted(at_once(2, jobs), key=lambda one: one.stored) == [Outcome(0, 0, 20), Outcome(20, 0, 0)]
    assert Call.objects.count() == Usage.objects.count() == 20
    assert set(Quarantined.objects.values_list("reason", flat=True)) == {"possible_duplicate"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM privacy_answering")
        assert cursor.fetchone() == (0,)


CHILD = """
import django, sys
django.setup()
from django.conf import settings
from django.db import connection
settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = sys.argv[1]
from accounts.models import Upstream
from privacy.tests import wires
from privacy.tests.deliveries import deliver
deliver(Upstream.objects.get(), wires.fees(*[wires.fee(str(n)) for n in range(20)]))
"""


@pytest.mark.parametrize(
    ("point", "stored"), [("ingest.parsed", 0), ("ingest.before_commit", 0), ("ingest.after_commit", 20)]
)
@pytest.mark.parametrize("how", ["", ":backend"])
def test_a_kill_loses_nothing_and_doubles_nothing(acme, switch1, tmp_path, monkeypatch, point, stored, how):
    log = tmp_path / "faults"
    environment = {"MASKLINE_TEST_BUILD": "1", "MASKLINE_FAULT": f"{point}:1{how}", "MASKLINE_FAULT_LOG": str(log)}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    killed = subprocess.run(
        [sys.executable, "-c", CHILD, connection.settings_dict["NAME"]], capture_output=True, text=True, timeout=60
    )
    assert log.read_text().split() == [point], killed.stderr
    assert killed.returncode != 0
    assert Call.objects.count() == stored
    again = deliver(Upstream.objects.get(), wires.fees(*[wires.fee(str(n)) for n in range(20)]))
    assert again == Outcome(20 - stored, stored, 0)
    assert conservation(*DAY) == []


def test_partitions_of_old_months_are_made_by_many_at_once(acme, switch1):
    acme.number.holdings.update(valid_from=datetime(2010, 1, 1, tzinfo=UTC))
    upstream = Upstream.objects.get()
    barrier = threading.Barrier(4)

    def job(n):
        barrier.wait()
        times = {"callInTime": "04:05:06", "callEndTime": "04:06:00", "failTime": "04:06:00"}
        old = {name: f"2012-0{n % 4 + 1}-03 {time}" for name, time in times.items()}
        return deliver(upstream, wires.fees(wires.unanswered(f"old{n}", fwdStartTime=..., fwdAlertingTime=..., **old)))

    outcomes = at_once(4, [lambda n=n: job(n) for n in range(8)])
    assert outcomes == [Outcome(1, 0, 0)] * 8

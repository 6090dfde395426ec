"""Terms, how far records have come, and proof that none was lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common import partitions
from notifications import attempts
from notifications.attempts import Made
from notifications.models import Attempt, Push
from notifications.outbox import DuePush, enqueue
from privacy.arrivals import Outcome, conservation
from privacy.completeness import complete_to, completeness, counts_by_hour
from privacy.models import Call, CallEvent, Message, Record, Session
from privacy.retention import drop_expired
from privacy.tests import wires
from privacy.tests.deliveries import NOW, deliver, deliver_fees

pytestmark = pytest.mark.django_db(transaction=True)
URL = "https://acme.example/fee"


def test_what_is_past_its_term_goes_and_comes_back_as_a_repeat(acme, switch1):
    deliver(switch1, wires.fees(wires.fee()), wires.event())
    later = NOW + timedelta(days=100)
    gone = drop_expired(later)
    assert any(name.startswith("privacy_callevent_w2026") for name in gone)
    assert (Call.objects.count(), CallEvent.objects.count(), Session.objects.count()) == (1, 0, 0)
    drop_expired(NOW + timedelta(days=440))
    assert (Call.objects.count(), Record.objects.count()) == (0, 2)
    assert deliver(switch1, wires.fees(wires.fee()), wires.event()) == Outcome(0, 2, 0)


def test_attempts_go_by_whole_weeks_and_old_dead_pushes_one_by_one(acme):
    due = [DuePush(acme.application.pk, acme.account.pk, URL, "fee", UUID(int=n), 7, n, NOW, b"{}") for n in range(3)]
    enqueue(due)
    waiting, recent, old = Push.objects.order_by("sequence")
    Push.objects.filter(pk=recent.pk).update(state=Push.State.DEAD, due_at=NOW - timedelta(days=20))
    Push.objects.filter(pk=old.pk).update(state=Push.State.DEAD, due_at=NOW - timedelta(days=34))
    Push.objects.filter(pk=waiting.pk).update(due_at=NOW - timedelta(days=34))
    for days in (0, 30, 39):
        at = NOW - timedelta(days=days)
        partitions.ensure(Attempt, "week", [at])
        made = Made(old.pk, old.endpoint_id, old.account_id, old.application_id, "fee", old.cause_id, at, "refused")
        attempts.keep(replace(made, number=days + 1))
    gone = drop_expired(NOW)
    assert [name for name in gone if "attempt" in name] == ["notifications_attempt_w20260119"]
    assert sorted(Attempt.objects.values_list("number", flat=True)) == [1, 31]
    assert set(Push.objects.values_list("pk", flat=True)) == {waiting.pk, recent.pk}


def test_a_partition_that_was_dropped_behind_our_back_is_made_again(acme, switch1):
    deliver_fees(switch1, wires.fee("a"))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE privacy_call_p202603")
    assert deliver_fees(switch1, wires.fee("b")) == Outcome(1, 0, 0)


def test_a_message_of_70000_characters_is_kept_exactly(acme, switch1):
    acme.application.keep_sms_content = True
    acme.application.save()
    text = ("👩‍👩‍👧\u202e<script>\0" * 7000)[:70_000]
    assert deliver(switch1, wires.sms(smsContent=text)) == Outcome(1, 0, 0)
    assert Message.objects.get().content == text


def test_how_far_each_upstream_has_come(acme, switch1):
    cast.make_upstream("silent")
    deliver_fees(switch1, wires.fee("a"), wires.fee("bad", callEndTime=...))
    switch, silent = sorted(completeness(), key=lambda one: one.code == "silent")
    assert (switch.last_arrival, switch.complete_to) == (NOW, datetime(2026, 3, 1, 2, 3, 4, tzinfo=UTC))
    assert switch.lag == NOW - datetime(2026, 3, 1, 2, 3, 4, tzinfo=UTC)
    assert (silent.last_arrival, silent.silent(NOW, 5), switch.silent(NOW, 5)) == (None, True, False)
    assert complete_to() == switch.complete_to
    (count,) = counts_by_hour(NOW - timedelta(hours=1))
    assert (count.hour, count.received, count.stored, count.quarantined) == (NOW, 2, 1, 1)


def test_a_record_that_vanished_is_found_missing(acme, switch1):
    deliver_fees(switch1, wires.fee("a"), wires.fee("b"), wires.fee("c", callEndTime=...))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM privacy_record WHERE ctid = (SELECT min(ctid) FROM privacy_record)")
        cursor.execute("DELETE FROM privacy_quarantined")
    found = conservation(NOW, NOW + timedelta(seconds=1))
    assert [(one.what, one.counted, one.found) for one in found] == [("stored", 2, 1), ("quarantined", 1, 0)]


@pytest.fixture(autouse=True)
def _partitions_as_before():
    """Make again what a test dropped, for the tests after it."""
    yield
    partitions.forget()
    partitions.ensure_ahead(datetime.now(UTC))

"""What becomes of records that arrive: stored once, repeated, quarantined; and what they leave behind."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from accounts.tests.fixtures import *  # noqa: F403
from notifications.models import Push
from privacy.arrivals import Outcome, conservation
from privacy.models import Call, CallEvent, Message, NumberStatus, Quarantined, Record, Session, Source, Usage
from privacy.tests import wires
from privacy.tests.deliveries import NOW, deliver, deliver_fees, reasons

pytestmark = pytest.mark.django_db


def test_an_answered_cdr_is_stored_with_its_usage(acme, switch1):
    assert deliver_fees(switch1, wires.fee()) == Outcome(1, 0, 0)
    call = Call.objects.get()
    assert (call.account, call.application, call.number) == (acme.account, acme.application, acme.number)
    assert (call.caller_number, call.destination_number) == ("+8613900000101", "+8613900000202")
    assert call.answered_at == datetime(2026, 3, 1, 2, 3, 46, tzinfo=UTC)
    usage = Usage.objects.get()
    assert (usage.usage_id, usage.item, usage.seconds, usage.units) == (call.pk, "call", 74, 2)
    assert usage.hour == datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert usage.shard == acme.account.shard


def test_the_same_cdr_again_changes_nothing(acme, switch1):
    deliver_fees(switch1, wires.fee())
    again = deliver_fees(switch1, wires.fee(hostName="other", userData=None))
    assert again == Outcome(0, 1, 0)
    assert (Call.objects.count(), Usage.objects.count(), Record.objects.count()) == (1, 1, 1)


def test_the_same_id_with_other_content_waits_beside_the_stored_one(acme, switch1):
    deliver_fees(switch1, wires.fee())
    assert deliver_fees(switch1, wires.fee(callEndTime="2026-03-01 02:06:00")) == Outcome(0, 0, 1)
    waiting = Quarantined.objects.get()
    assert (waiting.reason, waiting.conflicts_with) == ("same_id_other_content", Call.objects.get().pk)
    assert waiting.units_at_stake == 3


def test_good_neighbours_of_a_bad_item_are_stored(acme, switch1):
    bad = wires.fee("bad", callEndTime="2026-03-01 02:00:00")
    assert deliver_fees(switch1, wires.fee("a"), bad, wires.unanswered("b"), wires.fee("a")) == Outcome(2, 1, 1)
    assert reasons() == [("end_before_answer", "callEndTime")]
    assert sorted(Usage.objects.values_list("item", "units")) == [("call", 2), ("unanswered", 0)]


def test_a_call_of_no_seconds_still_waits_for_settlement(acme, switch1):
    deliver_fees(switch1, wires.fee(callEndTime="2026-03-01 02:03:46"))
    assert list(Usage.objects.values_list("item", "seconds", "units")) == [("call", 0, 0)]


def test_records_of_years_ago_find_a_partition(acme, switch1):
    acme.number.holdings.update(valid_from=datetime(2010, 1, 1, tzinfo=UTC))
    old: dict[str, Any] = {
        "callInTime": "2011-02-03 04:05:06",
        "fwdAnswerTime": "2011-02-03 04:05:10",
        "callEndTime": "2011-02-03 04:06:00",
    }
    fields = {**old, "fwdStartTime": ..., "fwdAlertingTime": ...}
    assert deliver_fees(switch1, wires.fee(**fields)) == Outcome(1, 0, 0)
    assert Call.objects.get().ended_at.year == 2011


def test_each_push_due_is_queued_in_the_order_of_the_call(acme, switch1):
    for field in ("cdr_url", "call_status_url", "sms_url"):
        setattr(acme.application, field, "https://acme.example/push")
    acme.application.save()
    deliver(
        switch1,
        wires.fees(wires.fee()),
        wires.event("disconnect", timestamp="2026-03-01 02:05:00", stateCode=0),
        wires.event("callin"),
        wires.event("answer", timestamp="2026-03-01 02:03:46", caller=wires.X, called="+8613900000202"),
    )
    pushes = list(Push.objects.order_by("order_key", "sequence"))
    assert [orjson.loads(push.body)["eventType"] for push in pushes] == ["callin", "answer", "disconnect", "fee"]
    assert {push.order_key for push in pushes} == {Session.objects.get().pk}
    assert [push.sequence for push in pushes] == [1, 2, 3, 4]
    assert orjson.loads(pushes[3].body)["feeLst"][0]["icid"] == "rec-1"


def test_an_event_without_numbers_belongs_to_its_session(acme, switch1):
    alone = wires.event("collectInfo", caller=..., called=..., digitInfo="0042", timestamp="2026-03-01 02:03:06")
    assert deliver(switch1, alone) == Outcome(0, 0, 1)
    assert deliver(switch1, wires.event("callin")) == Outcome(1, 0, 0)
    again = wires.event("collectInfo", caller=..., called=..., digitInfo="0043", timestamp="2026-03-01 02:03:06")
    assert deliver(switch1, again) == Outcome(1, 0, 0)
    assert CallEvent.objects.get(event_type="collectInfo").digits == "0043"
    assert reasons() == [("unknown_session", "sessionId")]


def test_the_same_session_id_after_a_day_is_a_new_session(acme, switch1):
    deliver(switch1, wires.event("callin"))
    deliver(switch1, wires.event("callin", timestamp="2026-03-03 02:03:04"), now=datetime(2026, 3, 3, 3, tzinfo=UTC))
    deliver(switch1, wires.event("answer", timestamp="2026-03-01 02:04:04"))
    assert sorted(Session.objects.values_list("generation", flat=True)) == [0, 1]


def test_a_message_is_stored_without_its_text_unless_the_application_keeps_it(acme, switch1):
    assert deliver(switch1, wires.sms()) == Outcome(1, 0, 0)
    message = Message.objects.get()
    assert (message.content, message.parts, message.send_result) == (None, 1, 0)
    assert list(Usage.objects.values_list("item", "units", "blocked_reason")) == [("sms", 1, "")]


def test_a_partly_sent_message_without_a_count_waits(acme, switch1):
    deliver(switch1, wires.sms(result=9))
    assert list(Usage.objects.values_list("units", "blocked_reason")) == [(None, "parts_unknown")]


def test_a_number_status_that_changes_nothing_is_a_repeat(acme, switch1):
    assert deliver(switch1, wires.number_status(status="5")) == Outcome(0, 1, 0)
    assert deliver(switch1, wires.number_status(status="9")) == Outcome(1, 0, 0)
    assert deliver(switch1, wires.number_status(status="9")) == Outcome(0, 1, 0)
    acme.number.refresh_from_db()
    assert (acme.number.state, NumberStatus.objects.count()) == ("suspended", 1)
    assert deliver(switch1, wires.number_status("+8617199999999")) == Outcome(0, 0, 1)


def test_what_is_received_is_conserved(acme, switch1):
    deliver_fees(switch1, wires.fee("a"), wires.fee("a"), wires.fee("b", appKey="nobody"))
    deliver_fees(switch1, wires.fee("b", appKey="nobody"))
    deliver(switch1, wires.sms(result=4), wires.number_status(), wires.event())
    deliver(switch1, wires.sms(result=0, timeStamp="2026-03-01T02:03:07Z"))
    assert conservation(NOW.replace(hour=0), NOW.replace(hour=23)) == []
    assert Quarantined.objects.get().times_received == 2
    assert Source.objects.count() == 4

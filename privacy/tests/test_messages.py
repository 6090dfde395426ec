"""Messages whose result changes later: reversals, charges anew, repeats, contradictions (billing.md 1)."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.tests.fixtures import *  # noqa: F403
from notifications.models import Push
from privacy.arrivals import Outcome, conservation
from privacy.models import Message, MessageResult, Quarantined, Usage
from privacy.tests import wires
from privacy.tests.deliveries import NOW, deliver

pytestmark = pytest.mark.django_db
ONE_SENT = {"extParas": [{"key": "sentNum", "value": 1}]}


def report(result: int, second: int, **fields) -> dict[str, Any]:
    """Return a notification of the one message, with its result at a second."""
    return wires.sms(result=result, **{"timeStamp": f"2026-03-01T02:03:{second:02}.000Z", **fields})


def at(second: int) -> datetime:
    """Return the time of a result."""
    return datetime(2026, 3, 1, 2, 3, second, tzinfo=UTC)


def queue() -> list[tuple[str, int | None]]:
    """Return what waits for settlement."""
    return sorted(Usage.objects.values_list("item", "units"))


def settle() -> None:
    """Take everything off the queue, as settlement does."""
    Usage.objects.all().delete()


def test_a_failure_before_settlement_takes_the_usage_back(acme, switch1):
    deliver(switch1, report(0, 1))
    assert deliver(switch1, report(4, 2)) == Outcome(1, 0, 0)
    assert queue() == []
    message = Message.objects.get()
    assert (message.send_result, message.sent_at) == (4, None)


def test_a_failure_after_settlement_is_a_reversal(acme, switch1):
    deliver(switch1, report(0, 1))
    settle()
    deliver(switch1, report(4, 2))
    assert queue() == [("reversal", 0)]
    assert Usage.objects.get().reverses == Message.objects.get().pk


def test_a_late_success_is_charged_when_it_was_sent(acme, switch1):
    deliver(switch1, report(4, 1, called=...))
    assert queue() == []
    deliver(switch1, report(0, 30))
    assert queue() == [("sms", 1)]
    assert Usage.objects.get().rated_at == Message.objects.get().sent_at
    assert Message.objects.get().called_number == "+8613900000202"


def test_success_failure_success_after_settlement_is_charged_once_in_the_end(acme, switch1):
    for second, result in enumerate((0, 4, 0)):
        deliver(switch1, report(result, second))
        if second == 0:
            settle()
    assert queue() == [("reversal", 0), ("sms", 1)]
    assert len(set(Usage.objects.values_list("usage_id", flat=True)) | {Message.objects.get().pk}) == 3


def test_the_same_update_again_changes_nothing(acme, switch1):
    deliver(switch1, report(0, 1))
    deliver(switch1, report(4, 2))
    assert deliver(switch1, report(4, 2), report(0, 1)) == Outcome(0, 2, 0)
    assert (MessageResult.objects.count(), queue()) == (2, [])


def test_another_sender_under_the_same_id_is_a_contradiction(acme, switch1):
    deliver(switch1, report(0, 1))
    assert deliver(switch1, report(4, 2, calling="+8613900000909")) == Outcome(0, 0, 1)
    assert Quarantined.objects.get().conflicts_with == Message.objects.get().pk


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("other", [{"smsContent": "another text"}, {"called": "+8613900000909"}])
def test_another_text_or_receiver_under_the_same_id_is_a_contradiction(acme, switch1, kept, other):
    acme.application.keep_sms_content = kept
    acme.application.save()
    deliver(switch1, report(0, 1))
    again = {"result": 4, "second": 2, **other}
    assert deliver(switch1, report(**again)) == Outcome(0, 0, 1)
    assert queue() == [("sms", 1)]
    waiting = Quarantined.objects.get()
    assert (waiting.reason, waiting.conflicts_with) == ("same_id_other_content", Message.objects.get().pk)


@pytest.mark.parametrize("second", [1, 2])
@pytest.mark.parametrize(
    ("result", "told", "units"),
    [
        (0, {"extInfo": {"extParas": [{"key": "splitNum", "value": "3"}]}}, 3),
        (0, {"smsContent": "x" * 161}, 2),
        (9, {"extInfo": {"extParas": [{"key": "sentNum", "value": "2"}]}}, 2),
    ],
)
def test_parts_that_come_later_are_charged(acme, switch1, result, told, units, second):
    deliver(switch1, report(result, 1, smsContent=...))
    Usage.objects.update(blocked_reason="parts_unknown")
    later = report(result, second, **{"smsContent": ..., **told})
    assert deliver(switch1, later) == Outcome(1, 0, 0)
    assert Usage.objects.values_list("units", "blocked_reason").get() == (units, "")
    message = Message.objects.get()
    assert units in (message.parts, message.parts_sent)
    assert message.sent_at == Usage.objects.get().rated_at == message.occurred_at
    assert deliver(switch1, later) == Outcome(0, 1, 0)
    assert conservation(NOW.replace(hour=0), NOW.replace(hour=23)) == []


def test_parts_of_a_message_that_failed_serve_its_success(acme, switch1):
    deliver(switch1, report(4, 1, smsContent=...), report(4, 2))
    deliver(switch1, report(0, 3, smsContent=...))
    assert queue() == [("sms", 1)]


@pytest.mark.parametrize("settled", [False, True])
def test_partly_sent_after_sent_keeps_the_time_of_the_first(acme, switch1, settled):
    """The parts are those sent, the hour and the price those of the first result."""
    deliver(switch1, report(0, 1))
    first = at(1)
    if settled:
        settle()
    deliver(switch1, report(9, 0, timeStamp="2026-03-01T03:30:00Z", extInfo=ONE_SENT))
    assert Message.objects.get().sent_at == first
    charged = Usage.objects.get(item="sms")
    assert (charged.rated_at, charged.hour) == (first, first.replace(minute=0, second=0, microsecond=0))
    assert queue() == ([("reversal", 0)] if settled else []) + [("sms", 1)]


def test_a_failure_in_between_sets_the_time_anew(acme, switch1):
    deliver(switch1, report(0, 1), report(4, 2), report(9, 30, extInfo=ONE_SENT))
    assert Message.objects.get().sent_at == at(30)


def test_a_block_ask_is_no_message_to_charge_or_push(acme, switch1):
    acme.application.sms_url = "https://acme.example/sms"
    acme.application.save()
    ask = wires.sms(result=..., notificationMode="Block", called=...)  # type: ignore[arg-type]
    assert deliver(switch1, ask) == Outcome(1, 0, 0)
    assert (queue(), Push.objects.count(), MessageResult.objects.count()) == ([], 0, 0)
    assert deliver(switch1, report(0, 5)) == Outcome(1, 0, 0)
    assert (queue(), Push.objects.count()) == ([("sms", 1)], 1)


def test_each_result_is_pushed_in_the_order_it_came(acme, switch1):
    acme.application.sms_url = "https://acme.example/sms"
    acme.application.save()
    deliver(switch1, report(4, 1), report(0, 1))
    assert list(Push.objects.order_by("sequence").values_list("sequence", flat=True)) == [0, 1]
    assert Push.objects.values("order_key").distinct().count() == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([(0, 10), (4, 20), (0, 30), (9, 40), (1, 50)]), settle_after=st.integers(0, 5))
def test_whatever_the_order_the_newest_result_decides_the_balance(acme, switch1, order, settle_after):
    """Charges less reversals are what the newest result is worth: here it failed, so nothing."""
    Message.objects.all().delete()
    MessageResult.objects.all().delete()
    settle()
    from_queue = []
    sms_id = uuid4().hex
    for position, (result, second) in enumerate(order):
        deliver(switch1, report(result, second, smsIdentifier=sms_id))
        if position == settle_after:
            from_queue = list(Usage.objects.values_list("item", flat=True))
            settle()
    items = from_queue + list(Usage.objects.values_list("item", flat=True))
    assert items.count("sms") - items.count("reversal") == 0

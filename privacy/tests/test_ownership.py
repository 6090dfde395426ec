"""Whose a record is: by app_key, session, or who held the number then; and what waits until that is known."""

from datetime import UTC, datetime

import pytest

from accounts.models import UpstreamApplication
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from privacy import quarantine
from privacy.arrivals import Outcome, conservation
from privacy.models import Call, CallEvent, Holding, Quarantined, Source
from privacy.tests import wires
from privacy.tests.deliveries import NOW, deliver, deliver_fees, reasons

pytestmark = pytest.mark.django_db
MOVED = datetime(2026, 2, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"appKey": "nobody"}, ("unknown_application", "appKey")),
        ({"bindNum": "+8617199999999"}, ("unknown_number", "bindNum")),
        ({"bindNum": "+8617100000002"}, ("number_not_held", "bindNum")),
        ({"callInTime": "2026-01-31 15:59:59"}, ("number_not_held", "bindNum")),
    ],
)
def test_a_cdr_whose_owner_is_unknown_waits(acme, bolt, switch1, fields, expected):
    unanswered = {"fwdAnswerTime": ..., "fwdStartTime": ...}
    assert deliver_fees(switch1, wires.fee(**unanswered | fields)) == Outcome(0, 0, 1)
    assert reasons() == [expected]
    assert Quarantined.objects.get().retryable


def test_the_vendors_app_keys_come_before_our_own(acme, bolt, switch1):
    UpstreamApplication.objects.create(
        upstream=switch1, app_key="boltAppKey01", app_secret=cast.SECRET, application=acme.application
    )
    assert deliver_fees(switch1, wires.fee(appKey="boltAppKey01")) == Outcome(1, 0, 0)
    assert Call.objects.get().application == acme.application


def test_an_upstream_delivers_only_for_the_accounts_it_serves(acme, bolt, switch1):
    switch1.every_account = False
    switch1.save()
    switch1.accounts.add(bolt.account)
    assert deliver(switch1, wires.fees(wires.fee()), wires.event(), wires.number_status()) == Outcome(0, 0, 3)
    assert {reason for reason, _ in reasons()} == {"account_not_served"}


def test_a_record_belongs_to_whom_held_the_number_then(acme, bolt, switch1):
    Holding.objects.filter(number=acme.number).update(valid_to=MOVED)
    Holding.objects.create(number=acme.number, application=bolt.application, valid_from=MOVED)
    early = {"callInTime": "2026-02-14 23:59:59", "fwdAnswerTime": ..., "fwdStartTime": ..., "fwdAlertingTime": ...}
    assert deliver_fees(switch1, wires.fee("early", **early), wires.fee("late")) == Outcome(1, 0, 1)
    assert deliver_fees(switch1, wires.fee("bolt", appKey="boltAppKey01")) == Outcome(1, 0, 0)
    assert deliver(switch1, wires.event()) == Outcome(1, 0, 0)
    assert CallEvent.objects.get().account == bolt.account


def test_an_event_belongs_to_the_caller_when_the_second_leg_shows_the_number(acme, switch1):
    answer = wires.event("answer", caller=wires.X, called="+8613900000202")
    assert deliver(switch1, answer) == Outcome(1, 0, 0)
    assert CallEvent.objects.get().number == acme.number


def test_what_was_missing_is_provisioned_and_the_records_leave_quarantine(acme, switch1):
    stranger = {"appKey": "corpAppKey01", "bindNum": "+8617100000003"}
    deliver_fees(switch1, wires.fee("a", **stranger), wires.fee("b", **stranger), wires.fee("c"))
    assert quarantine.retry_all(NOW) == 0
    cast.make_number(cast.make_application(cast.make_account("corp")), "+8617100000003")
    assert quarantine.retry_all(NOW) == 2
    assert quarantine.retry_all(NOW) == 0
    assert set(Quarantined.objects.values_list("state", flat=True)) == {"stored"}
    assert sorted(Source.objects.values_list("door", "received", "stored", "quarantined")) == [
        ("request", 3, 1, 2),
        ("retry", 2, 2, 0),
    ]
    assert conservation(NOW.replace(hour=0), NOW.replace(hour=23)) == []
    assert deliver_fees(switch1, wires.fee("a", **stranger)) == Outcome(0, 1, 0)


def test_a_retried_record_that_misses_something_else_says_so(acme, switch1):
    deliver_fees(switch1, wires.fee(appKey="corpAppKey01", bindNum="+8617100000003"))
    cast.make_application(cast.make_account("corp"))
    quarantine.retry_all(NOW)
    assert reasons() == [("unknown_number", "bindNum")]


def test_a_stored_record_is_a_repeat_even_when_its_owner_is_no_longer_known(acme, switch1):
    deliver_fees(switch1, wires.fee())
    Holding.objects.all().delete()
    assert deliver_fees(switch1, wires.fee()) == Outcome(0, 1, 0)


def test_the_same_call_of_another_upstream_waits_for_a_person(acme, switch1):
    other = cast.make_upstream("switch2")
    deliver_fees(switch1, wires.fee("a"), wires.unanswered("u"))
    twin = wires.fee("theirs", callInTime="2026-03-01 02:03:00")
    assert deliver_fees(other, twin, wires.unanswered("v"), wires.fee("w", fwdDstNum="+8613900000999")) == Outcome(
        2, 0, 1
    )
    waiting = Quarantined.objects.get()
    assert (waiting.reason, waiting.conflicts_with) == ("possible_duplicate", Call.objects.get(record_id="a").pk)
    assert deliver_fees(switch1, wires.fee("a")) == Outcome(0, 1, 0)


def test_number_status_of_a_number_held_by_another_application_than_signed_waits(acme, bolt, switch1):
    UpstreamApplication.objects.create(
        upstream=switch1, app_key="vendorBolt", app_secret=cast.SECRET, application=bolt.application
    )
    assert deliver(switch1, wires.number_status(), signed="vendorBolt") == Outcome(0, 0, 1)
    assert reasons() == [("wrong_application", "number")]

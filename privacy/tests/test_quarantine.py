"""People and the quarantine: correct, accept, discard, preview; what comes again is counted, never stored twice."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine

from accounts.models import AuditEntry, UpstreamApplication
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common.errors import BadInput
from privacy import quarantine
from privacy.arrivals import Outcome, conservation
from privacy.models import Call, NumberStatus, Quarantined, Source, Usage
from privacy.tasks import retry_quarantine
from privacy.tests import wires
from privacy.tests.deliveries import NOW, deliver, deliver_fees

pytestmark = pytest.mark.django_db
WRONG_KEY = {"appKey": "acmeAppKey1"}


def ids() -> list[UUID]:
    """Return everything in quarantine."""
    return list(Quarantined.objects.values_list("pk", flat=True))


def test_a_corrected_record_is_stored_and_names_the_person(acme, switch1, finance):
    deliver_fees(switch1, wires.fee(callEndTime=...))
    changes = {"callEndTime": "2026-03-01 02:05:00"}
    assert quarantine.preview(ids(), changes, NOW).left == tuple(ids())
    assert not Call.objects.exists()
    assert quarantine.correct(ids(), changes, user=finance, reason="the switch told us", now=NOW).left == tuple(ids())
    row = Quarantined.objects.get()
    assert (row.state, row.resolved_by, row.resolution) == ("stored", "finance", "the switch told us")
    assert Usage.objects.get().units == 2
    assert Call.objects.get().source.person == "finance"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.reason, entry.detail["fields"]) == (
        "quarantine.correct",
        "the switch told us",
        ["callEndTime"],
    )
    assert conservation(NOW.replace(hour=0), NOW.replace(hour=23)) == []


def test_a_correction_that_does_not_help_leaves_the_record_where_it_is(acme, switch1, finance):
    deliver_fees(switch1, wires.fee(**WRONG_KEY))
    settled = quarantine.correct(ids(), {"bindNum": "+8617199999999"}, user=finance, reason="try", now=NOW)
    assert (settled.left, {problem.reason for problem in settled.failed.values()}) == ((), {"unknown_application"})
    assert Quarantined.objects.get().state == "open"
    assert Source.objects.count() == 1


def test_a_number_typed_into_a_reason_is_kept_masked_only(acme, switch1, finance):
    deliver_fees(switch1, wires.fee("a", callEndTime=...), wires.fee("b", callEndTime=...))
    first, second = ids()
    changes = {"callEndTime": "2026-03-01 02:05:00"}
    quarantine.correct([first], changes, user=finance, reason="customer 13800138000 asked", now=NOW)
    quarantine.discard([second], user=finance, reason="customer 138 0013 8000 asked", now=NOW)
    kept = [
        *Quarantined.objects.values_list("resolution", flat=True),
        *AuditEntry.objects.values_list("reason", flat=True),
    ]
    assert sorted(set(kept)) == ["customer *** **** 8000 asked", "customer *******8000 asked"]
    assert len(kept) == 4


def test_a_group_is_corrected_at_once(acme, switch1, finance):
    deliver_fees(switch1, *[wires.fee(str(n), **WRONG_KEY) for n in range(5)], wires.fee("bad", callEndTime=...))
    group = Quarantined.objects.filter(reason="unknown_application").values_list("pk", flat=True)
    settled = quarantine.correct(list(group), {"appKey": wires.APP_KEY}, user=finance, reason="typo", now=NOW)
    assert (len(settled.left), Call.objects.count(), Quarantined.objects.filter(state="open").count()) == (5, 5, 1)


def test_the_original_that_comes_again_is_counted_and_stays_settled(acme, switch1, finance):
    deliver_fees(switch1, wires.fee(callEndTime=...))
    quarantine.correct(ids(), {"callEndTime": "2026-03-01 02:05:00"}, user=finance, reason="told", now=NOW)
    assert deliver_fees(switch1, wires.fee(callEndTime=...)) == Outcome(0, 0, 1)
    row = Quarantined.objects.get()
    assert (row.state, row.times_received, Call.objects.count()) == ("stored", 2, 1)


def test_what_was_discarded_stays_discarded_although_it_could_be_stored_now(acme, switch1, finance):
    stranger = wires.fee(appKey="corpAppKey01", bindNum="+8617100000003")
    deliver_fees(switch1, stranger)
    assert quarantine.discard(ids(), user=finance, reason="a test of theirs", now=NOW) == 1
    cast.make_number(cast.make_application(cast.make_account("corp")), "+8617100000003")
    assert quarantine.retry_all(NOW) == 0
    assert deliver_fees(switch1, stranger) == Outcome(0, 0, 1)
    assert deliver_fees(switch1, {**stranger, "icid": "another"}) == Outcome(1, 0, 0)
    row = Quarantined.objects.get()
    assert (row.state, row.times_received) == ("discarded", 2)
    assert conservation(NOW.replace(hour=0), NOW.replace(hour=23)) == []


def test_a_possible_duplicate_is_stored_when_a_person_says_so(acme, switch1, finance):
    deliver_fees(switch1, wires.fee("a"))
    deliver_fees(cast.make_upstream("switch2"), wires.fee("b"))
    assert len(quarantine.correct(ids(), {}, user=finance, reason="two calls", now=NOW).left) == 1
    assert Call.objects.count() == 2


def test_an_event_that_waited_is_stored_once_its_session_is_known(acme, switch1):
    deliver(switch1, wires.event("collectInfo", caller=..., called=..., digitInfo="1"))
    assert quarantine.retry_all(NOW) == 0
    deliver_fees(switch1, wires.fee())
    assert quarantine.retry_all(NOW) == 1


def test_a_reason_is_needed(acme, switch1, finance):
    with pytest.raises(BadInput):
        quarantine.discard([], user=finance, reason=" ", now=NOW)
    with pytest.raises(BadInput):
        quarantine.correct([], {}, user=finance, reason="", now=NOW)


def test_equal_items_in_one_batch_wait_as_one_and_are_counted(acme, switch1):
    bad = wires.fee(callEndTime=...)
    assert deliver_fees(switch1, bad, dict(reversed(bad.items())), bad) == Outcome(0, 0, 3)
    assert Quarantined.objects.get().times_received == 3


def test_numbers_and_texts_of_a_quarantined_item_are_sealed(acme, switch1):
    deliver_fees(switch1, wires.fee(callEndTime=...))
    assert quarantine.sent(Quarantined.objects.get())["callerNum"] == "+8613900000101"
    assert Quarantined.objects.extra(where=["position('13900000101'::bytea in body) > 0"]).count() == 0


def test_a_discarded_contradiction_stays_discarded_once_nothing_speaks_against_it(acme, switch1, finance):
    deliver_fees(switch1, wires.fee("a"))
    other = cast.make_upstream("switch2")
    deliver_fees(other, wires.fee("b"))
    quarantine.discard(ids(), user=finance, reason="the same call", now=NOW)
    Call.objects.all().delete()
    assert deliver_fees(other, wires.fee("b")) == Outcome(0, 0, 1)
    assert Quarantined.objects.get().times_received == 2
    assert not Call.objects.exists()


def test_what_lay_in_the_future_is_stored_when_its_time_has_come(acme, switch1):
    early = NOW - timedelta(hours=6)
    deliver_fees(switch1, wires.fee("a"), wires.fee("b"), now=early)
    assert set(Quarantined.objects.values_list("reason", flat=True)) == {"in_the_future"}
    assert quarantine.retry_all(early) == 0
    assert deliver_fees(switch1, wires.fee("a")) == Outcome(1, 0, 0)
    assert quarantine.retry_all(NOW) == 2
    assert set(Quarantined.objects.values_list("state", flat=True)) == {"stored"}
    assert Call.objects.count() == Usage.objects.count() == 2
    assert conservation(early.replace(hour=0), early.replace(hour=23, minute=59)) == []


def test_discarding_a_status_does_not_silence_the_number(acme, switch1, finance):
    stranger = "+8617100000003"
    deliver(switch1, wires.number_status(stranger))
    quarantine.discard(ids(), user=finance, reason="not ours yet", now=NOW)
    assert deliver(switch1, wires.number_status(stranger)) == Outcome(0, 0, 1)
    assert sorted(Quarantined.objects.values_list("state", flat=True)) == ["discarded", "open"]
    cast.make_number(acme.application, stranger)
    assert deliver(switch1, wires.number_status(stranger)) == Outcome(1, 0, 0)


def test_statuses_of_a_number_not_yet_provisioned_are_each_kept_in_order(acme, switch1):
    stranger = "+8617100000003"
    entry = wires.number_status(stranger)["numInfo"][0]
    entries = [{**entry, "status": status} for status in ("9", "5", "9", "11", "9", "5", "11")]
    deliver(switch1, {"eventType": "numStatus", "numInfo": entries[:5]})
    deliver(switch1, {"eventType": "numStatus", "numInfo": entries[5:]})
    assert Quarantined.objects.count() == 7
    cast.make_number(acme.application, stranger)
    assert quarantine.retry_all(NOW) == 7
    assert list(NumberStatus.objects.order_by("pk").values_list("status", flat=True)) == [9, 5, 9, 11, 9, 5, 11]


def test_what_was_signed_by_an_app_key_no_longer_listed_stays_and_stops_nothing(acme, bolt, switch1):
    listed = UpstreamApplication.objects.create(
        upstream=switch1, app_key="vendorAcme", app_secret=cast.SECRET, application=acme.application
    )
    stranger = "+8617100000003"
    signed = [
        wires.number_status(stranger),
        wires.fees(wires.fee("a", bindNum=stranger)),
        wires.event("collectInfo", sessionId="another", caller=..., called=stranger, timestamp="2026-03-01 09:00:00"),
    ]
    deliver(switch1, *signed, signed="vendorAcme")
    deliver_fees(switch1, wires.fee("b", bindNum=stranger))
    assert Quarantined.objects.count() == 4
    listed.delete()
    cast.make_number(acme.application, stranger)
    assert quarantine.retry_all(datetime(2026, 3, 2, tzinfo=UTC)) == 1
    stays = Quarantined.objects.filter(state="open")
    assert set(stays.values_list("reason", "retryable")) == {("wrong_application", False)}
    assert stays.count() == 3


def test_an_item_that_fails_unexpectedly_stops_no_other(acme, switch1, caplog):
    stranger = {"appKey": "corpAppKey01", "bindNum": "+8617100000003"}
    deliver_fees(switch1, *[wires.fee(str(n), **stranger) for n in range(9)])
    cast.make_number(cast.make_application(cast.make_account("corp")), "+8617100000003")
    broken = Quarantined.objects.order_by("line")[4]
    Quarantined.objects.filter(pk=broken.pk).update(body=b'{"value": 1')
    assert quarantine.retry_all(NOW) == 8
    assert Quarantined.objects.get(state="open").pk == broken.pk
    assert Call.objects.count() == 8
    assert str(broken.pk) in caplog.text
    assert "+86" not in caplog.text
    assert conservation(NOW.replace(hour=0), NOW.replace(hour=23)) == []


@pytest.mark.parametrize(("minute", "left"), [(0, 2), (5, 1), (55, 1)])
def test_what_waits_long_is_tried_once_an_hour(acme, switch1, minute, left):
    at = NOW.replace(minute=minute)
    stranger = {"appKey": "corpAppKey01", "bindNum": "+8617100000003"}
    deliver_fees(switch1, wires.fee("old", **stranger), now=at - timedelta(minutes=61))
    deliver_fees(switch1, wires.fee("young", **stranger), now=at - timedelta(minutes=59))
    cast.make_number(cast.make_application(cast.make_account("corp")), "+8617100000003")
    with time_machine.travel(at, tick=False):
        assert retry_quarantine() == left

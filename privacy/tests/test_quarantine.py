"""People and the quarantine: correct, accept, discard, preview; what comes again is counted, never stored twice."""

from uuid import UUID

import pytest

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common.errors import BadInput
from privacy import quarantine
from privacy.arrivals import Outcome, conservation
from privacy.models import Call, Quarantined, Source, Usage
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

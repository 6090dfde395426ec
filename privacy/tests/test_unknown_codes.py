"""Codes that no table has are counted for the operator: once the records are committed, and not for each of them."""

from datetime import timedelta

import pytest

from accounts.tests.fixtures import *  # noqa: F403
from privacy.models import Call, UnknownCode
from privacy.tests import wires
from privacy.tests.deliveries import NOW, deliver

# What follows a commit is what is tested.
pytestmark = pytest.mark.django_db(transaction=True)


def kept() -> list[tuple[str, int, int]]:
    return sorted(UnknownCode.objects.values_list("table", "code", "seen"))


def test_each_table_has_its_unknown_codes(acme, switch1):
    deliver(
        switch1,
        wires.fees(
            wires.unanswered("a", ulFailReason=990011, fwdUnaswRsn=990, sipStatusCode=999),
            wires.unanswered("b", ulFailReason=990011, fwdUnaswRsn=19, sipStatusCode=183),
            wires.unanswered("c", ulFailReason=8101, fwdUnaswRsn=0, sipStatusCode=480),
        ),
        wires.event("disconnect", stateCode=990012),
        wires.event("disconnect", stateCode=0, sessionId="other"),
        wires.number_status(status="10", cause="4"),
    )
    assert kept() == [
        ("number_cause", 4, 1), ("q850", 990, 1), ("release", 990011, 2), ("sip", 999, 1),
        ("state", 990012, 1),
    ]  # fmt: skip
    assert Call.objects.filter(release_reason=990011).count() == 2


def test_a_code_is_written_once_a_minute_and_counted_all_the_same(acme, switch1):
    for n, seconds in enumerate((0, 1, 59, 60, 61)):
        deliver(
            switch1, wires.fees(wires.unanswered(f"m{n}", ulFailReason=990021)), now=NOW + timedelta(seconds=seconds)
        )
    [(_table, _code, seen)] = kept()
    assert seen == 4
    row = UnknownCode.objects.get()
    assert (row.first_seen_at, row.last_seen_at) == (NOW, NOW + timedelta(seconds=60))


def test_a_repeat_counts_nothing_and_nor_does_a_request_that_stored_nothing(acme, switch1):
    for _turn in range(3):
        deliver(switch1, wires.fees(wires.unanswered("again", ulFailReason=990031)), now=NOW + timedelta(hours=1))
    deliver(switch1, wires.fees(wires.unanswered("bad", ulFailReason=990032, bindNum="+8617199999999")))
    assert kept() == [("release", 990031, 1)]

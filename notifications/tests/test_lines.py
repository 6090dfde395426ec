"""The queue in memory: whose turn it is, and when enough is waiting."""

import asyncio
import time
from datetime import UTC, datetime

from notifications.dispatching.clock import Clock
from notifications.dispatching.database import Database
from notifications.dispatching.finishing import Finishing
from notifications.dispatching.health import Health
from notifications.dispatching.leases import Lease, Leases
from notifications.dispatching.lines import Claimed, Line, Lines, Recipient
from notifications.dispatching.outgoing import Outgoing
from notifications.dispatching.recording import Records
from notifications.retry import QUIET, SCHEDULE_MINUTES

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def recipient(id, account=1):
    return Recipient(id, account, 1, "https://acme.example/", False, "key", "secret", (b"k",), False, 0.0)


def fill(lines, endpoint, count, account=1):
    """Add a line with so many calls of one push each."""
    line = lines.lines[endpoint] = Line(recipient(endpoint, account), Health(None, 8), None, 0)
    for n in range(count):
        lines.add(line, Claimed(f"{endpoint}-{n}", endpoint, n, 1, 0, 1, b"", 0, T0, None, T0, False))
    return line


def take(lines, most=1000, under_way=0):
    """Take what may go; return how many of each endpoint."""
    taken: dict[int, int] = {}
    while most and (one := lines.take(T0, lines.slots - under_way)):
        taken[one[0].recipient.id] = taken.get(one[0].recipient.id, 0) + 1
        most, under_way = most - 1, under_way + 1
    return taken


def test_no_endpoint_has_more_than_its_cap_and_no_customer_more_than_a_quarter():
    lines = Lines(64)
    fill(lines, 1, 100), fill(lines, 2, 100), fill(lines, 3, 100), fill(lines, 4, 100, account=2)
    taken = take(lines)
    assert taken[4] == 8 and max(taken.values()) == 8
    assert sum(taken.values()) - 8 <= 17


def test_a_customers_slow_endpoints_do_not_stop_his_others():
    lines = Lines(64)
    fill(lines, 1, 100), fill(lines, 2, 100)
    assert take(lines) == {1: 8, 2: 8}
    fill(lines, 3, 100)
    assert take(lines, under_way=16) == {3: 1}


def test_what_waits_for_slow_endpoints_is_not_enough_to_stop_reading():
    lines = Lines(64)
    fill(lines, 1, 700)
    assert lines.enough(600, T0)
    assert take(lines) == {1: 8}
    assert not lines.enough(600, T0)


def test_a_request_broken_off_before_it_began_frees_its_place():
    async def run():
        lines, clock = Lines(64), Clock()
        leases = Leases(Database(), "first")
        leases.held[0] = Lease(1, time.monotonic() + 10)
        finishing = Finishing(Database(), lines, "first", lambda: None)
        outgoing = Outgoing(leases, lines, clock, finishing, Records(), SCHEDULE_MINUTES)
        line = fill(lines, 1, 3)
        outgoing.pump()
        assert (line.busy, len(outgoing)) == (3, 3)
        outgoing.break_off({0})
        lines.drop(1, under_way=True)
        await asyncio.sleep(0.01)
        assert (line.busy, line.size, len(outgoing), lines.known) == (0, 0, 0, {})
        await outgoing.close()

    asyncio.run(run())


def test_an_endpoint_is_dark_after_five_days_of_failures_and_a_quiet_day_is_none_of_them():
    records, line = Records(), Line(recipient(1), Health(None, 8), None, 0)
    assert records.failure(line, T0, "no", gone=False) == "failing"
    assert records.failure(line, T0 + 6 * QUIET, "no", gone=False) == "failing"
    for day in range(7, 11):
        assert records.failure(line, T0 + day * QUIET, "no", gone=False) == "failing"
    assert records.failure(line, T0 + 11 * QUIET, "no", gone=False) == "disabled"


def test_410_stands_though_another_request_fails_before_it_is_written():
    records, line = Records(), Line(recipient(1), Health(None, 8), None, 0)
    assert records.failure(line, T0, "gone", gone=True) == "paused"
    assert records.failure(line, T0, "no", gone=False) == "paused"
    [(_, change)] = records.take().values()
    assert (change.state, change.why) == ("paused", "gone")


def test_410_stands_though_another_request_succeeds_before_it_is_written():
    records, line = Records(), Line(recipient(1), Health(None, 8), None, 0)
    records.failure(line, T0, "gone", gone=True)
    records.success(line, T0)
    [(_, change)] = records.take().values()
    assert (change.state, change.why, change.success_at) == ("paused", "gone", T0)


def test_what_could_not_be_written_stands_beside_what_came_since():
    records, line = Records(), Line(recipient(1), Health(None, 8), None, 0)
    records.failure(line, T0, "gone", gone=True)
    unwritten = records.take()
    records.success(line, T0 + QUIET)
    records.give_back(unwritten)
    [(_, change)] = records.take().values()
    assert (change.state, change.why, change.reason) == ("paused", "gone", "gone")
    assert (change.success_at, change.failure_at) == (T0 + QUIET, T0)

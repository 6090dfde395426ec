"""The list of pushes: every one once, in a place of its own, however late it was committed."""

import threading
import time
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.tests.fixtures import *  # noqa: F403
from common.errors import BadInput
from notifications import listing
from notifications.listing import Listed, Wanted
from notifications.models import Attempt, Push
from notifications.tests import sent
from notifications.tests.sent import deliver, give_up, queue, read_all, wait_for_horizon

# Rows of an open transaction are in no list: these tests commit.
commits = pytest.mark.django_db(transaction=True)
INSERT = """
    INSERT INTO notifications_push
        (id, endpoint_id, account_id, application_id, shard, kind, cause_id, order_key, sequence, body)
    SELECT %(id)s, endpoint_id, account_id, application_id, shard, kind, %(cause)s, order_key, %(sequence)s, body
    FROM notifications_push WHERE id = %(like)s
"""


@commits
def test_delivered_waiting_and_dead_pushes_are_listed_alike_with_bodies_as_sent(acme):
    pushes = queue(acme, 1, 2, 3, 4)
    deliver(pushes[0])
    give_up(pushes[2])
    give_up(pushes[3], Push.State.PARKED)
    wait_for_horizon()
    found = {push.sequence: push for push in read_all(acme)}
    assert {n: push.state for n, push in found.items()} == {1: "delivered", 2: "waiting", 3: "dead", 4: "parked"}
    assert {n: push.body for n, push in found.items()} == {n: sent.due(acme, n).body for n in (1, 2, 3, 4)}
    assert {push.id for push in found.values()} == {push.pk for push in pushes}
    assert found[1].delivered_at and found[2].due_at and not found[3].due_at and found[3].reason == "HTTP 500"
    assert found[1].message_id == f"msg_{pushes[0].pk.hex}"


@commits
def test_a_push_committed_late_is_not_skipped(acme):
    queue(acme, 1)
    late = sent.push_row(acme, 2)
    with sent.another_session() as session:
        session.execute(INSERT, late)  # its transaction is older than the next one and stays open
        queue(acme, 3)
        first = listing.page(acme.application.pk, Wanted(), limit=100)
        assert 3 not in {push.sequence for push in first.pushes}
        session.commit()
    wait_for_horizon()
    rest = read_all(acme, after=first.after)
    assert sorted(push.sequence for push in [*first.pushes, *rest]) == [1, 2, 3]
    assert [push.sequence for push in rest][-2:] == [2, 3]


@commits
def test_a_transaction_of_another_database_holds_nothing_up(acme):
    with sent.another_session("postgres") as elsewhere:
        elsewhere.execute("SELECT pg_current_xact_id()")
        queue(acme, 1)
        assert [push.sequence for push in read_all(acme)] == [1]


@commits
def test_of_many_writers_at_once_a_reader_misses_nothing(acme):
    queue(acme, 1)
    rows = [sent.push_row(acme, number) for number in range(2, 122)]

    def write(place: int) -> None:
        random = Random(place)
        with sent.another_session() as session:
            for row in rows[place::4]:
                session.execute(INSERT, row)
                time.sleep(random.random() / 100)
                session.commit()

    writers = [threading.Thread(target=write, args=(place,)) for place in range(4)]
    for writer in writers:
        writer.start()
    seen, after = list[int](), ""
    while len(seen) < 121:
        writing = any(writer.is_alive() for writer in writers)
        page = listing.page(acme.application.pk, Wanted(), after=after, limit=7)
        seen, after = seen + [push.sequence for push in page.pushes], page.after
        assert page.pushes or writing, seen
    assert sorted(seen) == list(range(1, 122))


@commits
def test_a_transaction_that_is_undone_holds_nothing_up_and_leaves_nothing(acme):
    queue(acme, 1)
    with sent.another_session() as session:
        session.execute(INSERT, sent.push_row(acme, 2))
        queue(acme, 3)
        session.rollback()
    wait_for_horizon()
    assert [push.sequence for push in read_all(acme)] == [1, 3]


@commits
def test_another_application_has_its_own_list(acme, bolt):
    queue(acme, 1)
    queue(bolt, 2)
    wait_for_horizon()
    assert [push.sequence for push in read_all(bolt)] == [2]
    cursor = listing.page(acme.application.pk, Wanted()).after
    with pytest.raises(BadInput, match="another application"):
        listing.page(bolt.application.pk, Wanted(), after=cursor)


@commits
def test_filters_by_kind_state_and_time(acme):
    first = queue(acme, 1, 2)
    queue(acme, 3, kind="event")
    deliver(first[0])
    Push.objects.filter(pk=first[1].pk).update(created_at=timezone.now() - timedelta(days=2))
    wait_for_horizon()
    hour_ago = timezone.now() - timedelta(hours=1)
    for wanted, expected in [
        (Wanted(kind="event"), [3]),
        (Wanted(states=("delivered",)), [1]),
        (Wanted(states=("waiting",)), [2, 3]),
        (Wanted(states=("dead",)), []),
        (Wanted(start=hour_ago), [1, 3]),
        (Wanted(end=hour_ago), [2]),
    ]:
        assert sorted(push.sequence for push in read_all(acme, wanted)) == expected, wanted


@commits
def test_a_push_that_is_sent_again_keeps_its_one_place(acme):
    pushes = queue(acme, 1, 2)
    queue(acme, 3)
    for push in pushes:
        deliver(push)
    wait_for_horizon()
    before = [push.place for push in read_all(acme)]
    attempt = Attempt.objects.get(push_id=pushes[0].pk)
    again = put_back(attempt)
    assert {push.sequence: push.state for push in read_all(acme)} == {1: "waiting", 2: "delivered", 3: "waiting"}
    deliver(again)
    found = read_all(acme, limit=1)
    assert [push.place for push in found] == before
    assert {push.sequence: push.state for push in found} == {1: "delivered", 2: "delivered", 3: "waiting"}


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["x", "0", "WyJhIl0.x", "9" * 500, "é", "a.b.c"])
def test_what_is_no_cursor_is_refused(acme, text):
    with pytest.raises(BadInput, match="no cursor"):
        listing.page(acme.application.pk, Wanted(), after=text)


@pytest.mark.django_db
def test_a_cursor_of_another_database_says_to_start_again(acme, monkeypatch):
    cursor = listing.page(acme.application.pk, Wanted()).after
    assert listing.page(acme.application.pk, Wanted(), after=cursor).pushes == []
    monkeypatch.setattr(listing, "_database", lambda: "7-1-1")
    with pytest.raises(BadInput, match="start again"):
        listing.page(acme.application.pk, Wanted(), after=cursor)


@commits
def test_after_a_restore_old_pushes_come_first_and_new_ones_after_them(acme):
    """A database counts its transactions anew: what came from a dump was queued by larger numbers."""
    old = queue(acme, 1, 2)
    deliver(old[0])
    for model in (Push, Attempt):
        model.objects.update(queued_xid=2**40)
    listing.outlive_restore()
    queue(acme, 3)
    wait_for_horizon()
    found = read_all(acme)
    assert sorted(push.sequence for push in found[:2]) == [1, 2] and found[2].sequence == 3
    assert all(push.place[0] < 0 for push in found[:2])


MOVES = st.lists(st.sampled_from(["queue", "late", "deliver", "die", "page", "replay"]), min_size=5, max_size=30)


@commits
@given(moves=MOVES, seed=st.integers(0, 2**16))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_paging_while_pushes_move_never_skips_and_never_doubles(acme, moves, seed):
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notifications_push, notifications_attempt")
    chance, next_number, after = Random(seed), 1, ""
    listed: list[Listed] = []
    queue(acme, 1)
    with sent.another_session() as session:
        for move in moves:
            waiting = list(Push.objects.filter(state=0).order_by("pk"))
            gone = list(Attempt.objects.exclude(push_id__in=Push.objects.values("pk")).order_by("pk"))
            if move == "queue":
                next_number += 2
                queue(acme, next_number - 1, next_number)
            elif move == "late" and Push.objects.exists():
                next_number += 1
                session.execute(INSERT, sent.push_row(acme, next_number))
            elif move == "deliver" and waiting:
                deliver(chance.choice(waiting))
            elif move == "die" and waiting:
                give_up(chance.choice(waiting))
            elif move == "replay" and gone:
                put_back(chance.choice(gone))
            elif move == "page":
                page = listing.page(acme.application.pk, Wanted(), after=after, limit=chance.randint(1, 4))
                listed += page.pushes
                after = page.after
                if chance.random() < 0.3:
                    session.commit()
        session.commit()
    wait_for_horizon()
    listed += read_all(acme, after=after)
    ids = [push.id for push in listed]
    assert len(ids) == len(set(ids)) == next_number
    assert [push.place for push in listed] == sorted(push.place for push in listed)


@commits
def test_pages_of_a_reader_hold_together_while_a_writer_delivers(acme):
    """A push is in the outbox or in the log of attempts, in one snapshot never in both and never in neither."""
    pushes = queue(acme, *range(1, 61))
    wait_for_horizon()

    def deliver_all() -> None:
        for push in pushes:
            deliver(push)
        connection.close()

    writer = threading.Thread(target=deliver_all)
    writer.start()
    counts = set()
    while writer.is_alive():
        counts.add(len(listing.page(acme.application.pk, Wanted(), limit=100).pushes))
    writer.join()
    assert counts == {60}


def put_back(attempt: Any) -> Push:
    """Put a delivered push into the outbox again, as a replay does."""
    with transaction.atomic():
        return Push.objects.create(
            id=attempt.push_id, endpoint_id=attempt.endpoint_id, account_id=attempt.account_id,
            application_id=attempt.application_id, shard=attempt.endpoint.shard, kind=attempt.kind,
            cause_id=attempt.cause_id, order_key=attempt.order_key, sequence=attempt.sequence, body=attempt.body,
            queued_xid=attempt.queued_xid, created_at=attempt.queued_at,
        )  # fmt: skip

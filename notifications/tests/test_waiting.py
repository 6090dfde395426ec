"""Where reading begins: behind what was deleted, and from the beginning again at every look."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.tests.fixtures import *  # noqa: F403
from notifications.dispatching.waiting import BEGINNING, LATE, LOOK_SECONDS, Waiting
from notifications.models import Push
from notifications.outbox import DuePush, enqueue
from notifications.tests.receiving import dispatching, receiving, until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000) - 1


def looked(*ids: int) -> Waiting:
    waiting = Waiting()
    waiting.looked(range(64), ids, 100.0)
    return waiting


def test_a_queue_is_read_from_where_its_last_reading_found_something():
    waiting = looked(1, 2, 3)
    waiting.read([1, 2, 3], {1: NOW - timedelta(hours=1), 2: NOW}, NOW, last=None)
    assert waiting.floors == {
        1: milliseconds(NOW - timedelta(hours=1)),
        # Whoever began before may commit yet.
        2: milliseconds(NOW - LATE),
        3: milliseconds(NOW - LATE),
    }


def test_a_reading_that_was_cut_off_says_nothing_of_the_last_and_those_after_it():
    waiting = looked(1, 2, 3)
    waiting.read([1, 2, 3], {1: NOW, 2: NOW, 9: NOW}, NOW, last=2)
    assert waiting.floors == {1: milliseconds(NOW - LATE), 2: BEGINNING, 3: BEGINNING, 9: milliseconds(NOW - LATE)}


def test_each_look_begins_anew_everywhere():
    waiting = looked(1, 2)
    waiting.read([1, 2], {1: NOW}, NOW, last=None)
    waiting.looked(range(64), [2, 5], 101.0)
    assert waiting.floors == {2: BEGINNING, 5: BEGINNING}


def test_it_looks_each_second_when_shares_change_and_more_seldom_when_that_takes_long():
    waiting = looked(1)
    assert not waiting.must_look(range(64), 100.0 + LOOK_SECONDS / 2)
    assert waiting.must_look(range(64), 100.0 + LOOK_SECONDS)
    assert waiting.must_look(range(63), 100.1)
    waiting.took(0.5, 100.5)
    assert not waiting.must_look(range(64), 105.0)
    assert waiting.must_look(range(64), 105.6)


def test_endpoints_take_turns_after_the_one_where_a_reading_was_cut_off():
    assert looked(4, 1, 3, 2).turns(2) == [3, 4, 1, 2]


@pytest.mark.django_db(transaction=True)
def test_what_was_committed_late_is_found_though_its_queue_was_read_beyond_it(acme, settings):
    def queue(number: int) -> None:
        company = acme.application.pk, acme.account.pk, receiver.url()
        enqueue([DuePush(*company, "fee", UUID(int=number), number, 1, NOW, b"{}")])

    with receiving(settings) as receiver:
        with dispatching():
            queue(1)
            until(lambda: not Push.objects.exists())
            with transaction.atomic():
                queue(2)
                Push.objects.update(due_at=timezone.now() - timedelta(hours=1))
            until(lambda: not Push.objects.exists())
    assert len(receiver.seen) == 2


@pytest.mark.django_db
def test_what_left_the_outbox_is_cleared_away_after_a_thousand_rows():
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE oid = 'notifications_push'::regclass")
        options = dict(option.split("=") for option in cursor.fetchone()[0])
    assert options["autovacuum_vacuum_scale_factor"] == "0.01"
    assert options["autovacuum_vacuum_threshold"] == "1000"

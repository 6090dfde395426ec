"""Fresh pushes while many are sent again to the same server: none waits behind more than a handful of them."""

import os
import threading

import pytest
from django.db import connection

from accounts.tests.fixtures import *  # noqa: F403
from notifications import replay, replaying
from notifications.models import Push
from notifications.outbox import enqueue
from notifications.replay import Choice
from notifications.tests.receiving import Request, dispatching, receiving, until
from notifications.tests.sent import configure, deliver, due, wait_for_horizon

MANY = 10_000 if os.environ.get("LONG_TESTS") else 240
ANSWERS_AFTER = 0.1
FRESH = 10_000_000


@pytest.mark.django_db(transaction=True)
def test_a_fresh_push_waits_behind_few_that_are_sent_again_however_slow_the_server_is(acme, settings):
    """The server takes 80 a second, the replay may queue 200 a second: it goes no faster than the server."""
    with receiving(settings, lambda request: ANSWERS_AFTER) as receiver:
        url = receiver.url()
        configure(acme, url)
        enqueue([due(acme, number, call=number, url=url) for number in range(1, MANY + 1)])
        for push in Push.objects.all():
            deliver(push)
        wait_for_horizon()
        row, _ = replay.ask(acme.account, acme.application, Choice(kind="fee"), announce=False)
        over_taken_by, number = [], FRESH
        with dispatching():
            thread = threading.Thread(target=queue_all)
            thread.start()
            until(lambda: receiver.seen)
            while thread.is_alive():
                number += 1
                enqueue([due(acme, number, call=number, url=url)])
                before = len(receiver.seen)
                until(lambda: number in sequences(receiver.seen), 60)  # noqa: B023
                came = sequences(receiver.seen)
                over_taken_by.append(sum(other < FRESH for other in came[before : came.index(number)]))
            thread.join()
            until(lambda: not Push.objects.exists())
    row.refresh_from_db()
    assert (row.state, row.queued) == ("done", MANY)
    assert len(over_taken_by) >= 3
    assert max(over_taken_by) <= 3 * replaying.ROOM


def sequences(seen: list[Request]) -> list[int]:
    return [request.sequence for request in seen]


def queue_all() -> None:
    while replaying.open_replays():
        replaying.run(10.0)
    connection.close()

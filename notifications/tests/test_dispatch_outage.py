"""A dispatcher that cannot write what became of its pushes begins no others, and goes on when it can."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from psycopg import sql

from accounts.tests.fixtures import *  # noqa: F403
from notifications.dispatching import finishing
from notifications.models import Attempt, Push
from notifications.outbox import DuePush, enqueue
from notifications.tests.receiving import dispatching, receiving, until

pytestmark = pytest.mark.django_db(transaction=True)
URLS, EACH = 8, 25
# One customer has a quarter of the places.
AT_ONCE = 16


@contextlib.contextmanager
def cut_off() -> Iterator[None]:
    """Have no session of the tests' database but ours, and let none begin."""
    name = connection.settings_dict["NAME"]
    parameters = connection.get_connection_params() | {"dbname": "postgres", "autocommit": True}
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(**parameters) as other:
        other.execute(allow.format(sql.Identifier(name), False))
        try:
            mine = connection.connection.info.backend_pid
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s", [name, mine]
            )
            yield
        finally:
            other.execute(allow.format(sql.Identifier(name), True))


def test_while_the_database_is_away_no_more_is_sent_than_was_under_way(acme, settings):
    owner, at = (acme.application.pk, acme.account.pk), timezone.now()
    pause = [0.4]
    with receiving(settings, lambda request: pause[0]) as receiver:
        enqueue(
            [
                DuePush(*owner, receiver.url(f"/{n % URLS}"), "fee", UUID(int=n), n, n, at, b'{"n":%d}' % n)
                for n in range(1, URLS * EACH + 1)
            ]
        )
        with dispatching() as dispatcher:
            receiver.wait_for(1, 30)
            with cut_off():
                until(lambda: dispatcher.finishing.cut_off, 20)
                under_way = len(dispatcher.outgoing)
                before = len(receiver.seen)
                time.sleep(1.2)
                assert len(receiver.seen) <= before + under_way
                assert under_way <= AT_ONCE and dispatcher.lines.waiting > AT_ONCE
                pause[0] = 0.01
            until(lambda: not Push.objects.exists(), 60)
    assert len(receiver.seen) == len({request.id for request in receiver.seen}) == URLS * EACH
    assert Attempt.objects.filter(result="delivered").count() == URLS * EACH


def test_making_partitions_leaves_no_session_open() -> None:
    before = sessions()
    asyncio.run(finishing.keep_partitions(forget=True))
    until(lambda: sessions() <= before)


def sessions() -> set[int]:
    """Return the sessions of the tests' database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return {pid for (pid,) in cursor.fetchall()}

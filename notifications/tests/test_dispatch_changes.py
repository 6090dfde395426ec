"""What changes while pushes are under way: URLs, leases, the database's sessions, endpoints that go dark."""

import asyncio
import time
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.tests.fixtures import *  # noqa: F403
from notifications.dispatching import requests
from notifications.dispatching.database import Database
from notifications.dispatching.finishing import keep_partitions
from notifications.dispatching.leases import LEASE_SECONDS, Leases
from notifications.models import Attempt, Dispatcher, Endpoint, Push, ShardLease
from notifications.outbox import DuePush, endpoint_id, enqueue
from notifications.tests.receiving import dispatching, receiving, until

pytestmark = pytest.mark.django_db(transaction=True)
SLOTS, SLOW = 64, 2.5


def queue(company, url, *numbers, order_key=None):
    """Queue CDRs, each of a call of its own unless `order_key` says of which."""
    owner, at = (company.application.pk, company.account.pk), timezone.now()
    enqueue(
        [
            DuePush(*owner, url, "fee", UUID(int=n), order_key or n, n, at, b'{"n":%d}' % n)
            for n in numbers
        ]
    )  # fmt: skip


def end_other_sessions():
    """End every session of the tests' database but this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def configure(company, url):
    """Have the CDRs of a company go there."""
    company.application.cdr_url = url
    company.application.save()


def told(receiver, path):
    """Return the sequences that came to a path."""
    return [request.sequence for request in receiver.seen if request.path == path]


def logged(receiver, path):
    """Return of which pushes the log of attempts says that they were sent to a path."""
    attempts = Attempt.objects.filter(endpoint__url=receiver.url(path))
    return sorted(cause.int for cause in attempts.values_list("cause_id", flat=True))


def test_a_changed_url_applies_to_what_waits_and_what_is_under_way_is_let_finish(acme, settings):
    settings.MASKLINE = {**settings.MASKLINE, "push_per_endpoint": 1}
    with receiving(settings, lambda request: 0.4 if request.path == "/old" else 200) as receiver:
        configure(acme, receiver.url("/old"))
        queue(acme, receiver.url("/old"), *range(1, 61))
        with dispatching() as dispatcher:
            receiver.wait_for(1)
            until(lambda: dispatcher.lines.waiting >= 12)
            configure(acme, receiver.url("/new"))
            until(lambda: not Push.objects.exists(), 20)
    assert len(told(receiver, "/old")) < 10
    assert sorted(told(receiver, "/old") + told(receiver, "/new")) == list(range(1, 61))
    assert set(Attempt.objects.values_list("result", flat=True)) == {"delivered"}
    assert logged(receiver, "/old") == sorted(told(receiver, "/old"))


def test_a_push_that_failed_goes_to_the_new_url_next_with_its_call_behind_it(acme, settings):
    with receiving(settings, lambda request: 500 if request.path == "/old" else 200) as receiver:
        configure(acme, receiver.url("/old"))
        queue(acme, receiver.url("/old"), 1, 2, order_key=7)
        with dispatching():
            until(lambda: Push.objects.filter(attempt=1).exists())
            configure(acme, receiver.url("/new"))
            queue(acme, receiver.url("/new"), 3, order_key=7)
            until(lambda: not Push.objects.exists())
    assert (told(receiver, "/old"), told(receiver, "/new")) == ([1], [1, 2, 3])
    assert (logged(receiver, "/old"), logged(receiver, "/new")) == ([1], [1, 2, 3])
    assert receiver.seen[1].headers["x-maskline-attempt"] == "2"


def test_a_call_whose_first_push_is_on_its_way_follows_it_to_the_new_url(acme, settings):
    with receiving(settings, lambda request: "500 No" if request.path == "/new" else SLOW) as receiver:
        configure(acme, receiver.url("/old"))
        queue(acme, receiver.url("/old"), 1, 2, 3, order_key=7)
        with dispatching():
            receiver.wait_for(1)
            configure(acme, receiver.url("/new"))
            queue(acme, receiver.url("/new"), 4, order_key=7)
            queue(acme, receiver.url("/new"), 9)
            until(lambda: told(receiver, "/new") == [9])
            until(lambda: told(receiver, "/new") == [9, 2])
    assert told(receiver, "/old") == [1]
    assert logged(receiver, "/old") == [1]


def path_of(receiver, company, dispatcher):
    """Return a path that makes an endpoint in one of a dispatcher's shares."""
    owner = company.application.pk, company.account.pk
    for path in (f"/new/{n}" for n in range(99)):
        endpoint = Endpoint.objects.get(pk=endpoint_id(*owner, receiver.url(path)))
        if endpoint.shard in dispatcher.leases.held:
            return path
    raise AssertionError("no such path")


def test_what_one_dispatcher_is_sending_is_not_sent_by_another_to_the_new_url(acme, settings):
    with receiving(settings, lambda request: 1.0 if request.sequence == 1 else 200) as receiver:
        with dispatching() as first, dispatching() as second:
            until(lambda: (len(first.leases.held), len(second.leases.held)) == (32, 32))
            old, new = path_of(receiver, acme, first), path_of(receiver, acme, second)
            configure(acme, receiver.url(old))
            queue(acme, receiver.url(old), 1)
            receiver.wait_for(1)
            configure(acme, receiver.url(new))
            queue(acme, receiver.url(new), 9)
            until(lambda: told(receiver, new) == [9])
            until(lambda: not Push.objects.exists())
    assert (told(receiver, old), told(receiver, new)) == ([1], [9])
    assert (logged(receiver, old), logged(receiver, new)) == ([1], [9])


def test_what_was_moved_before_what_is_under_way_waits_for_its_time(acme, settings):
    with receiving(settings, lambda request: 0.3) as receiver:
        configure(acme, receiver.url())
        queue(acme, receiver.url(), 2, order_key=7)
        Push.objects.update(attempt=1, first_failed_at=timezone.now())
        with dispatching():
            receiver.wait_for(1)
            later = timezone.now() + timedelta(minutes=1)
            with transaction.atomic():
                queue(acme, receiver.url(), 1, order_key=7)
                Push.objects.filter(sequence=1).update(due_at=later)
            queue(acme, receiver.url(), 3, order_key=7)
            until(lambda: Push.objects.filter(sequence=3, due_at__gt=timezone.now()).exists() and not under_way(2))
            assert (told(receiver, "/fee"), Push.objects.get(sequence=1).due_at) == ([2], later)
            Push.objects.filter(sequence=1).update(due_at=timezone.now())
            until(lambda: not Push.objects.filter(sequence=1).exists())
    assert told(receiver, "/fee")[:2] == [2, 1]


def under_way(sequence):
    """Return whether a push has not left the outbox yet."""
    return Push.objects.filter(sequence=sequence).exists()


def test_without_a_url_what_waits_is_given_up_and_nothing_is_sent(acme, settings):
    with receiving(settings) as receiver:
        configure(acme, receiver.url())
        Push.objects.all().delete()
        queue(acme, receiver.url(), 1, 2)
        configure(acme, None)
        with dispatching() as dispatcher:
            until(lambda: dispatcher.leases.held)
            queue(acme, receiver.url("/later"), 3)
            receiver.wait_for(1)
    assert [request.path for request in receiver.seen] == ["/later"]
    assert set(Push.objects.values_list("state", "reason")) == {
        (Push.State.DEAD, "Given up: the application has no URL for this any more.")
    }


def test_a_server_that_asks_for_half_an_hour_has_it(acme, settings):
    with receiving(settings, lambda request: "429 Slow down\r\nRetry-After: 1800") as receiver:
        queue(acme, receiver.url(), 1, 2, order_key=7)
        with dispatching():
            until(lambda: Push.objects.filter(attempt=1).exists())
    first, second = Push.objects.order_by("sequence")
    assert first.first_failed_at and first.due_at - first.first_failed_at == timedelta(minutes=30)
    assert (second.due_at, second.attempt) == (first.due_at, 0)


def test_pushes_of_suspended_applications_and_of_accounts_in_arrears_arrive(acme, settings):
    with receiving(settings) as receiver:
        configure(acme, receiver.url())
        queue(acme, receiver.url(), 1)
        acme.application.state = "suspended"
        acme.application.save()
        acme.account.state = "arrears"
        acme.account.save()
        with dispatching():
            receiver.wait_for(1)


def test_when_its_sessions_are_ended_a_dispatcher_comes_back_and_loses_nothing(acme, settings):
    with receiving(settings, lambda request: 0.01) as receiver:
        queue(acme, receiver.url(), *range(1, 201))
        asyncio.run(keep_partitions(forget=True))
        with dispatching():
            for count in (20, 100):
                receiver.wait_for(count)
                end_other_sessions()
            until(lambda: not Push.objects.exists(), 20)
    assert sorted(set(told(receiver, "/fee"))) == list(range(1, 201))
    assert Attempt.objects.filter(result="delivered").count() == 200
    assert len(receiver.seen) <= 200 + SLOTS
    asyncio.run(keep_partitions(forget=True))  # once more, by a thread whose session was ended


def test_dark_endpoints_take_no_room_in_memory_from_others(acme, bolt, settings):
    with receiving(settings, lambda request: 500 if request.path != "/well" else 200) as receiver:
        paths = [f"/dark/{n}" for n in range(12)]
        for place, path in enumerate(paths):
            queue(acme, receiver.url(path), *range(place * 100 + 1, place * 100 + 81))
        with dispatching() as dispatcher:
            until(lambda: Endpoint.objects.filter(closed_until__isnull=False).count() == 12, 20)
            Endpoint.objects.update(closed_until=timezone.now())
            queue(bolt, receiver.url("/well"), 5000)
            until(lambda: told(receiver, "/well") == [5000], 20)
            time.sleep(0.5)
            assert dispatcher.lines.waiting <= 12


def test_a_dispatcher_that_lost_an_endpoint_says_nothing_of_its_health(acme):
    queue(acme, "https://acme.example/fee", 1)
    endpoint = Endpoint.objects.get()
    ShardLease.objects.create(shard=endpoint.shard, owner="another", epoch=2, expires_at=timezone.now())
    change = {"endpoint": endpoint.pk, "misses": 9, "state": "disabled", "why": "dark"}
    write = Database().rows("keep_health", rows=requests.as_json([change]), owner="frozen")
    asyncio.run(write)
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.misses) == ("active", 0)


def look(*leases):
    """Let each look once, one after the other; return the shares that each lost."""

    async def each():
        lost = [await one.look() for one in leases]
        for one in leases:
            await one._database.close()
        return lost

    return asyncio.run(each())


def prepared(*names):
    """Return the leases of some dispatchers."""
    made = [Leases(Database(), name) for name in names]

    async def prepare():
        for one in made:
            await one.prepare()
            await one._database.close()

    asyncio.run(prepare())
    return made


def test_a_lease_that_ran_out_and_nobody_took_goes_on_with_its_epoch():
    [first] = prepared("first")
    look(first)
    epochs = {shard: lease.epoch for shard, lease in first.held.items()}
    for lease in first.held.values():
        lease.until = 0
    assert len(first.run_out()) == 64 and not first.held
    ShardLease.objects.update(expires_at=timezone.now() - timedelta(seconds=5))
    look(first)
    assert {shard: lease.epoch for shard, lease in first.held.items()} == epochs
    ShardLease.objects.filter(shard=3).update(owner="another", epoch=9)
    first._renew_at = 0
    assert look(first) == [{3}]
    [second] = prepared("second")
    look(second, first)
    assert len(first.leaving) == 31
    for shard, lease in first.held.items():
        assert first.may_begin(shard, lease.epoch) is (shard not in first.leaving)  # these are about to be given back


def test_after_the_clock_was_set_back_no_share_waits_for_longer_than_a_lease():
    Dispatcher.objects.create(name="gone", seen_at=timezone.now() + timedelta(hours=1))
    [first] = prepared("first")
    ShardLease.objects.update(owner="gone", expires_at=timezone.now() + timedelta(hours=1))
    look(first)
    assert not first.held
    latest = ShardLease.objects.order_by("-expires_at")[0].expires_at
    assert latest <= timezone.now() + timedelta(seconds=LEASE_SECONDS)
    ShardLease.objects.update(expires_at=timezone.now())
    look(first)
    assert len(first.held) == 64  # and no half of them is left to one who is gone


def test_after_the_clock_was_set_forward_nothing_is_taken_from_the_living():
    first, second = prepared("first", "second")
    look(first, second)
    second._told = second._told[0] - timedelta(hours=1), second._told[1]
    ShardLease.objects.update(expires_at=timezone.now() - timedelta(minutes=59))
    look(second)
    assert not second.held
    first._renew_at = 0
    assert look(first) == [set()]
    second._take_from = 0
    look(second)
    assert not second.held and len(first.held) == 64

"""Pushes on their way: a real receiver, a real dispatcher, PostgreSQL between them."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.tests.fixtures import *  # noqa: F403
from notifications import signing
from notifications.models import Attempt, Endpoint, Push, ShardLease
from notifications.outbox import DuePush, enqueue
from notifications.tests.receiving import dispatching, receiving, until

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 1, tzinfo=UTC)


def due(company, url, number=1, **fields):
    return DuePush(
        **{
            "application_id": company.application.pk,
            "account_id": company.account.pk,
            "url": url,
            "kind": "fee",
            "cause_id": UUID(int=number),
            "order_key": 7,
            "sequence": number,
            "occurred_at": AT,
            "body": b'{"n":%d}' % number,
        }
        | fields
    )


def test_pushes_arrive_signed_in_order_and_leave_the_outbox_for_the_log(acme, settings):
    with receiving(settings) as receiver:
        enqueue([due(acme, receiver.url(), n) for n in range(1, 41)])
        with dispatching():
            seen = receiver.wait_for(40)
            until(lambda: not Push.objects.exists())
    assert [request.body for request in seen] == [b'{"n":%d}' % n for n in range(1, 41)]
    assert [request.sequence for request in seen] == list(range(1, 41))
    for request in seen:
        Webhook(signing.webhook_secret(acme.application.app_secret)).verify(request.body, request.headers)
        assert 'Username="acmeAppKey01"' in request.headers["x-aksk"]
        assert request.headers["x-maskline-attempt"] == "1"
    attempts = list(Attempt.objects.order_by("sequence"))
    assert [(a.result, a.number, a.http_status, a.body, a.answer) for a in attempts] == [
        ("delivered", 1, 200, b'{"n":%d}' % n, b"ok") for n in range(1, 41)
    ]
    assert all(a.queued_xid and a.queued_at and a.order_key == 7 for a in attempts)
    endpoint = Endpoint.objects.get()
    assert endpoint.state == "active" and endpoint.last_success_at is not None
    assert not ShardLease.objects.exclude(owner="").exists()


def answers(company, **by_number):
    """Return an answer to each request by the number in its body."""

    def answer(request):
        value = by_number.get(f"n{request.sequence}", 200)
        return value(request) if callable(value) else value

    return answer


def soon():
    """Make everything that waits due now."""
    Push.objects.filter(state=0).update(due_at=timezone.now())


def test_a_failed_push_holds_its_call_and_only_that(acme, settings):
    down = threading.Event()
    with receiving(settings, lambda request: 200 if down.is_set() or request.sequence != 2 else 500) as receiver:
        enqueue([due(acme, receiver.url(), n) for n in range(1, 5)])
        enqueue([due(acme, receiver.url(), n, order_key=8) for n in range(11, 15)])
        with dispatching():
            until(lambda: Push.objects.count() == 3 and Push.objects.filter(attempt=1).exists())
            until(lambda: Endpoint.objects.get().last_reason != "")
            waiting = list(Push.objects.order_by("sequence"))
            assert [(push.sequence, push.attempt) for push in waiting] == [(2, 1), (3, 0), (4, 0)]
            assert waiting[0].first_failed_at is not None
            wait = waiting[0].due_at - waiting[0].first_failed_at
            assert timedelta(minutes=1) <= wait <= timedelta(minutes=1, seconds=5)
            assert {push.due_at for push in waiting} == {waiting[0].due_at}
            # One more of the call comes in meanwhile: it waits as well.
            enqueue([due(acme, receiver.url(), 5)])
            until(lambda: Push.objects.get(sequence=5).due_at == waiting[0].due_at)
            down.set()
            Push.objects.filter(sequence=2).update(due_at=timezone.now())
            until(lambda: not Push.objects.exists())
    first = [request.sequence for request in receiver.seen if request.sequence < 10]
    assert first == [1, 2, 2, 3, 4, 5]
    again = [request for request in receiver.seen if request.sequence == 2]
    assert again[0].id == again[1].id and again[0].body == again[1].body
    assert again[1].headers["x-maskline-attempt"] == "2"
    assert again[0].headers["x-aksk"] != again[1].headers["x-aksk"]
    assert [a.number for a in Attempt.objects.filter(push_id=waiting[0].pk).order_by("number")] == [1, 2]


def test_after_the_last_re_push_it_is_dead_and_the_next_tells_the_gap(acme, settings):
    with receiving(settings, answers(acme, n1=500)) as receiver:
        enqueue([due(acme, receiver.url(), n) for n in (1, 2)])
        Push.objects.filter(sequence=1).update(attempt=6, first_failed_at=timezone.now() - timedelta(minutes=300))
        with dispatching():
            until(lambda: Push.objects.count() == 1)
    dead = Push.objects.get()
    assert (dead.state, dead.attempt, dead.reason) == (Push.State.DEAD, 7, "Given up: the last re-push failed as well.")
    assert [(r.sequence, r.headers.get("x-maskline-gap")) for r in receiver.seen] == [(1, None), (2, "1")]


def test_a_poison_push_is_parked_and_its_call_goes_on(acme, settings):
    with receiving(settings, answers(acme, n1=422)) as receiver:
        enqueue([due(acme, receiver.url(), n) for n in (1, 2)])
        with dispatching():
            for made in range(1, 5):
                enqueue([due(acme, receiver.url(), 100 + made, order_key=9)])  # others arrive
                until(Push.objects.filter(sequence=1, attempt=made).exists)
                until(Attempt.objects.filter(sequence=100 + made).exists)
                soon()
            until(lambda: Push.objects.count() == 1)
    parked = Push.objects.get()
    assert (parked.state, parked.attempt) == (Push.State.PARKED, 4)
    assert [request.sequence for request in receiver.seen].count(1) == 4
    assert 2 in [request.sequence for request in receiver.seen]


def test_410_pauses_and_keeps_the_queue_until_somebody_resumes(acme, settings):
    gone = [True]
    with receiving(settings, lambda request: 410 if gone[0] else 200) as receiver:
        enqueue([due(acme, receiver.url(), n, order_key=n) for n in (1, 2, 3)])
        with dispatching():
            until(lambda: Endpoint.objects.get().state == "paused")
            count = len(receiver.seen)
            enqueue([due(acme, receiver.url(), 4, order_key=4)])
            soon()
            until(lambda: ShardLease.objects.exists())
            assert Push.objects.count() == 4
            gone[0] = False
            Endpoint.objects.update(state="active")
            soon()
            until(lambda: not Push.objects.exists())
    assert count <= 3
    assert Endpoint.objects.get().state == "active"


def test_while_an_endpoint_hangs_the_breaker_waits_and_others_go_on(acme, bolt, settings):
    with receiving(settings, lambda r: 500 if r.path == "/bad" else 200) as receiver:
        enqueue([due(acme, receiver.url("/bad"), n, order_key=n) for n in range(1, 41)])
        enqueue([due(bolt, receiver.url("/good"), n, order_key=n) for n in range(101, 141)])
        with dispatching():
            until(lambda: Attempt.objects.filter(result="delivered").count() == 40)
            until(lambda: Endpoint.objects.filter(state="failing", closed_until__isnull=False).exists())
            tried = len([request for request in receiver.seen if request.path == "/bad"])
    assert 10 <= tried <= 20  # what was under way when it closed
    assert Push.objects.filter(attempt=0).count() == 40 - tried


def test_what_waited_for_three_days_is_dead_though_its_endpoint_is_paused(acme, settings):
    with receiving(settings) as receiver:
        enqueue([due(acme, receiver.url(), n) for n in (1, 2)])
        Endpoint.objects.update(state="paused")
        Push.objects.filter(sequence=1).update(created_at=timezone.now() - timedelta(hours=73))
        with dispatching():
            until(lambda: Push.objects.filter(state=Push.State.DEAD).exists())
    assert receiver.seen == []
    assert Push.objects.get(sequence=1).reason == "Given up: it had waited for three days."


def test_both_secrets_sign_until_the_old_one_ends_and_a_change_applies_at_once(acme, settings):
    with receiving(settings) as receiver:
        with dispatching():
            enqueue([due(acme, receiver.url(), 1)])
            receiver.wait_for(1)
            old, application = acme.application.app_secret, acme.application
            application.cdr_url = receiver.url()
            application.app_secret = "a-new-secret-of-acme-0123456789"
            application.previous_secret = old
            application.previous_secret_until = timezone.now() + timedelta(hours=24)
            application.save()
            enqueue([due(acme, receiver.url(), 2)])
            receiver.wait_for(2)
            application.previous_secret_until = timezone.now() - timedelta(seconds=1)
            application.save()
            enqueue([due(acme, receiver.url(), 3)])
            receiver.wait_for(3)
    second, third = receiver.seen[1:]
    for secret in (old, application.app_secret):
        Webhook(signing.webhook_secret(secret)).verify(second.body, second.headers)
    assert len(second.headers["webhook-signature"].split()) == 2
    assert len(third.headers["webhook-signature"].split()) == 1
    Webhook(signing.webhook_secret(application.app_secret)).verify(third.body, third.headers)


def test_two_dispatchers_share_the_work_and_nothing_is_sent_twice(acme, settings):
    with receiving(settings) as receiver:
        with dispatching() as first, dispatching() as second:
            until(lambda: len(first.leases.held) == len(second.leases.held) == 32, 15)
            urls = [receiver.url(f"/{n}") for n in range(20)]
            enqueue([due(acme, urls[n % 20], n, order_key=n % 7) for n in range(400)])
            until(lambda: not Push.objects.exists())
        held = ShardLease.objects.exclude(owner="").count()
    assert held == 0
    assert len({request.id for request in receiver.seen}) == len(receiver.seen) == 400
    for path in {request.path for request in receiver.seen}:
        for key in range(7):
            calls = [r.sequence for r in receiver.seen if r.path == path and r.sequence % 7 == key]
            assert calls == sorted(calls)


def test_a_lease_that_another_took_fences_what_its_old_owner_writes(acme, settings):
    with receiving(settings, lambda request: 0.8) as receiver:
        enqueue([due(acme, receiver.url(), 1)])
        with dispatching():
            receiver.wait_for(1)
            ShardLease.objects.update(owner="another", epoch=99, expires_at=timezone.now() + timedelta(minutes=1))
            until(lambda: len(receiver.seen) == 1, 2)
            threading.Event().wait(1.2)
    assert Push.objects.get().attempt == 0
    assert not Attempt.objects.exists()
    assert set(ShardLease.objects.values_list("owner", flat=True)) == {"another"}


def test_without_redis_pushes_go_on(acme, settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    with receiving(settings) as receiver:
        with dispatching():
            enqueue([due(acme, receiver.url(), n) for n in range(1, 6)])
            until(lambda: not Push.objects.exists())
    assert len(receiver.seen) == 5


def test_one_long_call_does_not_keep_the_others_of_its_endpoint_waiting(acme, settings):
    arrived = threading.Event()

    def answer(request):
        if request.sequence > 100:
            arrived.set()
        return 200 if arrived.is_set() else 0.1

    with receiving(settings, answer) as receiver:
        enqueue([due(acme, receiver.url(), n) for n in range(1, 61)])
        Push.objects.update(due_at=timezone.now() - timedelta(seconds=5))
        enqueue([due(acme, receiver.url(), 101, order_key=8)])
        with dispatching():
            until(lambda: not Push.objects.exists())
    seen = [request.sequence for request in receiver.seen]
    assert seen.index(101) < 10
    seen.remove(101)
    assert seen == list(range(1, 61))

"""Pushes whose URL is gone: moved to the new one of their kind, or given up; and those given up, forgotten."""

import threading
from datetime import UTC, datetime, timedelta
from queue import Empty
from typing import Any
from uuid import UUID

import pytest
from celery import current_app
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Application
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from common import partitions
from common.timeid import time_id
from notifications import outbox, retention
from notifications.models import Endpoint, Push, ShardLease
from notifications.outbox import DuePush, enqueue
from privacy import stranded
from privacy.models import CallEvent, Source
from privacy.tasks import sweep_outbox

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)
OLD, NEW, OTHER = "https://acme.example/old", "https://acme.example/new", "https://acme.example/other"
URLS = {"call_status_url": OLD, "cdr_url": OLD, "sms_url": OLD, "number_status_url": OLD}


def queue(company: Company, kind: str, number: int, url: str = OLD, cause: UUID | None = None) -> Push:
    application = company.application
    cause = cause or UUID(int=number)
    enqueue([DuePush(application.pk, company.account.pk, url, kind, cause, 7, number, AT, b"{}")])
    return Push.objects.get(sequence=number, endpoint__url=url)


def change(**urls: str | None) -> None:
    Application.objects.update(**{**URLS, **urls})


def where(push: Push) -> tuple[str, str]:
    """Return the URL of a push and why it was given up."""
    push.refresh_from_db()
    return push.endpoint.url, push.reason


@pytest.fixture(autouse=True)
def configured(acme: Company) -> None:
    change()


@pytest.mark.parametrize(
    ("kind", "field"),
    [("fee", "cdr_url"), ("sms", "sms_url"), ("numStatus", "number_status_url"), ("event", "call_status_url")],
)
def test_a_push_goes_to_the_new_url_of_its_kind(acme: Company, kind: str, field: str) -> None:
    push = queue(acme, kind, 1)
    Push.objects.update(attempt=3, due_at=timezone.now() + timedelta(hours=1))
    Application.objects.update(**{name: NEW if name == field else OTHER for name in URLS})
    assert stranded.sweep(timezone.now()) == stranded.Swept(moved=1)
    assert where(push) == (NEW, "")
    assert (push.attempt, push.shard, push.due_at <= timezone.now()) == (3, push.endpoint.shard, True)
    assert stranded.sweep(timezone.now()) == stranded.Swept()


@pytest.mark.parametrize(
    ("was", "will", "pause"),
    [("one", "two", stranded.PAUSE_SECONDS), ("one", "", stranded.PAUSE_SECONDS), ("one", "one", 0), ("", "two", 0)],
)
def test_another_dispatcher_waits_as_long_as_a_request_may_take(
    acme: Company, was: str, will: str, pause: float
) -> None:
    push, now = queue(acme, "fee", 1), timezone.now()
    new = endpoint_elsewhere(acme, push.shard)
    for shard, owner in ((push.shard, was), (new.shard, will)):
        ShardLease.objects.create(shard=shard, owner=owner, epoch=1, expires_at=now)
    change(cdr_url=new.url, **dict.fromkeys(URLS.keys() - {"cdr_url"}, OTHER))
    assert stranded.sweep(now) == stranded.Swept(moved=1)
    assert where(push) == (new.url, "")
    assert pause - 2 < (push.due_at - now).total_seconds() < pause + 60


def endpoint_elsewhere(company: Company, shard: int) -> Endpoint:
    """Return an endpoint of the company that is not in this share."""
    application = company.application
    ids = (outbox.endpoint_id(application.pk, company.account.pk, f"{NEW}/{n}") for n in range(9))
    return next(each for each in (Endpoint.objects.get(pk=id) for id in ids) if each.shard != shard)


def test_a_push_stays_while_its_url_is_any_of_the_applications(acme: Company) -> None:
    push = queue(acme, "fee", 1)
    change(cdr_url=NEW)
    assert stranded.sweep(timezone.now()) == stranded.Swept()
    assert where(push) == (OLD, "")


@pytest.mark.parametrize(("kind", "none"), [("fee", "cdr_url"), ("event", "call_status_url")])
def test_without_a_url_a_push_is_given_up_and_says_why(acme: Company, kind: str, none: str) -> None:
    push = queue(acme, kind, 1)
    Application.objects.update(**{name: None if name == none else OTHER for name in URLS})
    assert stranded.sweep(timezone.now()) == stranded.Swept(given_up=1)
    assert where(push) == (OLD, stranded.NO_URL)
    assert push.state == Push.State.DEAD


def test_a_callin_goes_to_its_own_url_and_no_other_event_does(acme: Company, switch1: Any) -> None:
    at = timezone.now()
    cause = time_id(at, "callin")
    partitions.ensure(CallEvent, "week", [at])
    source = Source.objects.create(door=Source.Door.REQUEST, upstream=switch1)
    CallEvent.objects.create(
        id=cause, event_type="callin", account=acme.account, application=acme.application, upstream=switch1,
        source=source, source_line=1, session_id="s1", occurred_at=at,
    )  # fmt: skip
    callin, answer = queue(acme, "event", 1, cause=cause), queue(acme, "event", 2)
    Application.objects.update(**{**dict.fromkeys(URLS, OTHER), "callin_url": NEW})
    stranded.sweep(timezone.now())
    assert (where(callin)[0], where(answer)[0]) == (NEW, OTHER)


def test_number_status_falls_back_to_the_call_status_url(acme: Company) -> None:
    push = queue(acme, "numStatus", 1)
    Application.objects.update(**{**dict.fromkeys(URLS, OTHER), "number_status_url": None, "call_status_url": NEW})
    stranded.sweep(timezone.now())
    assert where(push) == (NEW, "")


def test_what_the_new_url_is_told_already_is_given_up(acme: Company) -> None:
    push = queue(acme, "fee", 1)
    queue(acme, "fee", 1, url=NEW, cause=UUID(int=9))
    Application.objects.update(**dict.fromkeys(URLS, NEW))
    assert stranded.sweep(timezone.now()) == stranded.Swept(given_up=1)
    assert where(push) == (OLD, stranded.TOLD_THERE)


def test_many_are_looked_after_some_at_a_time_and_others_not_at_all(
    acme: Company, bolt: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stranded, "AT_ONCE", 3)
    Application.objects.filter(pk=acme.application.pk).update(**dict.fromkeys(URLS, NEW))
    for number in range(1, 8):
        queue(acme, "fee", number)
    Application.objects.filter(pk=bolt.application.pk).update(**URLS)
    others = queue(bolt, "fee", 20)
    dead = queue(acme, "fee", 30)
    Push.objects.filter(pk=dead.pk).update(state=Push.State.DEAD)
    assert stranded.sweep(timezone.now()) == stranded.Swept(moved=7)
    assert where(others)[0] == where(dead)[0] == OLD
    assert Endpoint.objects.get(url=NEW).pushes.count() == 7


@pytest.mark.django_db(transaction=True)
def test_what_follows_a_push_that_is_being_written_waits_for_it(acme: Company) -> None:
    first, second, third = (queue(acme, "fee", number) for number in (1, 2, 3))
    Push.objects.filter(pk=third.pk).update(order_key=8)
    Application.objects.update(**dict.fromkeys(URLS, NEW))
    held, done = threading.Event(), threading.Event()

    def dispatcher() -> None:
        with transaction.atomic():
            Push.objects.filter(pk=first.pk).update(attempt=1)
            held.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=dispatcher)
    thread.start()
    held.wait(20)
    try:
        assert stranded.sweep(timezone.now()) == stranded.Swept(moved=1)
        assert [where(push)[0] for push in (first, second, third)] == [OLD, OLD, NEW]
    finally:
        done.set()
        thread.join(20)
    assert stranded.sweep(timezone.now()) == stranded.Swept(moved=2)


def test_pushes_follow_as_soon_as_the_change_of_a_url_is_committed(
    acme: Company, bolt: Company, django_capture_on_commit_callbacks: Any
) -> None:
    push, other = queue(acme, "fee", 1), queue(bolt, "fee", 2)
    Application.objects.filter(pk=bolt.application.pk).update(**dict.fromkeys(URLS, NEW))
    application = Application.objects.get(pk=acme.application.pk)
    for field in URLS:
        setattr(application, field, NEW)
    with django_capture_on_commit_callbacks(execute=True):
        application.save()
        assert where(push)[0] == OLD
    assert (where(push)[0], where(other)[0]) == (NEW, OLD)
    with django_capture_on_commit_callbacks() as asked:
        application.save(update_fields=["name"])
    assert asked == []


@pytest.mark.django_db(transaction=True)
def test_after_a_change_some_follow_at_once_and_a_worker_is_asked_for_the_rest(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stranded, "AT_ONCE", 3)
    application = Application.objects.get(pk=acme.application.pk)
    for field in URLS:
        setattr(application, field, NEW)
    for number in range(1, 4):
        queue(acme, "fee", number)
    asked_for()
    application.save()
    assert (Endpoint.objects.get(url=NEW).pushes.count(), asked_for()) == (3, 0)
    for number in range(11, 15):
        queue(acme, "fee", number)
    application.save()
    assert (Endpoint.objects.get(url=NEW).pushes.count(), asked_for()) == (6, 1)
    assert sweep_outbox() == 1
    assert not Endpoint.objects.get(url=OLD).pushes.exists()


def asked_for() -> int:
    """Return how often the workers were asked since the last time."""
    count = 0
    with current_app.connection_for_read() as broker, broker.SimpleQueue("default") as tasks:
        while True:
            try:
                message = tasks.get(block=False)
            except Empty:
                return count
            message.ack()
            count += message.headers["task"] == stranded.TASK


def test_shares_lose_the_name_of_who_is_long_gone() -> None:
    now = timezone.now()
    for shard, minutes in ((0, 11), (1, 1), (2, -1)):
        ShardLease.objects.create(shard=shard, owner="one", epoch=4, expires_at=now - timedelta(minutes=minutes))
    assert stranded.sweep(now).leases == 1
    assert list(ShardLease.objects.values_list("owner", "epoch")) == [("", 4), ("one", 4), ("one", 4)]


@pytest.mark.parametrize(("days", "state", "left"), [(34, 1, 0), (34, 2, 0), (34, 0, 1), (32, 1, 1), (1, 1, 1)])
def test_what_was_given_up_is_forgotten_after_its_term(acme: Company, days: int, state: int, left: int) -> None:
    queue(acme, "fee", 1)
    now = timezone.now()
    Push.objects.update(state=state, due_at=now - timedelta(days=days))
    assert retention.forget_given_up(now, 30) == 1 - left
    assert Push.objects.count() == left

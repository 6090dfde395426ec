"""Pushes for tests of the lists and of replays: queued, delivered and given up, without anything being sent."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import psycopg
from django.db import connection, transaction
from django.utils import timezone

from common import partitions, sql
from common.timeid import time_id
from notifications import listing
from notifications.listing import Listed, Wanted
from notifications.models import Attempt, Push
from notifications.outbox import DuePush, enqueue, push_id

AT = datetime(2026, 3, 1, tzinfo=UTC)
PATIENCE = 20.0
URLS = ("cdr_url", "call_status_url", "sms_url", "sms_control_url", "number_status_url", "callin_url")


def due(company, number: int, *, call: int = 7, url: str = "https://acme.example/fee", kind: str = "fee") -> DuePush:
    """Return a push of a company; `number` is its cause, its sequence, and stands in its body."""
    body = b'{"n":%d,"caller":"+8613900000101","text":"\xe4\xbd\xa0\xe5\xa5\xbd"}' % number
    return DuePush(
        company.application.pk, company.account.pk, url, kind, UUID(int=number), call, number, AT, body
    )  # fmt: skip


def queue(company, *numbers: int, **fields) -> list[Push]:
    """Queue pushes in one transaction and return them in the order of the numbers; their URL is configured."""
    pushes = [due(company, number, **fields) for number in numbers]
    for url in {push.url for push in pushes}:
        configure(company, url)
    enqueue(pushes)
    return list(Push.objects.filter(cause_id__in=[UUID(int=n) for n in numbers]).order_by("cause_id"))


def configure(company, url: str) -> None:
    """Have the application a URL, under whatever kind there is room for."""
    application = company.application
    known = [getattr(application, name) for name in URLS]
    if url not in known:
        setattr(application, URLS[known.index(None)], url)
        application.save()


def deliver(push: Push) -> None:
    """Take a push out of the outbox into the log of attempts, as the dispatcher does when it arrived."""
    at = timezone.now()
    partitions.ensure(Attempt, Attempt.partition_interval, [at])
    with transaction.atomic():
        Attempt.objects.create(
            id=time_id(at, "attempt", push.pk.bytes, push.attempt + 1), push_id=push.pk, endpoint_id=push.endpoint_id,
            account_id=push.account_id, application_id=push.application_id, kind=push.kind, cause_id=push.cause_id,
            number=push.attempt + 1, result="delivered", http_status=200, duration_us=1000, queued_xid=push.queued_xid,
            order_key=push.order_key, sequence=push.sequence, queued_at=push.created_at,
            replay=push.replay_id is not None, body=push.body,
        )  # fmt: skip
        assert Push.objects.filter(pk=push.pk).delete()[0] == 1


def give_up(push: Push, state: Push.State = Push.State.DEAD) -> None:
    """Let a push be dead, or parked."""
    Push.objects.filter(pk=push.pk).update(state=state, attempt=7, reason="HTTP 500", first_failed_at=timezone.now())


def wait_for_horizon() -> None:
    """Wait until everything that is committed now is listed: other tests' transactions on this server hold it up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(queued_xid), 0) FROM notifications_push")
        last = cursor.fetchone()[0]
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            cursor.execute(sql.load("notifications", "queued_up_to"))
            if cursor.fetchone()[0] > last:
                return
            time.sleep(0.02)
    raise AssertionError("an open transaction holds up the lists")


def read_all(company, wanted: Wanted | None = None, *, limit: int = 3, after: str = "") -> list[Listed]:
    """Return every push that is listed, page by page."""
    found: list[Listed] = []
    while True:
        page = listing.page(company.application.pk, wanted or Wanted(), after=after, limit=limit)
        found += page.pushes
        after = page.after
        if not page.more:
            return found


@contextmanager
def another_session(database: str = "") -> Iterator[psycopg.Connection]:
    """Open a second connection to the tests' database, or to another one of its server."""
    parameters = connection.get_connection_params()
    parameters = {
        name: parameters[name] for name in ("dbname", "user", "password", "host", "port") if name in parameters
    }
    if database:
        parameters["dbname"] = database
    with psycopg.connect(**parameters) as session:
        yield session


def push_row(company, number: int) -> dict[str, object]:
    """Return the values of a push for raw SQL, at an endpoint that is there."""
    push = due(company, number)
    first = Push.objects.filter(application=company.application).select_related("endpoint")[0]
    return {"id": push_id(push, first.endpoint_id), "like": first.pk, "cause": push.cause_id, "sequence": number}

"""Pushes on their way: a real receiver, a real dispatcher, PostgreSQL between them."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
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

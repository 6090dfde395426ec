"""Writing pushes that are due: once a cause, sealed, in order, endpoints made on the way."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.tests.fixtures import *  # noqa: F403
from notifications.models import Endpoint, Push
from notifications.outbox import DuePush, enqueue

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)


def due(company, number: int = 1, **fields) -> DuePush:
    """Return a push of a company that is due."""
    push = DuePush(
        company.application.pk,
        company.account.pk,
        "https://acme.example/fee",
        "fee",
        UUID(int=number),
        7,
        number,
        AT,
        b"{}",
    )
    return replace(push, **fields)


def test_a_push_is_queued_with_its_endpoint_and_a_sealed_body(acme):
    assert enqueue([due(acme, body=b'{"callerNum":"+8613900000101"}')]) == 1
    push = Push.objects.get()
    assert (push.body, push.state, push.attempt) == (b'{"callerNum":"+8613900000101"}', 0, 0)
    assert (push.endpoint.url, push.shard) == ("https://acme.example/fee", push.endpoint.shard)
    with connection.cursor() as cursor:
        cursor.execute("SELECT position('13900000101'::bytea in body) FROM notifications_push")
        assert cursor.fetchone() == (0,)


def test_the_same_cause_is_queued_once(acme):
    assert enqueue([due(acme, 1), due(acme, 2)]) == 2
    assert enqueue([due(acme, 2), due(acme, 3), due(acme, 1)]) == 1
    assert sorted(Push.objects.values_list("sequence", flat=True)) == [1, 2, 3]


def test_a_second_push_with_the_place_of_another_in_order_is_a_fault(acme):
    enqueue([due(acme, 1)])
    with pytest.raises(IntegrityError), transaction.atomic():
        enqueue([due(acme, 1, cause_id=UUID(int=9))])


def test_one_endpoint_a_url_and_application(acme, bolt):
    enqueue([due(acme, 1), due(acme, 2, kind="event"), due(acme, 3, url="https://acme.example/other"), due(bolt, 4)])
    assert Endpoint.objects.count() == 3
    assert set(Endpoint.objects.values_list("account__code", flat=True)) == {"acme", "bolt"}


def test_several_pushes_of_one_cause_differ_by_their_variant(acme):
    assert enqueue([due(acme, 1), due(acme, 1, variant=1, sequence=2)]) == 2


def test_nothing_due_costs_nothing(acme, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert enqueue([]) == 0

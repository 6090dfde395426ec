"""URLs that an application left: nothing more goes there, whatever is still queued for them, until it comes back."""

import pytest
from django.utils import timezone

from accounts.tests.fixtures import *  # noqa: F403
from notifications.models import Endpoint, Push
from notifications.tests.receiving import dispatching, receiving, until
from notifications.tests.test_dispatch_changes import configure, queue, told
from privacy import stranded

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_is_sent_to_a_url_that_was_left_though_it_is_queued_there_late(acme, settings):
    with receiving(settings) as receiver:
        configure(acme, receiver.url("/old"))
        queue(acme, receiver.url("/old"), 1)
        with dispatching():
            until(lambda: not Push.objects.exists())
            configure(acme, receiver.url("/new"))
            queue(acme, receiver.url("/old"), 2)  # by a transaction that had read the former URL
            queue(acme, receiver.url("/new"), 3)
            until(lambda: told(receiver, "/new") == [3])
            stranded.sweep(timezone.now())
            until(lambda: told(receiver, "/new") == [3, 2])
            configure(acme, receiver.url("/old"))
            queue(acme, receiver.url("/old"), 4)
            until(lambda: not Push.objects.exists())
    assert told(receiver, "/old") == [1, 4]


def test_who_comes_back_to_a_url_by_another_way_is_noticed_by_the_sweep(acme, settings):
    with receiving(settings) as receiver:
        configure(acme, receiver.url("/old"))
        queue(acme, receiver.url("/old"), 1)
        configure(acme, receiver.url("/new"))
        assert Endpoint.objects.exclude(left_at=None).count() == 1
        type(acme.application).objects.update(cdr_url=receiver.url("/old"))
        stranded.sweep(timezone.now())
        assert not Endpoint.objects.filter(url=receiver.url("/old")).exclude(left_at=None).exists()

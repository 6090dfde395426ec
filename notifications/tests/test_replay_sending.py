"""Replays on their way: what arrived days ago arrives again, the same bytes under the same id, marked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.fixtures import *  # noqa: F403
from notifications import listing, replay, replaying
from notifications.listing import Wanted
from notifications.models import Attempt, Push
from notifications.replay import Choice
from notifications.tests.receiving import dispatching, receiving, until
from notifications.tests.sent import deliver, give_up, queue, wait_for_horizon


@pytest.mark.django_db(transaction=True)
def test_old_pushes_arrive_again_marked_with_the_same_id_and_bytes(acme, settings):
    long_ago = timezone.now() - timedelta(days=5)
    with receiving(settings) as receiver, dispatching():
        queue(acme, 1, 2, url=receiver.url())
        first = list(receiver.wait_for(2))
        until(lambda: not Push.objects.exists())
        Attempt.objects.update(queued_at=long_ago)
        [dead] = queue(acme, 3, call=8, url="https://acme.example/nowhere")
        give_up(dead)
        Push.objects.update(endpoint=Attempt.objects.all()[0].endpoint, created_at=long_ago)
        wait_for_horizon()
        row, new = replay.ask(acme.account, acme.application, Choice(kind="fee"), announce=False)
        assert new and row.total == 3
        assert replaying.run(10) is False
        seen = receiver.wait_for(5)[2:]
        until(lambda: not Push.objects.exists())
    by_id = {request.headers["webhook-id"]: request.body for request in first}
    again = {request.headers["webhook-id"]: request.body for request in seen}
    assert by_id.items() <= again.items() and len(again) == 3
    assert all(request.headers["x-maskline-replay"] == "1" for request in seen)
    assert [request.sequence for request in seen if request.headers["webhook-id"] in by_id] == [1, 2]
    listed = listing.page(acme.application.pk, Wanted()).pushes
    assert sorted((push.sequence, push.state, push.replay) for push in listed) == [
        (number, "delivered", True) for number in (1, 2, 3)
    ]
    assert {push.queued_at for push in listed} == {long_ago}


@pytest.mark.django_db(transaction=True)
def test_what_is_sent_again_of_a_call_leaves_before_what_is_fresh_of_it_and_in_its_order(acme, settings):
    with receiving(settings) as receiver:
        for push in queue(acme, 1, 2, url=receiver.url()):
            deliver(push)
        queue(acme, 3, 4, url=receiver.url())
        replay.ask(acme.account, acme.application, Choice(state="delivered"), announce=False)
        assert replaying.run(10) is False
        with dispatching():
            seen = receiver.wait_for(4)
            until(lambda: not Push.objects.exists())
    assert [(request.sequence, request.headers.get("x-maskline-replay")) for request in seen] == [
        (1, "1"), (2, "1"), (3, None), (4, None),
    ]  # fmt: skip

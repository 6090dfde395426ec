"""Where pushes that are sent again go, and how fast: to the URL of today, beside what each server has to take."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Application
from accounts.tests.fixtures import *  # noqa: F403
from notifications import destinations, replay, replaying
from notifications.models import Attempt, Endpoint, Push, Replay
from notifications.replay import Choice
from notifications.replaying import Queueing
from notifications.retry import MOST_WAIT
from notifications.tests.sent import deliver, give_up, queue

pytestmark = pytest.mark.django_db
OLD, NEW, OTHER = "https://acme.example/fee", "https://acme.example/new", "https://acme.example/other"
ALL_CDRS = Choice(kind="fee")


def ask(company, choice: Choice = ALL_CDRS, **fields) -> Replay:
    """Order a replay."""
    return replay.ask(company.account, company.application, choice, announce=False, **fields)[0]


def step(queueing: Queueing, most: int = 1000, **fields) -> int:
    """Queue some of what open replays hold."""
    return queueing.tick(replaying.open_replays(), most, timezone.now(), **fields)


def queue_all(row: Replay) -> Replay:
    """Queue a replay's pushes, as if servers took all at once."""
    queueing = Queueing()
    while replaying.open_replays():
        step(queueing, 7, room=1000)
    row.refresh_from_db()
    return row


def change(**urls: str | None) -> None:
    Application.objects.update(**urls)


def where() -> dict[int, tuple[str, int]]:
    """Return the URL and state of each push in the outbox."""
    return {push.sequence: (push.endpoint.url, push.state) for push in Push.objects.select_related("endpoint")}


def test_pushes_of_a_url_that_was_changed_go_to_the_new_one_and_never_to_the_old(acme):
    pushes = queue(acme, 1, 2, 3)
    deliver(pushes[0])
    give_up(pushes[1])
    deliver(pushes[2])
    change(cdr_url=NEW)
    groups = replay.preview(acme.account.pk, acme.application.pk, ALL_CDRS, timezone.now())
    assert {group.url for group in groups} == {NEW} and replay.total(groups) == 3
    row = queue_all(ask(acme))
    assert (row.state, row.queued) == ("done", 3)
    assert where() == {1: (NEW, 0), 2: (NEW, 0), 3: (NEW, 0)}
    assert {push.pk for push in Push.objects.all()} == {push.pk for push in pushes}
    assert {push.shard for push in Push.objects.all()} == {Endpoint.objects.get(url=NEW).shard}


def test_a_url_that_changes_while_a_replay_goes_on_is_heeded_from_the_next_push_on(acme):
    for push in queue(acme, 1, 2, 3):
        deliver(push)
    row, queueing = ask(acme), Queueing()
    assert step(queueing, 1) == 1
    change(cdr_url=NEW)
    queue_all(row)
    assert where() == {1: (OLD, 0), 2: (NEW, 0), 3: (NEW, 0)}


def test_pushes_whose_kind_has_no_url_any_more_stay_as_they_are_and_are_told(acme):
    pushes = queue(acme, 1, 2)
    deliver(pushes[0])
    give_up(pushes[1])
    change(cdr_url=None)
    groups = replay.preview(acme.account.pk, acme.application.pk, ALL_CDRS, timezone.now())
    assert (replay.total(groups), replay.nowhere(groups)) == (0, 2)
    assert ask(acme).state == "done"
    assert where() == {2: (OLD, Push.State.DEAD)}


def test_a_url_that_is_still_used_for_another_kind_keeps_its_pushes(acme):
    deliver(queue(acme, 1)[0])
    change(cdr_url=NEW, sms_url=OLD)
    queue_all(ask(acme))
    assert where() == {1: (OLD, 0)}


def test_what_a_replay_sent_to_the_new_url_is_not_sent_again_by_the_same_replay(acme):
    deliver(queue(acme, 1)[0])
    change(cdr_url=NEW)
    [at_new] = queue(acme, 2, url=NEW)
    deliver(at_new)
    row, queueing = ask(acme), Queueing()
    while not Push.objects.filter(sequence=1).exists():
        step(queueing, 1)
    for push in Push.objects.all():
        deliver(push)
    queue_all(row)
    for push in Push.objects.all():
        deliver(push)
    assert sorted(attempt.sequence or 0 for attempt in Attempt.objects.all()) == [1, 1, 2, 2]


def test_nothing_is_added_where_a_server_has_enough_to_take_and_others_go_on(acme):
    busy = [*queue(acme, *range(1, 6)), *queue(acme, *range(6, 9), url=OTHER)]
    for push in busy:
        deliver(push)
    queue(acme, *range(11, 21))  # as many fresh ones wait at the first URL as are let be
    row, queueing = ask(acme), Queueing()
    while step(queueing):
        pass
    assert Push.objects.filter(replay=row, endpoint__url=OLD).count() == 0
    assert Push.objects.filter(replay=row, endpoint__url=OTHER).count() == 3
    for push in Push.objects.filter(sequence__in=(11, 12, 13)):
        deliver(push)
    step(queueing)
    assert Push.objects.filter(replay=row, endpoint__url=OLD).count() == 3
    Endpoint.objects.filter(url=OLD).update(state="paused")
    assert [endpoint.url for endpoint in destinations.resting({busy[0].endpoint_id})] == [OLD]
    while step(queueing):
        pass
    step(queueing)
    row.refresh_from_db()
    assert (row.state, row.queued) == ("done", 8)


def test_an_account_with_many_replays_leaves_room_for_another(acme, bolt):
    for push in queue(acme, *range(1, 61)):
        deliver(push)
    deliver(queue(bolt, 1)[0])
    for minute in range(30):
        ask(acme, Choice(kind="fee", start=timezone.now() - timedelta(days=1, minutes=minute)))
    row, queueing = ask(bolt), Queueing()
    for _ in range(3):
        step(queueing, 10, room=1000)
    row.refresh_from_db()
    assert row.queued == 1


def test_what_no_server_took_for_72_hours_is_not_queued_any_more(acme):
    for push in queue(acme, *range(1, 13)):
        deliver(push)
    row = ask(acme)
    queueing = Queueing()
    step(queueing)
    queueing.tick(replaying.open_replays(), 10, timezone.now() + MOST_WAIT)
    row.refresh_from_db()
    assert (row.state, row.queued, row.finished_at is not None) == ("cancelled", replaying.ROOM, True)

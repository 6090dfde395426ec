"""Replays: what is chosen, once however often it is asked, in order, at a bounded rate, nothing twice after a kill."""

import threading
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tests.fixtures import *  # noqa: F403
from common.errors import BadInput
from notifications import replay, replaying
from notifications.models import Push, Replay
from notifications.replay import Choice
from notifications.replaying import Queueing
from notifications.tests.sent import deliver, give_up, queue

pytestmark = pytest.mark.django_db
ALL_CDRS = Choice(kind="fee")


def ask(company, choice: Choice = ALL_CDRS, **fields) -> Replay:
    """Order a replay."""
    return replay.ask(company.account, company.application, choice, announce=False, **fields)[0]


def step(queueing: Queueing, most: int) -> int:
    """Queue some more pushes of all open replays, as if servers took all at once."""
    return queueing.tick(replaying.open_replays(), most, timezone.now(), room=1000)


def queue_all(row: Replay, most: int = 1000) -> Replay:
    """Queue a replay's pushes in steps."""
    queueing = Queueing()
    while replaying.open_replays():
        step(queueing, most)
    row.refresh_from_db()
    return row


def test_a_delivered_push_goes_out_again_as_it_was(acme):
    [push] = queue(acme, 1)
    deliver(push)
    row = queue_all(ask(acme, Choice(push=push.pk)))
    again = Push.objects.get()
    for name in ("pk", "endpoint_id", "kind", "cause_id", "order_key", "sequence", "queued_xid", "created_at", "shard"):
        assert getattr(again, name) == getattr(push, name), name
    assert (bytes(again.body), again.state, again.attempt, again.replay) == (bytes(push.body), 0, 0, row)
    assert (row.total, row.queued, row.state) == (1, 1, "done") and row.finished_at


def test_dead_and_parked_pushes_are_revived_with_a_fresh_schedule(acme):
    pushes = queue(acme, 1, 2)
    give_up(pushes[0])
    give_up(pushes[1], Push.State.PARKED)
    row = queue_all(ask(acme))
    for push in Push.objects.all():
        assert (push.state, push.attempt, push.first_failed_at, push.reason, push.replay) == (0, 0, None, "", row)
        assert push.due_at <= timezone.now()
    assert row.queued == 2


def test_what_waits_already_is_not_queued_again(acme):
    pushes = queue(acme, 1, 2)
    deliver(pushes[0])
    groups = replay.preview(acme.account.pk, acme.application.pk, ALL_CDRS, timezone.now())
    assert replay.total(groups) == 1
    assert {group.state: group.pushes for group in groups} == {"delivered": 1, "waiting": 1}
    assert queue_all(ask(acme)).queued == 1
    assert [push.replay_id is None for push in Push.objects.order_by("sequence")] == [False, True]
    assert ask(acme, Choice(kind="fee", state="dead")).state == "done"


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (lambda p, at: Choice(push=p[1].pk), [2]),
        (lambda p, at: Choice(kind="fee"), [1, 2, 3, 4]),
        (lambda p, at: Choice(kind="sms"), []),
        (lambda p, at: Choice(state="dead"), [3]),
        (lambda p, at: Choice(state="delivered"), [1, 2]),
        (lambda p, at: Choice(start=at - timedelta(hours=1)), [2, 3, 4]),
        (lambda p, at: Choice(end=at - timedelta(hours=1)), [1]),
        (lambda p, at: Choice(endpoint=p[3].endpoint_id), [4]),
    ],
)
def test_choices(acme, bolt, choice, expected):
    pushes = [*queue(acme, 1, 2, 3), *queue(acme, 4, url="https://acme.example/other")]
    [stranger] = queue(bolt, 5)
    now = timezone.now()
    Push.objects.filter(pk=pushes[0].pk).update(created_at=now - timedelta(days=1))
    pushes[0].refresh_from_db()
    give_up(pushes[2])
    give_up(pushes[3], Push.State.PARKED)
    for push in (pushes[0], pushes[1], stranger):
        deliver(push)
    row = queue_all(ask(acme, choice(pushes, now)))
    assert sorted(Push.objects.filter(replay=row).values_list("sequence", flat=True)) == expected
    assert row.total == len(expected)


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        (Choice(), "push"),
        (Choice(kind="x"), "kind"),
        (Choice(state="waiting"), "state"),
        (Choice(start=timezone.now(), end=timezone.now() - timedelta(hours=1)), "to"),
    ],
)
def test_what_cannot_be_chosen_is_refused(acme, choice, field):
    with pytest.raises(BadInput, match=f"^{field}:"):
        ask(acme, choice)


def test_the_same_request_within_a_minute_is_one_replay(acme):
    deliver(queue(acme, 1)[0])
    now = timezone.now()
    first = ask(acme, now=now)
    assert ask(acme, now=now + timedelta(seconds=59)) == first
    assert ask(acme, Choice(kind="fee", state="delivered"), now=now) != first
    assert ask(acme, now=now + timedelta(seconds=61)) == first  # it goes on still
    queue_all(first)
    assert ask(acme, now=now + timedelta(seconds=61)) != first


def test_the_same_key_is_one_replay_for_ever_and_refused_for_another_choice(acme, bolt):
    now = timezone.now()
    first = ask(acme, key="k", now=now)
    assert ask(acme, key="k", now=now + timedelta(days=3)) == first
    assert ask(acme, key="other", now=now) != first
    assert ask(bolt, key="k", now=now) != first
    with pytest.raises(BadInput, match="another request"):
        ask(acme, Choice(kind="sms"), key="k")


def test_pushes_of_a_call_are_queued_in_their_order_however_they_were_queued_first(acme):
    for number in (5, 3, 1, 4, 2):
        deliver(queue(acme, number)[0])
        deliver(queue(acme, number + 10, call=8)[0])
    ask(acme)
    queueing = Queueing()
    seen: list[int] = []
    while step(queueing, 1):
        seen += list(Push.objects.exclude(sequence__in=seen).values_list("sequence", flat=True))
    assert seen == [1, 2, 3, 4, 5, 11, 12, 13, 14, 15]


def test_a_push_whose_place_another_holds_is_left_out(acme):
    [push] = queue(acme, 1)
    deliver(push)
    queue(acme, 99)
    Push.objects.update(sequence=1)
    row = queue_all(ask(acme))
    assert (row.total, row.queued, row.state, Push.objects.count()) == (1, 0, "done", 1)


def test_a_cancelled_replay_queues_nothing_more(acme):
    for push in queue(acme, 1, 2, 3):
        deliver(push)
    row = ask(acme)
    queueing, rows = Queueing(), replaying.open_replays()
    assert queueing.tick(rows, 1, timezone.now()) == 1
    assert replay.cancel(row, timezone.now())
    assert queueing.tick(rows, 1, timezone.now()) == 0 == step(queueing, 1)
    row.refresh_from_db()
    assert (row.state, row.queued, Push.objects.count()) == ("cancelled", 1, 1)
    assert not replay.cancel(row, timezone.now())


def test_a_replay_goes_on_where_a_killed_worker_was_and_queues_nothing_twice(acme):
    for push in queue(acme, *range(1, 8)):
        deliver(push)
    row = ask(acme)
    step(Queueing(), 3)
    for push in Push.objects.all():
        deliver(push)  # delivered again before the next worker looks: still not this replay's
    step(Queueing(), 2)
    assert queue_all(row).queued == 7
    assert sorted(Push.objects.values_list("sequence", flat=True)) == [4, 5, 6, 7]


def test_replays_share_one_rate(acme, bolt, settings, monkeypatch):
    settings.MASKLINE["replay_rate"] = 40
    for company in (acme, bolt):
        for push in queue(company, *range(1, 46)):
            deliver(push)
    ask(acme)
    ask(bolt)
    began = time.monotonic()
    monkeypatch.setattr(replaying, "ROOM", 100)
    assert replaying.run(0.8)
    queued = Push.objects.count()
    assert queued <= 40 * (time.monotonic() - began) + 11
    assert Push.objects.filter(account=acme.account).exists() and Push.objects.filter(account=bolt.account).exists()


def test_the_command_says_how_many_and_queues_them_all(acme, capsys):
    pushes = queue(acme, 1, 2, 3)
    deliver(pushes[0])
    give_up(pushes[1])
    call_command("replay_pushes", "--application", acme.application.app_key, "--kind", "fee", "--dry-run")
    assert capsys.readouterr().out == "2 pushes would be sent again; 1 wait already\n"
    call_command("replay_pushes", "--push", f"msg_{pushes[0].pk.hex}", "--reason", "ticket 1")
    call_command("replay_pushes", "--account", "acme", "--from", "2026-01-01T00:00:00+08:00")
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" (")[0] for line in lines] == ["queued 1 of 1 pushes", "queued 1 of 1 pushes"]
    assert Push.objects.filter(state=0).count() == 3
    assert set(AuditEntry.objects.values_list("action", "reason")) >= {("pushes.replay", "ticket 1")}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--account: is missing"),
        (["--account", "acme"], "push: is missing"),
        (["--account", "nobody", "--kind", "fee"], "no account"),
        (["--application", "nobody", "--kind", "fee"], "no application"),
        (["--push", "msg_1"], "is no id"),
        (["--push", "0" * 32], "no such push"),
        (["--account", "acme", "--from", "2026-01-01T00:00:00"], "--from: has no offset"),
        (["--account", "acme", "--url", "https://acme.example/fee"], "--url: needs --application"),
    ],
)
def test_the_command_names_what_is_wrong(acme, options, said):
    with pytest.raises(CommandError, match=said):
        call_command("replay_pushes", *options)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one_replay(acme):
    for push in queue(acme, 1, 2):
        deliver(push)
    found, gate = [], threading.Barrier(6)

    def click() -> None:
        gate.wait()
        found.append(ask(acme).pk)
        connection.close()

    clicks = [threading.Thread(target=click) for _ in range(6)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert len(set(found)) == 1 and Replay.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_only_one_process_queues_at_a_time(acme):
    for push in queue(acme, 1, 2):
        deliver(push)
    ask(acme)
    results: list[bool] = []

    def other() -> None:
        results.append(replaying.run(1.0))
        connection.close()

    with replaying._alone() as alone:
        assert alone
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert results == [False] and Push.objects.count() == 0
    assert replaying.run(5.0) is False
    assert Push.objects.count() == 2

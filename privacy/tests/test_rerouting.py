"""Where pushes of an application would go as it is now."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Application
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from notifications import replay, replaying
from notifications.models import Push
from notifications.replay import Choice
from notifications.replaying import Queueing
from notifications.tests import sent
from privacy.models import CallEvent
from privacy.rerouting import urls_now
from privacy.tests import deliveries, wires

pytestmark = pytest.mark.django_db
OLD = "https://acme.example/old"


def test_each_kind_has_its_url_and_a_callin_its_own(acme: Company, switch1: Any) -> None:
    Application.objects.update(call_status_url=OLD, cdr_url=OLD)
    deliveries.deliver(switch1, wires.event("callin", sessionId="s1"), wires.event("answer", sessionId="s1"))
    deliveries.deliver_fees(switch1, wires.fee(sessionId="s1", icid="i1"))
    Application.objects.update(
        call_status_url="https://acme.example/status", callin_url="https://acme.example/callin",
        cdr_url="https://acme.example/cdr", sms_url=None,
    )  # fmt: skip
    pushes = [(push.kind, push.cause_id) for push in Push.objects.order_by("order_key", "sequence")]
    found = urls_now(acme.application.pk, [*pushes, ("sms", None)])
    assert [url and url.rpartition("/")[2] for url in found] == ["callin", "status", "cdr", None]


def test_call_ins_are_sent_again_to_their_url_where_other_events_have_none(acme: Company, switch1: Any) -> None:
    Application.objects.update(call_status_url=OLD)
    deliveries.deliver(switch1, wires.event("callin", sessionId="s1"), wires.event("answer", sessionId="s1"))
    for push in Push.objects.order_by("order_key", "sequence"):
        (sent.deliver if push.sequence % 2 else sent.give_up)(push)
    Application.objects.update(call_status_url=None, callin_url="https://acme.example/callin")
    choice = Choice(kind="event")
    groups = replay.preview(acme.account.pk, acme.application.pk, choice, timezone.now())
    assert (replay.total(groups), replay.nowhere(groups)) == (1, 1)
    row, _ = replay.ask(acme.account, acme.application, choice, announce=False)
    queueing = Queueing()
    while replaying.open_replays():
        queueing.tick(replaying.open_replays(), 10, timezone.now())
    row.refresh_from_db()
    assert (row.state, row.total, row.queued) == ("done", 1, 1)
    again = Push.objects.select_related("endpoint").get(replay=row)
    assert again.endpoint.url == "https://acme.example/callin"
    assert CallEvent.objects.get(pk=again.cause_id).event_type == "callin"


def test_an_application_that_wants_no_number_status_has_no_url_for_it(acme: Company) -> None:
    Application.objects.update(number_status_url=OLD, push_number_status=False)
    assert urls_now(acme.application.pk, [("numStatus", None)]) == [None]

"""The page of an SMS: parts, direction, each result, what was decided and asked; numbers and text once revealed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Upstream
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common import partitions, timeid
from notifications.models import Attempt, Endpoint
from privacy.deciding.messages import message
from privacy.models import Message, RoutingDecision
from privacy.routing.facts import MessageAsked
from privacy.tests import wires
from privacy.tests.binding_orders import A, B, bind, pool, unbind
from privacy.tests.deliveries import deliver

SignIn = Callable[..., Client]
pytestmark = pytest.mark.django_db


def notify(application: Any, x: str, now: datetime, **fields: Any) -> dict[str, Any]:
    """Return a Notify about the SMS that was decided."""
    at = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    given = {"calling": B, "called": A, "virtualNumber": x, "timeStamp": at, **fields}
    return wires.sms(app_key=application.app_key, **given)


def decided(switch1: Upstream, application: Any, text: str = "Geheimtext") -> tuple[Any, datetime]:
    """Return the binding through which B wrote to A, decided and reported as sent."""
    bound = bind(application)
    message(switch1, MessageAsked("sms-1", bound.number.number, B, text))
    now = timezone.now()
    paras = [{"key": "splitNum", "value": "2"}, {"key": "direction", "value": "1"}]
    deliver(switch1, notify(application, bound.number.number, now, extInfo={"extParas": paras}), now=now)
    return bound, now


def test_the_page_says_what_was_decided_and_keeps_numbers_masked(switch1: Upstream, signed_in: SignIn) -> None:
    bound, _ = decided(switch1, pool("AX", keep_sms_content=True))
    support = signed_in("support")
    address = reverse("message", args=[Message.objects.get().pk])
    page = support.get(address).content.decode()
    assert "It goes on to A." in page and "sms_to_a" in page and str(bound.pk) in page
    assert "<dt>Parts</dt><dd>2</dd>" in page and "<dt>Direction</dt><dd>Regular</dd>" in page
    for secret in (A[3:], B[3:], "Geheimtext"):
        assert secret not in page
    revealed = support.post(reverse("reveal_message", args=[Message.objects.get().pk]), {"reason": "ticket 4711"})
    for secret in (A, B, "Geheimtext", f"[From{B[3:]}]"):
        assert secret in revealed.content.decode()


def test_each_result_is_listed_and_the_one_that_counts_is_marked(switch1: Upstream, signed_in: SignIn) -> None:
    application = pool("AX")
    bound, now = decided(switch1, application)
    x = bound.number.number
    for result, seconds in ((10, 5), (0, 3)):
        at = now + timedelta(seconds=seconds)
        deliver(switch1, notify(application, x, at, sendResult=result), now=now)
    page = signed_in("support").get(reverse("message", args=[Message.objects.get().pk])).content.decode()
    shown = page[page.index("Results reported") :]
    results = shown[: shown.index("What we decided")]
    assert results.count("<dt") == 3
    counts, late = results.index("counts"), results.index("came late")
    assert results.index("10 ·") < counts < late


def test_an_sms_nobody_asked_about_says_so_and_a_former_partys_names_the_ended_binding(
    switch1: Upstream, signed_in: SignIn
) -> None:
    application = pool("AXB")
    bound = bind(application)
    x, now = bound.number.number, timezone.now()
    deliver(switch1, notify(application, x, now, smsIdentifier="unasked"), now=now)
    unbind(bound)
    message(switch1, MessageAsked("sms-1", x, B, "hi"))
    deliver(switch1, notify(application, x, now, called=..., sendResult=2), now=now)
    support = signed_in("support")
    pages = {
        row.sms_id: support.get(reverse("message", args=[row.pk])).content.decode() for row in Message.objects.all()
    }
    assert "the switch did not ask us where this SMS goes" in pages["unasked"]
    assert "Ended binding" in pages["sms-1"] and reverse("binding", args=[bound.pk]) in pages["sms-1"]
    assert "thrown away" in pages["sms-1"]


def test_what_the_customers_server_was_asked_is_shown_with_its_bodies_once_revealed(
    switch1: Upstream, signed_in: SignIn
) -> None:
    application = pool("AX")
    _, now = decided(switch1, application)
    endpoint = Endpoint.objects.create(
        account=application.account, application=application, url="https://acme.example/block", url_digest=b"1" * 32,
        shard=0,
    )  # fmt: skip
    partitions.ensure(Attempt, Attempt.partition_interval, [now])
    Attempt.objects.create(
        id=timeid.time_id(now, "attempt"), push_id=timeid.time_id(now, "question"), endpoint=endpoint,
        account=application.account, application=application, kind="sms", cause_id=timeid.time_id(now, "cause"),
        session_id="sms-1", question=True, number=1, result="timeout", duration_us=5_000_000,
        body=b'{"calling":"Frage"}',
    )  # fmt: skip
    support = signed_in("support")
    pk = Message.objects.get().pk
    page = support.get(reverse("message", args=[pk])).content.decode()
    assert "https://acme.example/block" in page and "No answer in time" in page and "Frage" not in page
    revealed = support.post(reverse("reveal_message", args=[pk]), {"reason": "ticket 4711"}).content.decode()
    assert "Frage" in revealed


def test_another_account_sees_nothing_of_it(switch1: Upstream, signed_in: SignIn, corp: Any) -> None:
    decided(switch1, pool("AX"))
    assert RoutingDecision.objects.exists()
    stranger = Client()
    stranger.force_login(cast.staff("customer", corp.account, username="stranger"))
    assert stranger.get(reverse("message", args=[Message.objects.get().pk])).status_code == 404

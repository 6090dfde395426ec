"""The pages of pushes: what became of each, who may hold an endpoint, what is masked, what is told to set."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Application, AuditEntry
from common import partitions, timeid
from console.deliveries import bodies, fare
from console.tests.scene import Scene, Tenant
from notifications import endpoint_health, outbox, switching
from notifications.endpoint_health import Fared
from notifications.models import Attempt, Endpoint, Push
from notifications.outbox import DuePush
from privacy.models import TestCall

Signed = Callable[..., Client]
NOT_200 = "The server answered, but not with HTTP 200."


def tried(push: Push, at: datetime, number: int = 1, **fields: Any) -> Attempt:
    """Return one request of a push, refused unless said otherwise."""
    partitions.ensure(Attempt, Attempt.partition_interval, [at])
    values: dict[str, Any] = {
        "push_id": push.pk, "endpoint": push.endpoint, "account": push.account, "application": push.application,
        "kind": push.kind, "cause_id": push.cause_id, "number": number, "result": "refused", "http_status": 500,
        "duration_us": 42_000, "reason": NOT_200, "answer": b'<script>alert("+8613977770001")</script>',
    }  # fmt: skip
    return Attempt.objects.create(id=timeid.time_id(at, "attempt", push.pk.bytes, number), **{**values, **fields})


def arrived(push: Push, at: datetime, number: int = 2) -> Attempt:
    """Write that a push arrived, as the dispatcher does: it leaves the outbox for the log."""
    kept: dict[str, Any] = {"body": push.body, "queued_xid": 1, "order_key": 1, "sequence": 1, "queued_at": at}
    done = {"result": "delivered", "http_status": 200, "reason": "", "answer": b'{"resultCode":"0"}'}
    row = tried(push, at, number, **kept, **done)
    push.delete()
    return row


def fee(tenant: Tenant) -> Push:
    """Return the CDR push of a tenant's call with a body that holds what nobody may see."""
    info = {"callerNum": tenant.a, "bindNum": tenant.number.number, "userData": "order-4711", "extendNum": "98761234"}
    tenant.push.body = orjson.dumps({"eventType": "fee", "feeLst": [info]})
    tenant.push.save()
    push: Push = tenant.push
    return push


def test_a_calls_page_tells_each_push_and_each_attempt(scene: Scene, signed_in: Signed) -> None:
    push, now = fee(scene.acme), timezone.now()
    tried(push, now - timedelta(minutes=5))
    browser = signed_in("customer", scene.acme.account)
    page = browser.get(reverse("call", args=[scene.acme.call.pk])).content.decode()
    assert NOT_200 in page and "waiting" in page and "https://acme.example/" in page
    assert "It is due now: attempt 1 of 7." in page
    id = push.pk
    arrived(push, now)
    page = browser.get(reverse("call", args=[scene.acme.call.pk])).content.decode()
    assert "delivered" in page and NOT_200 in page and reverse("push", args=[id]) in page


def test_body_and_answers_are_escaped_and_masked_until_revealed(scene: Scene, signed_in: Signed) -> None:
    push = fee(scene.acme)
    tried(push, timezone.now())
    browser, address = signed_in("support"), reverse("push", args=[push.pk])
    page = browser.get(address).content.decode()
    for secret in (scene.acme.a[3:], "order-4711", "98761234", "<script>alert"):
        assert secret not in page, secret
    assert scene.acme.number.number in page and f"msg_{push.pk.hex}" in page
    assert browser.post(reverse("reveal_push", args=[push.pk]), {"reason": ""}).status_code == 400
    page = browser.post(reverse("reveal_push", args=[push.pk]), {"reason": "ticket 4711"}).content.decode()
    assert scene.acme.a[3:] in page and "98761234" in page and "<script>alert" not in page
    assert AuditEntry.objects.filter(action="reveal", subject=str(push.pk), reason="ticket 4711").count() == 1


def test_what_people_wrote_is_hidden_in_any_depth() -> None:
    raw = orjson.dumps({"smsEvent": {"smsContent": "Geheimtext", "event": "Text SMS"}, "list": [{"digitInfo": "12"}]})
    text = bodies.shown(raw, fare_scope(), revealed=False)
    assert "Geheimtext" not in text and '"12"' not in text and "Text SMS" in text


def fare_scope() -> Any:
    """Return a scope in which nothing is: no number of it is virtual."""

    class Nothing:
        def rows(self, _model: Any) -> Any:
            return self

        def filter(self, **_: Any) -> Any:
            return self

        def values_list(self, *_: Any, **__: Any) -> list[str]:
            return []

    return Nothing()


def test_support_pauses_with_a_reason_and_resumes(scene: Scene, signed_in: Signed) -> None:
    endpoint: Endpoint = scene.acme.rows["endpoint"]
    browser = signed_in("support")
    address = reverse("switch_endpoint", args=[endpoint.pk, "pause"])
    assert "72 hours" in browser.get(address).content.decode()
    assert browser.post(address, {"reason": "x"}).status_code == 400
    page = browser.post(address, {"reason": "ticket 13977770001"}, follow=True).content.decode()
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.state_by, endpoint.state_reason) == ("paused", "support", "ticket *******0001")
    assert "by support" in page and "ticket *******0001" in page
    again = browser.post(address, {"reason": "ticket"}, follow=True).content.decode()
    assert "not in a state for that any more" in again
    push = browser.get(reverse("push", args=[scene.acme.push.pk])).content.decode()
    assert "The endpoint is paused." in push
    Endpoint.objects.update(failing_since=timezone.now(), misses=9)
    browser.post(reverse("switch_endpoint", args=[endpoint.pk, "resume"]), {"reason": "fixed"})
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.misses, endpoint.failing_since) == ("active", 0, None)
    assert list(AuditEntry.objects.filter(subject_kind="endpoint").values_list("action", flat=True).order_by("pk")) == [
        "endpoint.pause",
        "endpoint.resume",
    ]


def test_what_counts_as_success_is_for_those_who_configure(scene: Scene, signed_in: Signed) -> None:
    endpoint: Endpoint = scene.acme.rows["endpoint"]
    address = reverse("switch_endpoint", args=[endpoint.pk, "any-2xx"])
    for role, any_2xx in (("support", False), ("operator", True)):
        signed_in(role).post(address, {"reason": "answers 204"})
        endpoint.refresh_from_db()
        assert endpoint.any_2xx is any_2xx
    assert signed_in("auditor").post(address, {"reason": "answers 204"}).status_code == 403
    assert not switching.take_any_2xx(endpoint.pk, any_2xx=True)


@pytest.mark.parametrize("name", ["switch_endpoint", "send_test_pushes", "reveal_push"])
def test_another_accounts_rows_cannot_be_acted_on(scene: Scene, signed_in: Signed, name: str) -> None:
    role = {"send_test_pushes": "customer"}.get(name, "support")
    browser = signed_in(role, scene.bolt.account)
    args: dict[str, list[Any]] = {
        "switch_endpoint": [scene.acme.rows["endpoint"].pk, "pause"],
        "send_test_pushes": [scene.acme.application.pk],
        "reveal_push": [scene.acme.push.pk],
    }
    assert browser.post(reverse(name, args=args[name]), {"reason": "ticket"}).status_code == 404
    scene.acme.rows["endpoint"].refresh_from_db()
    assert scene.acme.rows["endpoint"].state == "active"


def test_an_applications_page_says_which_url_to_set(scene: Scene, signed_in: Signed) -> None:
    application = scene.acme.application
    url = "https://acme.example/status"
    Application.objects.filter(pk=application.pk).update(call_status_url=url)
    outbox.enqueue([
        DuePush(application.pk, application.account_id, url, "event", uuid4(), 2, 1, timezone.now(), b"{}")
    ])  # fmt: skip
    browser = signed_in("customer", scene.acme.account)
    page = browser.get(reverse("application_pushes", args=[application.pk])).content.decode()
    assert "(cdr_url)" in page and "(sms_url)" in page and "(number_status_url)" not in page
    assert "that of the call-status URL" in page and "https://acme.example/</a>" in page
    listed = browser.get(reverse("endpoints")).content.decode()
    assert url in listed and "bolt" not in listed


def test_test_pushes_of_each_kind_are_sent_once(scene: Scene, signed_in: Signed) -> None:
    application = scene.acme.application
    urls = {"cdr_url": "https://acme.example/fee", "sms_url": "https://acme.example/sms"}
    Application.objects.filter(pk=application.pk).update(**urls)
    browser = signed_in("customer", scene.acme.account)
    address = reverse("application_pushes", args=[application.pk])
    page = browser.get(address).content.decode()
    (key,) = re.findall(r'name="key" value="([0-9a-f]+)"', page)
    before, form = Push.objects.count(), {"kinds": ["answered", "sms"], "key": key}
    for _click in range(2):
        told = browser.post(reverse("send_test_pushes", args=[application.pk]), form, follow=True)
        assert told.status_code == 200
    assert (Push.objects.count() - before, TestCall.objects.count()) == (2, 2)
    bodies_sent = [push.body for push in Push.objects.order_by("-created_at")[:2]]
    assert all(b"test-" in bytes(body) for body in bodies_sent)
    refused = browser.post(reverse("send_test_pushes", args=[application.pk]), {"kinds": ["number_status"], "key": key})
    assert refused.status_code == 400


def test_health_counts_what_was_tried_and_nothing_else(scene: Scene, signed_in: Signed) -> None:
    push, now = scene.acme.push, timezone.now()
    for number in range(1, 5):
        result = "delivered" if number > 1 else "timeout"
        tried(push, now - timedelta(seconds=number), number, result=result, duration_us=number * 1000)
    tried(push, now, 9, question=True, push_id=uuid4())
    endpoint = scene.acme.rows["endpoint"]
    (line,) = fare.lines([endpoint], now)
    assert line.fared == Fared(4, 3, 2000, 4000)
    assert (line.queue.waiting, line.queue.dead, line.queue.parked) == (1, 0, 0)
    spans = endpoint_health.day(endpoint.pk, now)
    assert len(spans) == 48 and sum(fared.requests for _at, fared in spans) == 4
    browser = signed_in("support")
    page = browser.get(reverse("endpoint", args=[endpoint.pk])).content.decode()
    assert "75.0 %" in page and "chart-success" in page and "chart-took" in page
    listed = browser.get(reverse("endpoint_attempts", args=[endpoint.pk]), {"result": "failed"})
    assert len(listed.context["rows"]) == 2  # the time-out and the question


def test_the_queue_is_paged_by_when_pushes_are_due(
    scene: Scene, signed_in: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.deliveries.views_endpoint.PAGE", 2)
    push, due = scene.acme.push, timezone.now()
    for number in range(2, 6):
        Push.objects.create(
            account=push.account, application=push.application, endpoint=push.endpoint, shard=0, kind="sms",
            cause_id=uuid4(), order_key=number, sequence=1, body=b"{}", due_at=due + timedelta(minutes=number // 4),
        )  # fmt: skip
    browser, address = signed_in("support"), reverse("endpoint", args=[push.endpoint_id])
    seen, after = [], ""
    for _page in range(4):
        context = browser.get(address, {"after": after}).context
        seen += [row.pk for row, _kind, _why in context["pushes"]]
        after = context["after"]
        if not after:
            break
    assert len(seen) == 5 == len(set(seen))
    assert browser.get(address, {"after": "x_y", "state": "dead"}).status_code == 200

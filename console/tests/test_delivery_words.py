"""What support reads about a push: whether it arrived, why not, what comes next; and what nobody reads."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.models import Application
from accounts.scope import Scope
from console.deliveries import bodies, panel, pushes, words
from console.tests.scene import Scene
from console.tests.test_delivery_pages import arrived, fare_scope, tried
from notifications import reasons
from notifications.listing import message_id
from notifications.models import Attempt, Endpoint, Push, Replay
from privacy import testcalls
from privacy.models import Call
from privacy.testcalls import Wanted

Signed = Callable[..., Client]


def said(scene: Scene) -> str:
    """Return how the push of Acme's CDR stands, as its call's page says it."""
    tenant = scene.acme
    causes, at = {tenant.call.pk: Push.Kind.CDR}, tenant.call.received_at
    (sum,) = panel.of_record(_all(), Application.objects.get(pk=tenant.application.pk), causes, at).sums
    return f"{sum.state}: {sum.said}"


def _all() -> Scope:
    return Scope(None)


@pytest.fixture
def push(scene: Scene) -> Push:
    """Return the push of the CDR of Acme's call."""
    found: Push = scene.acme.push
    Push.objects.filter(pk=found.pk).update(cause_id=scene.acme.call.pk, kind=Push.Kind.CDR)
    found.refresh_from_db()
    return found


def test_a_call_says_when_its_cdr_is_tried_next_and_what_it_waits_for(scene: Scene, push: Push) -> None:
    now = timezone.now()
    expired = "The server's TLS certificate expired at 2026-01-02T03:04:05Z."
    tried(push, now - timedelta(minutes=1), result="tls", http_status=None, reason=expired)
    Push.objects.update(due_at=now + timedelta(minutes=3, seconds=30), attempt=2)
    assert "waiting: The server's TLS certificate expired at 2026-01-02 " in said(scene)
    assert "3\xa0minutes (attempt 3 of 7)" in said(scene)
    Endpoint.objects.update(state="failing", closed_until=now)
    assert "attempt 3 of 7" in said(scene)  # not due: the breaker is not what it waits for
    Push.objects.update(due_at=now)
    assert "one push tries it each 15 seconds" in said(scene)
    Endpoint.objects.update(state="paused")
    assert "The endpoint is paused." in said(scene)
    Push.objects.update(state=Push.State.DEAD, reason="Given up: the last re-push failed as well.")
    assert said(scene).startswith("given up: Given up: the last re-push failed")
    id = push.pk
    arrived(push, now)
    assert said(scene).startswith("delivered: 20") and not Push.objects.filter(pk=id).exists()


def test_a_call_without_a_push_says_why(scene: Scene, push: Push) -> None:
    Push.objects.all().delete()
    assert said(scene) == "not configured: The application has no URL for it (cdr_url), so nothing was queued."
    Application.objects.filter(pk=scene.acme.application.pk).update(cdr_url="https://acme.example/cdr")
    assert said(scene) == "not pushed: The application had no URL for it when it came."


def test_what_waits_behind_an_earlier_push_of_its_call_says_so(scene: Scene, push: Push) -> None:
    later = Push.objects.create(
        account=push.account, application=push.application, endpoint=push.endpoint, shard=0, kind="event",
        cause_id=uuid4(), order_key=push.order_key, sequence=push.sequence + 1, body=b"{}",
    )  # fmt: skip
    found = pushes.find(_all(), later.pk)
    assert found and "An earlier push of the call goes first" in found.next
    first, second = pushes.of_causes(_all(), [push.cause_id, later.cause_id], timezone.now())
    assert (first.behind, second.behind) == (False, True)


@pytest.mark.parametrize(
    ("result", "status", "cure"),
    [
        ("refused", 503, "by ourselves"),
        ("refused", 400, "refuses this push"),
        ("refused", 401, "secret"),
        ("refused", 404, "path"),
        ("refused", 302, "Redirects"),
        ("refused", 410, "resume"),
        ("refused", 204, "any 2xx"),
        ("timeout", None, "answer first"),
        ("unreachable", None, "firewall"),
        ("tls", None, "certificate"),
        ("forbidden", None, "reachable from the internet"),
        ("bad_answer", None, "no web server"),
    ],
)
def test_every_failure_says_what_can_be_done(result: str, status: int | None, cure: str) -> None:
    assert cure in words.cure(Attempt(result=result, http_status=status), Endpoint())


def test_an_instant_in_a_reason_is_told_in_the_readers_language_and_zone() -> None:
    at = timezone.now().replace(microsecond=0) - timedelta(days=3, hours=1)
    reason = f"The server's TLS certificate expired at {at:%Y-%m-%dT%H:%M:%SZ}."
    local = f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
    assert reasons.told(reason) == f"The server's TLS certificate expired at {local} (3\xa0days ago)."
    with override("zh-hans"):
        assert "TLS 证书" in reasons.told(reason) and local in reasons.told(reason) and "3" in reasons.told(reason)
    assert reasons.told("100 % since 2026-01-02T03:04:05Z %(x)s").startswith("100 % since 2026-01-02 ")


def test_an_answer_is_readable_and_harmless() -> None:
    def read(raw: bytes, *, revealed: bool = False) -> str:
        return bodies.answer(raw, fare_scope(), revealed=revealed)

    raw = b"<b>\x1b[31m\0 139\x0077770001 \xe2\x80\xae+8613977770002 \xff\r\nend"
    assert read(raw) == "<b>␛[31m␀ *******0001 \ufffd+*********0002 \ufffd\nend"
    assert "+8613977770002" in read(raw, revealed=True) and "\x1b" not in read(raw, revealed=True)
    told = read(orjson.dumps({"message": "wrong signature of 13977770001", "userData": "order-4711"}))
    assert "wrong signature of *******0001" in told and "order-4711" not in told
    cut = b'{"caller": "+8613977770001", "rest": "' + b"x" * 100
    assert "13977770001" not in read(cut)


def test_customers_read_no_names_of_staff(scene: Scene, signed_in: Signed) -> None:
    endpoint = scene.acme.rows["endpoint"]
    Endpoint.objects.update(state="paused", state_by="staff-name", state_reason="the customer asked")
    Application.objects.update(sms_url="https://acme.example/sms")
    scene.acme.application.refresh_from_db()
    call = testcalls.play(scene.acme.application, Wanted("sms"), key="", asked_by="staff-name", now=timezone.now())
    addresses = [reverse("endpoint", args=[endpoint.pk]), reverse("test_call", args=[call.pk]), reverse("test_calls")]
    addresses += [reverse("admin:notifications_endpoint_change", args=[endpoint.pk]), reverse("replays")]
    Replay.objects.create(account=scene.acme.account, key=b"k" * 32, chosen={"kind": "fee"}, asked_by="staff-name")
    customer, support = signed_in("customer", scene.acme.account), signed_in("support")
    for address in addresses:
        assert "staff-name" not in customer.get(address).content.decode(), address
        assert "staff-name" in support.get(address).content.decode(), address
    assert "the customer asked" in customer.get(addresses[0]).content.decode()


def test_a_number_in_a_url_is_on_no_page(scene: Scene, signed_in: Signed, push: Push) -> None:
    url = "https://acme.example/13977770001?to=%2B8613977770002"
    Endpoint.objects.filter(pk=push.endpoint_id).update(url=url)
    browser, key = signed_in("support"), [push.endpoint_id]
    names = ("endpoint", "endpoint_attempts", "admin:notifications_endpoint_change")
    addresses = [reverse(name, args=key) for name in names]
    addresses += [reverse("endpoints"), reverse("push", args=[push.pk]), reverse("call", args=[scene.acme.call.pk])]
    addresses += [reverse("switch_endpoint", args=[*key, "pause"]), reverse("admin:notifications_push_changelist")]
    addresses += [reverse("admin:notifications_endpoint_changelist")]
    for address in addresses:
        page = browser.get(address).content.decode()
        assert "1397777" not in page and "acme.example/" in page, address


def test_the_id_that_a_server_got_leads_to_the_push(scene: Scene, signed_in: Signed, push: Push) -> None:
    address, browser = reverse("endpoints"), signed_in("customer", scene.acme.account)
    for text in (message_id(push.pk), f" {push.pk} "):
        assert browser.get(address, {"push": text}).headers["Location"] == reverse("push", args=[push.pk])
    for text in (message_id(scene.bolt.push.pk), "msg_x"):
        page = browser.get(address, {"push": text})
        assert page.status_code == 200 and "There is no push with this id" in page.content.decode()


def test_a_list_of_calls_says_of_each_whether_its_cdr_arrived(scene: Scene, push: Push) -> None:
    rows: list[Any] = list(Call.objects.all())
    with CaptureQueriesContext(connection) as asked:
        panel.add_states(_all(), rows, Push.Kind.CDR)
    assert len(asked) <= 2
    assert {row.pk: row.pushed and str(row.pushed[0]) for row in rows}[scene.acme.call.pk] == "waiting"
    arrived(push, timezone.now())
    panel.add_states(_all(), rows, Push.Kind.CDR)
    assert {row.pk: row.pushed and row.pushed[1] for row in rows}[scene.acme.call.pk] == "good"

"""How alerts are told: signed webhooks, the robots' bodies; retries, and routes that fail."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from standardwebhooks import Webhook

from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from notifications import alert_bodies, alert_messages, alerts, attending
from notifications.models import Alert, AlertMessage, AlertRoute
from notifications.tests.hostile import Ports, hostile_server

NOW = datetime.now(UTC)
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def hostile() -> Iterator[Ports]:
    with hostile_server() as ports:
        yield ports


@pytest.fixture
def reachable(settings: Any, hostile: Ports) -> Ports:
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": [f"127.0.0.1:{hostile.plain}"]}
    return hostile


def webhook(url: str, template: str = "maskline", **fields: Any) -> AlertRoute:
    values = {"name": template, "secret": SECRET, "language": "en", **fields}
    return AlertRoute.objects.create(channel="webhook", url=url, template=template, **values)


def low(company: Company | None = None, now: datetime = NOW) -> Alert:
    values = {"account": "acme", "balance": "9.00", "currency": "CNY", "threshold": "100.00"}
    return alerts.raise_alert(
        "low_balance",
        subject="account:1",
        severity="warning",
        account=company.account if company else None,
        values=values,
        now=now,
    )


def try_all(times: int) -> AlertMessage:
    """Let the newest message be tried so often, its clock moved on."""
    message = AlertMessage.objects.order_by("pk").first()
    assert message is not None
    for _ in range(times):
        AlertMessage.objects.filter(pk=message.pk).update(due_at=NOW)
        alert_messages.send_due()
    message.refresh_from_db()
    return message


def test_a_webhook_is_signed_as_standard_webhooks_verify_it(reachable: Ports) -> None:
    webhook(reachable.url("well"))
    alert = low()
    assert alert_messages.send_due() == 1
    request = reachable.seen()[-1]
    told = Webhook(SECRET).verify(request["body"].encode("latin-1"), request["headers"])
    assert (told["type"], told["alert"]["id"], told["alert"]["kind"]) == ("alert.opened", alert.pk, "low_balance")
    assert told["text"].startswith("[Maskline] Warning: Low balance")
    alerts.close_alert("low_balance", "account:1", now=NOW)
    alert_messages.send_due()
    assert json.loads(reachable.seen()[-1]["body"])["type"] == "alert.closed"


def test_an_end_is_not_told_before_its_beginning(reachable: Ports) -> None:
    webhook(reachable.url("status", 500))
    low()
    try_all(1)
    alerts.close_alert("low_balance", "account:1", now=NOW)
    assert alert_messages.claim(datetime.now(UTC)) is None


def test_no_webhook_reaches_a_private_address(hostile: Ports) -> None:
    webhook(hostile.url("well"))
    before = len(hostile.seen())
    low()
    assert try_all(1).reason.startswith("The address is not allowed, nothing was sent: ")
    assert len(hostile.seen()) == before


def test_a_route_that_fails_three_times_is_an_alert_that_the_others_tell_and_that_does_not_loop(
    reachable: Ports,
) -> None:
    broken, dead = (
        webhook(reachable.url("status", 500), name="broken"),
        webhook(reachable.url("rst"), name="dead", kind="route_failing"),
    )
    low()
    assert try_all(3).reason == "HTTP 500"
    failing = Alert.objects.get(kind="route_failing")
    assert (failing.subject, failing.values) == (f"route:{broken.pk}", {"route": "broken", "reason": "HTTP 500"})
    assert list(failing.messages.values_list("route_id", flat=True)) == [dead.pk]
    for _ in range(7):
        AlertMessage.objects.filter(state="waiting").update(due_at=NOW)
        alert_messages.send_due()
    assert set(AlertMessage.objects.values_list("state", "attempts")) == {("failed", 5)}
    assert (Alert.objects.count(), AlertMessage.objects.count()) == (2, 2)
    AlertRoute.objects.filter(pk=broken.pk).update(url=reachable.url("well"))
    broken.refresh_from_db()
    assert alert_messages.send_test(broken, NOW).state == "sent"
    assert not Alert.objects.filter(kind="route_failing", closed_at=None).exists()


def test_a_dead_route_does_not_hold_up_the_others(reachable: Ports) -> None:
    webhook(reachable.url("status", 500), name="dead")
    webhook(reachable.url("well"), name="well")
    for n in range(3):
        alerts.raise_alert("arrears", subject=f"account:{n}", severity="critical", now=NOW)
    assert alert_messages.send_due() == 3
    assert sorted(AlertMessage.objects.filter(route__name="dead").values_list("attempts", flat=True)) == [0, 0, 1]


def test_a_claimed_message_is_due_again_if_the_worker_dies() -> None:
    AlertRoute.objects.create(name="ops", channel="mail", addresses="ops@example.com")
    low()
    claimed = alert_messages.claim(NOW)
    assert claimed is not None and alert_messages.claim(NOW) is None
    assert alert_messages.claim(NOW + timedelta(minutes=4)) is not None


def test_a_test_is_sent_at_once_and_never_raises_an_alert(reachable: Ports) -> None:
    route = webhook(reachable.url("status", 404), enabled=False)
    message = alert_messages.send_test(route, NOW)
    assert (message.state, message.reason, message.crossing) == ("failed", "HTTP 404", "test")
    assert not Alert.objects.exists()


@pytest.mark.parametrize(
    ("template", "path"),
    [("dingtalk", ("text", "content")), ("wecom", ("text", "content")), ("feishu", ("content", "text")),
     ("slack", ("text",))],
)  # fmt: skip
def test_each_chat_robot_gets_its_own_body(template: str, path: tuple[str, ...]) -> None:
    found: Any = json.loads(alert_bodies.body(template, "a & 告警", {}, secret="", at=NOW))
    for name in path:
        found = found[name]
    assert found == ("a &amp; 告警" if template == "slack" else "a & 告警")


def test_dingtalk_and_feishu_are_signed_in_their_own_way() -> None:
    url = alert_bodies.address("dingtalk", "https://robot.example/send?access_token=x", secret="SEC123456", at=NOW)
    query = parse_qs(urlsplit(url).query)
    signed = hmac.new(b"SEC123456", f"{query['timestamp'][0]}\nSEC123456".encode(), hashlib.sha256).digest()
    assert (query["access_token"], query["sign"]) == (["x"], [base64.b64encode(signed).decode()])
    feishu = json.loads(alert_bodies.body("feishu", "x", {}, secret="SEC123456", at=NOW))
    signed = hmac.new(f"{feishu['timestamp']}\nSEC123456".encode(), b"", hashlib.sha256).digest()
    assert feishu["sign"] == base64.b64encode(signed).decode()


@pytest.mark.parametrize(
    ("template", "answer", "code"),
    [
        ("dingtalk", b'{"errcode":0,"errmsg":"ok"}', None),
        ("dingtalk", b'{"errcode":310000,"errmsg":"sign not match"}', 310000),
        ("wecom", b"<html>", -1),
        ("feishu", b'{"StatusCode":0,"StatusMessage":"success","code":0}', None),
        ("feishu", b'{"code":19021}', 19021),
        ("slack", b"ok", None),
    ],
)
def test_a_robot_that_answers_200_may_still_have_refused(template: str, answer: bytes, code: int | None) -> None:
    assert alert_bodies.refusal(template, answer) == code


def test_what_nobody_thought_of_is_tried_as_often_as_the_rest_and_stops_nobody(reachable: Ports) -> None:
    AlertRoute.objects.create(name="odd", channel="webhook", url=reachable.url("well"), secret="whsec_x", language="en")
    webhook(reachable.url("well"), name="well")
    low()
    odd = try_all(5)
    assert (odd.state, odd.attempts) == ("failed", 5) and odd.reason.startswith("It failed in a way")
    assert AlertMessage.objects.get(route__name="well", alert__kind="low_balance").state == "sent"


def test_a_message_that_ends_its_workers_is_given_up() -> None:
    AlertRoute.objects.create(name="ops", channel="mail", addresses="ops@example.com")
    low()
    for n in range(5):
        assert alert_messages.claim(NOW + n * timedelta(minutes=4)) is not None
    AlertMessage.objects.update(due_at=NOW)
    assert alert_messages.send_due() == 0
    assert AlertMessage.objects.get().state == "failed"


def test_a_route_that_fails_is_the_instances_alert_and_no_customers(reachable: Ports, acme: Company) -> None:
    webhook(reachable.url("status", 500), name="of acme", account=acme.account)
    low(acme)
    try_all(3)
    assert Alert.objects.get(kind="route_failing").account is None


def test_nothing_that_waits_is_told_once_somebody_looks_after_it_or_silenced_it(operator: Any) -> None:
    AlertRoute.objects.create(name="ops", channel="mail", addresses="ops@example.com")
    alert = low()
    attending.silence(alert, NOW + timedelta(hours=1), user=operator, request=None)
    assert not AlertMessage.objects.exists()
    low(now=NOW + timedelta(hours=2))
    assert AlertMessage.objects.count() == 1
    assert attending.acknowledge(alert, user=operator, request=None, now=NOW)
    assert not AlertMessage.objects.exists()


def test_wecom_takes_two_kilobytes_and_the_link_is_among_them() -> None:
    text = "告警" * 500 + "\nhttps://maskline.example/alerts/1/"
    found = json.loads(alert_bodies.body("wecom", text, {}, secret="", at=NOW))["text"]["content"]
    assert 2040 < len(found.encode()) <= 2048
    assert found.startswith("告警告") and found.endswith("…\nhttps://maskline.example/alerts/1/")


@pytest.mark.parametrize(("template", "call"), [("feishu", '<at user_id="all">'), ("slack", "<!channel>")])
def test_nobody_in_a_chat_is_called_by_what_an_alert_holds(template: str, call: str) -> None:
    assert b"<" not in alert_bodies.body(template, f"x {call}", {}, secret="", at=NOW)


def test_a_route_that_fails_is_an_alert_after_three_failures_in_a_row_however_much_waits(reachable: Ports) -> None:
    route = webhook(reachable.url("status", 500), name="dead")
    for n in range(6):
        alerts.raise_alert("arrears", subject=f"account:{n}", severity="critical", now=NOW)
    for tries in range(1, 4):
        alert_messages.send_due()
        assert Alert.objects.filter(kind="route_failing").exists() == (tries == 3)
    assert set(AlertMessage.objects.values_list("attempts", flat=True)) == {0, 1}
    AlertRoute.objects.filter(pk=route.pk).update(url=reachable.url("well"))
    assert alert_messages.send_due() == 3
    assert not Alert.objects.filter(kind="route_failing", closed_at=None).exists()
    AlertRoute.objects.filter(pk=route.pk).update(url=reachable.url("status", 500))
    AlertMessage.objects.filter(attempts=1, state="waiting").update(due_at=NOW)
    alert_messages.send_due()
    assert Alert.objects.filter(kind="route_failing").count() == 1


def test_what_a_person_closed_is_not_said_to_be_over(reachable: Ports, operator: Any) -> None:
    webhook(reachable.url("well"))
    alert = low()
    alert_messages.send_due()
    attending.close_by_hand(alert, user=operator, request=None, now=NOW)
    alert_messages.send_due()
    text = json.loads(reachable.seen()[-1]["body"].encode("latin-1"))["text"]
    assert text.startswith("[Maskline] closed by hand: Low balance") and operator.username not in text

"""How alerts are told: mail over a real socket, signed webhooks, the robots' bodies; retries, and routes that fail."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from standardwebhooks import Webhook

from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from config import mail as mail_settings
from config.environment import Reader
from notifications import alert_bodies, alert_messages, alerts
from notifications.models import Alert, AlertMessage, AlertRoute
from notifications.tests.hostile import Ports, hostile_server
from notifications.tests.mailbox import Mailbox, mail_server
from notifications.tests.test_sending import _pair

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


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with mail_server() as box:
        use(settings, f"smtp://robot:pass%40word@127.0.0.1:{box.port}?from=maskline@acme.example&starttls=0")
        yield box


def use(settings: Any, url: str) -> None:
    found = mail_settings.read(Reader({"EMAIL_URL": url}), "https://maskline.example")
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = found.backend, found.host, found.port
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = found.user, found.password
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL, settings.EMAIL_TIMEOUT = found.starttls, found.tls, 2
    settings.DEFAULT_FROM_EMAIL = found.sender


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


def test_contacts_are_written_to_each_in_his_language(mailbox: Mailbox, acme: Company) -> None:
    acme.account.contacts = [
        {"name": "One", "email": "one@acme.example", "language": "en"},
        "two@acme.example",
        "+8613900000101",
    ]
    acme.account.save()
    AlertRoute.objects.create(name="contacts", channel="mail", language="zh-hans")
    low(acme)
    assert alert_messages.send_due() == 1
    one, two = mailbox.mails
    assert (one["To"], one["From"], two["To"]) == ("one@acme.example", "maskline@acme.example", "two@acme.example")
    assert one["Subject"] == "[Maskline] Warning: Low balance (acme)"
    assert "is 9.00 CNY, below 100.00." in one.get_content()
    assert two["Subject"] == "[Maskline] 警告:余额不足 (acme)"
    assert "余额为 9.00 CNY" in two.get_content()
    assert "CST" in one.get_content() and "/alerts/" in one.get_content()
    assert base64.b64decode(mailbox.logins[0]) == b"\0robot\0pass@word"


def test_a_mail_refused_is_tried_again_with_the_same_id(mailbox: Mailbox) -> None:
    AlertRoute.objects.create(name="ops", channel="mail", addresses="ops@example.com", language="en")
    low()
    mailbox.refused = "ops@example.com"
    message = try_all(1)
    assert (message.state, message.attempts, message.reason) == ("waiting", 1, "The mail server refused the address.")
    assert message.due_at > NOW
    assert alert_messages.send_due() == 0
    mailbox.refused = ""
    assert try_all(1).state == "sent"
    assert mailbox.mails[0]["Message-ID"].startswith(f"<alert-{message.pk}-0@")


def test_without_a_mail_server_the_reason_is_plain(settings: Any, mailbox: Mailbox) -> None:
    use(settings, "smtp://127.0.0.1:1")
    AlertRoute.objects.create(name="ops", channel="mail", addresses="ops@example.com")
    low()
    assert try_all(1).reason == "The mail server could not be reached."


def test_a_route_to_contacts_that_are_not_there_says_so(acme: Company) -> None:
    AlertRoute.objects.create(name="contacts", channel="mail")
    low(acme)
    assert try_all(1).reason.startswith("Nobody to write to")
    assert mail.outbox == []


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
    assert try_all(1).reason == "The address is not allowed: nothing was sent."
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
    assert alert_messages.claim(NOW + timedelta(minutes=2)) is not None


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


def test_mail_may_go_over_tls_from_the_first_byte(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = _pair(tmp_path, "pair.pem", "127.0.0.1", timedelta(days=3))
    route = AlertRoute.objects.create(name="ops", channel="mail", addresses="ops@example.com", language="en")
    with mail_server(certificate) as box:
        use(settings, f"smtps://u:p@127.0.0.1:{box.port}")
        message = alert_messages.send_test(route, NOW)
        assert (message.state, message.reason) == ("failed", "The mail server could not be reached.")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert alert_messages.send_test(route, NOW).state == "sent"
        assert [one["Subject"] for one in box.mails] == ["[Maskline] test"]

"""Alerts by mail, over a real socket: to whom, in which language, once each; over TLS as the server offers it."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from config import mail as mail_settings
from config.environment import Reader
from notifications import alert_checks, alert_messages, alerts
from notifications.models import Alert, AlertMessage, AlertRoute
from notifications.tests.certificates import pair
from notifications.tests.mailbox import Mailbox, mail_server

NOW = datetime.now(UTC)
pytestmark = pytest.mark.django_db


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


def ops(*addresses: str) -> AlertRoute:
    return AlertRoute.objects.create(
        name="ops", channel="mail", addresses="\n".join(addresses or ["ops@example.com"]), language="en"
    )


def low(company: Company | None = None) -> Alert:
    values = {"account": "acme", "balance": "9.00", "currency": "CNY", "threshold": "100.00"}
    account = company.account if company else None
    return alerts.raise_alert(
        "low_balance", subject="account:1", severity="warning", account=account, values=values, now=NOW
    )


def once_more() -> AlertMessage:
    """Let the oldest message be tried, its clock moved on."""
    message = AlertMessage.objects.order_by("pk")[0]
    AlertMessage.objects.filter(pk=message.pk).update(due_at=NOW)
    alert_messages.send_due()
    message.refresh_from_db()
    return message


def test_contacts_are_written_to_each_in_his_language(mailbox: Mailbox, acme: Company) -> None:
    acme.account.contacts = [
        {"name": "One", "email": "one@acme.example", "language": "en"},
        "two@acme.example",
        "Two@acme.example",
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
    assert two["Subject"] == "[Maskline] 警告：余额不足 (acme)"
    assert "余额为 9.00 CNY" in two.get_content()
    assert "CST" in one.get_content() and "/alerts/" in one.get_content()
    assert base64.b64decode(mailbox.logins[0]) == b"\0robot\0pass@word"


def test_one_address_refused_does_not_keep_it_from_the_others_nor_write_to_them_again(mailbox: Mailbox) -> None:
    ops("one@example.com", "gone@example.com", "three@example.com")
    low()
    mailbox.refused, mailbox.refused_by = "gone@", 450
    message = once_more()
    assert (message.state, message.attempts, message.reason) == ("waiting", 1, "The mail server refused the address.")
    assert message.reached == ["one@example.com", "three@example.com"] and message.due_at > NOW
    assert alert_messages.send_due() == 0
    mailbox.refused = ""
    assert once_more().state == "sent"
    assert [one["To"] for one in mailbox.mails] == ["one@example.com", "three@example.com", "gone@example.com"]
    ids = {one["Message-ID"] for one in mailbox.mails}
    assert len(ids) == 3 and all(id.startswith(f"<alert-{message.pk}-") for id in ids)


def test_a_full_mailbox_does_not_keep_it_from_the_others(mailbox: Mailbox) -> None:
    ops("full@example.com", "two@example.com")
    low()
    mailbox.refused_mail = "full@"
    message = once_more()
    assert (message.state, message.reached) == ("waiting", ["two@example.com"])
    assert message.reason == "The mail server refused the address."


def test_a_mail_tried_again_bears_the_same_id(mailbox: Mailbox) -> None:
    ops()
    low()
    once_more()
    AlertMessage.objects.update(state="waiting", reached=[])
    once_more()
    first, second = mailbox.mails
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"refused_login": True}, "The mail server refused user and password."),
        ({"refused_sender": "maskline@"}, "The mail server refused the sender (from= in EMAIL_URL)."),
    ],
)
def test_what_the_mail_server_refuses_is_named(mailbox: Mailbox, told: dict[str, Any], reason: str) -> None:
    for name, value in told.items():
        setattr(mailbox, name, value)
    assert alert_messages.send_test(ops(), NOW).reason == reason


def test_without_a_mail_server_the_reason_is_plain(settings: Any, mailbox: Mailbox) -> None:
    use(settings, "smtp://127.0.0.1:1")
    assert alert_messages.send_test(ops(), NOW).reason == "The mail server could not be reached."


def test_starttls_comes_before_login_and_mail(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = pair(tmp_path / "pair.pem", "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(certificate, later=True) as box:
        use(settings, f"smtp://u:p@127.0.0.1:{box.port}")
        assert alert_messages.send_test(ops(), NOW).state == "sent"
        assert [one["Subject"] for one in box.mails] == ["[Maskline] test"]
        assert [line.split()[0].upper() for line in box.clear] == ["EHLO", "STARTTLS"]
        assert len(box.logins) == 1


@pytest.mark.parametrize("later", [False, True], ids=["smtps", "starttls"])
@pytest.mark.parametrize(
    ("host", "days", "trusted", "said"),
    [
        ("127.0.0.1", 30, False, "signed by itself"),
        ("127.0.0.1", -3, True, "expired"),
        ("other.example", 30, True, "another host"),
    ],
)
def test_a_wrong_certificate_is_named_and_neither_password_nor_mail_goes_out(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, days: int, trusted: bool, said: str,
    later: bool,
) -> None:  # fmt: skip
    certificate = pair(tmp_path / "pair.pem", host, ends=timedelta(days=days))
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(certificate, later=later) as box:
        use(settings, f"smtp{'' if later else 's'}://u:p@127.0.0.1:{box.port}")
        message = alert_messages.send_test(ops(), NOW)
        assert message.state == "failed" and said in message.reason
        assert (box.mails, box.logins) == ([], [])


def test_a_server_without_starttls_gets_no_password(settings: Any) -> None:
    with mail_server() as box:
        use(settings, f"smtp://u:p@127.0.0.1:{box.port}")
        assert alert_messages.send_test(ops(), NOW).reason == "The mail server offers no STARTTLS: nothing was sent."
        assert (box.mails, box.logins) == ([], [])


def test_a_route_to_contacts_that_are_not_there_says_so(acme: Company) -> None:
    route = AlertRoute.objects.create(name="contacts", channel="mail")
    low(acme)
    message = once_more()
    assert message.state == "failed" and message.reason.startswith("Nobody to write to")
    assert alert_messages.send_test(route, NOW).reason.startswith("It writes to the contacts of the account")
    assert mail.outbox == []


def test_an_alert_of_the_instance_is_none_for_the_contacts_of_accounts(acme: Company) -> None:
    AlertRoute.objects.create(name="contacts of each account", channel="mail")
    acmes = AlertRoute.objects.create(name="contacts of acme", channel="mail", account=acme.account)
    ops()
    low()
    assert list(AlertMessage.objects.values_list("route__name", flat=True)) == ["ops"]
    low(acme)
    assert not AlertMessage.objects.filter(route=acmes).exists()  # the alert belongs to nobody still


def test_a_line_break_begins_no_header(mailbox: Mailbox, acme: Company) -> None:
    acme.account.contacts = [
        "a@acme.example\r\nBcc: eve@corp.example",
        {"email": "b@acme.example\nTo: eve@corp.example"},
    ]
    acme.account.save()
    AlertRoute.objects.create(name="contacts", channel="mail", language="en")
    ops()
    low(acme)
    alerts.raise_alert("odd\r\nBcc: eve@corp.example", subject="x", severity="critical", title="a\r\nb", now=NOW)
    alert_messages.send_due()
    assert {str(one["To"]) for one in mailbox.mails} == {"ops@example.com"}
    assert all(one["Bcc"] is None for one in mailbox.mails) and len(mailbox.mails) == 3


def test_an_account_without_contacts_is_an_alert_until_it_has_one(acme: Company) -> None:
    AlertRoute.objects.create(name="contacts", channel="mail")
    low(acme)
    once_more()
    found = Alert.objects.get(kind="no_contact")
    assert (found.account, found.values) == (None, {"account": "acme", "route": "contacts"})
    assert not Alert.objects.filter(kind="route_failing").exists()
    alert_checks.contacts(NOW)
    assert Alert.objects.filter(kind="no_contact", closed_at=None).exists()
    acme.account.contacts = ["one@acme.example"]
    acme.account.save()
    alert_checks.contacts(NOW)
    assert not Alert.objects.filter(kind="no_contact", closed_at=None).exists()

"""The alerts' pages: who sees which, taking on, silencing, closing; routes, their form and their test."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AuditEntry
from accounts.scope import Scope
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from console.dashboard import attention
from notifications.alerts import close_alert, raise_alert
from notifications.models import Alert, AlertMessage, AlertRoute
from notifications.tests.hostile import Ports, hostile_server

SignIn = Callable[..., Client]
pytestmark = pytest.mark.django_db


def low(account: Account | None, severity: str = "warning") -> Alert:
    subject = f"account:{account.pk if account else 0}"
    values = {"account": account.code if account else "-", "balance": "9.00", "currency": "CNY", "threshold": "100.00"}
    return raise_alert(
        "low_balance", subject=subject, severity=severity, account=account, values=values, now=timezone.now()
    )


def page(client: Client, name: str, *args: Any, **query: Any) -> str:
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_customers_user_sees_his_accounts_alerts_only(signed_in: SignIn, acme: Company, bolt: Company) -> None:
    mine, others, instance = low(acme.account), low(bolt.account), low(None)
    customer = signed_in("customer", acme.account)
    shown = page(customer, "alerts")
    assert "account acme is 9.00 CNY" in shown and "account bolt" not in shown
    assert "account acme" in page(customer, "alert", mine.pk)
    for other in (others, instance):
        assert customer.get(reverse("alert", args=[other.pk])).status_code == 404
    support = page(signed_in("support"), "alerts")
    assert "account bolt is low" in support and "9.00" not in support  # amounts are for those who may see money
    assert "account bolt is 9.00 CNY" in page(signed_in("finance"), "alerts")
    assert customer.post(reverse("alert_acknowledge", args=[mine.pk])).status_code == 403


def test_the_list_is_filtered_by_state_kind_and_account(signed_in: SignIn, acme: Company, bolt: Company) -> None:
    support = signed_in("support")
    low(acme.account)
    taken, closed = low(bolt.account), low(None)
    close_alert("low_balance", closed.subject, now=timezone.now())
    support.post(reverse("alert_acknowledge", args=[taken.pk]))
    assert "account bolt" in page(support, "alerts", state="mine")
    assert "account acme" not in page(support, "alerts", state="mine")
    assert "account - is low" in page(support, "alerts", state="closed")
    assert "account bolt" not in page(support, "alerts", account="acme")
    assert "No such alert" in page(support, "alerts", kind="arrears")


def test_an_alert_is_taken_on_silenced_and_closed_and_the_trail_tells(signed_in: SignIn, acme: Company) -> None:
    support, alert = signed_in("support"), low(acme.account)
    name = support.get("/").context["request"].user.username
    assert "You look after it" in post(support, "alert_acknowledge", alert.pk)
    assert "looks after it already" in post(support, "alert_acknowledge", alert.pk)
    assert "Choose for how long" in post(support, "alert_silence", alert.pk, hours="5000")
    assert "Nobody is told of it until then" in post(support, "alert_silence", alert.pk, hours="4")
    alert.refresh_from_db()
    assert alert.silenced_until is not None and alert.silenced_until > timezone.now() + timedelta(hours=3)
    assert "account acme" in page(support, "alerts", state="silenced")
    assert "It is told again" in post(support, "alert_silence", alert.pk, hours="0")
    assert "opens a new alert" in post(support, "alert_close", alert.pk)
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.closed_by) == (name, name)
    actions = list(AuditEntry.objects.filter(subject_kind="alert").order_by("pk").values_list("action", flat=True))
    assert actions == ["alert.acknowledge", "alert.silence", "alert.silence", "alert.close"]
    customer = page(signed_in("customer", acme.account), "alert", alert.pk)
    assert "by hand" in customer and f">{name}<" not in customer


def post(client: Client, page_name: str, /, *args: Any, **sent: Any) -> str:
    return client.post(reverse(page_name, args=args), sent, follow=True).content.decode()


def test_the_dashboard_leads_to_the_open_alerts(signed_in: SignIn, acme: Company, bolt: Company) -> None:
    low(acme.account)
    low(bolt.account, "critical")
    found = attention.findings(Scope(None), [], timezone.now())
    assert [(one.level, one.link) for one in found if "alerts are open" in one.text] == [
        ("bad", reverse("alerts") + "?state=new")
    ]
    own = attention.findings(Scope(acme.account.pk), [], timezone.now())
    assert [(one.level, one.text) for one in own if "alert is open" in one.text] == [("warn", "1 alert is open.")]


ROUTE = {"name": "ops", "account": "", "kind": "", "severity": "warning", "channel": "mail", "template": "maskline",
         "language": "en", "enabled": "on", "addresses": "ops@example.com"}  # fmt: skip


def test_a_mail_route_is_made_changed_and_tried(signed_in: SignIn, acme: Company) -> None:
    operator = signed_in("operator")
    assert "Saved." in post(operator, "alert_route_new", **ROUTE)
    route = AlertRoute.objects.get()
    assert "The mail server took the test." in post(operator, "alert_route_test", route.pk)
    assert (mail.outbox[0].to, mail.outbox[0].subject) == (["ops@example.com"], "[Maskline] test")
    assert "Sent" in page(operator, "alert_routes")
    post(operator, "alert_route", route.pk, **{**ROUTE, "account": "acme", "kind": "arrears"})
    route.refresh_from_db()
    assert (route.account, route.kind) == (acme.account, "arrears")
    actions = set(AuditEntry.objects.filter(subject_kind="alertroute").values_list("action", flat=True))
    assert actions == {"add_alertroute", "alert_route.test", "change_alertroute"}


@pytest.fixture(scope="module")
def hostile() -> Iterator[Ports]:
    with hostile_server() as ports:
        yield ports


def test_a_webhooks_url_and_secret_are_never_shown_again(signed_in: SignIn, settings: Any, hostile: Ports) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": [f"127.0.0.1:{hostile.plain}"]}
    operator, url = signed_in("operator"), hostile.url("well", "token-4711")
    shown = post(operator, "alert_route_new", **{**ROUTE, "channel": "webhook", "url": url})
    route = AlertRoute.objects.get()
    assert route.secret and route.secret in shown and route.url == url
    again = page(operator, "alert_route", route.pk) + page(operator, "alert_routes")
    assert route.secret not in again and "token-4711" not in again and "127.0.0.1" in again
    secret = route.secret
    post(operator, "alert_route", route.pk, **{**ROUTE, "channel": "webhook", "name": "other"})
    route.refresh_from_db()
    assert (route.name, route.url, route.secret) == ("other", url, secret)
    assert "The test arrived." in post(operator, "alert_route_test", route.pk)
    assert AlertMessage.objects.get().state == "sent"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"channel": "webhook"}, "A webhook needs a URL."),
        ({"channel": "webhook", "url": "http://169.254.169.254/"}, 'class="mk-error"'),
        ({"addresses": "not an address"}, "is no mail address"),
        ({"account": "nobody"}, "There is no account with this code."),
        ({"secret": "short"}, 'class="mk-error"'),
    ],
)
def test_what_is_wrong_stands_at_the_form_of_a_route(signed_in: SignIn, changed: dict[str, str], sentence: str) -> None:
    answer = signed_in("operator").post(reverse("alert_route_new"), {**ROUTE, **changed})
    assert (answer.status_code, sentence in answer.content.decode()) == (400, True)
    assert not AlertRoute.objects.exists()


def test_amounts_stand_in_no_page_of_the_admin(signed_in: SignIn, acme: Company) -> None:
    alert = low(acme.account)
    shown = page(signed_in("support"), "admin:notifications_alert_change", alert.pk)
    assert "low_balance" in shown and "9.00" not in shown

"""Charges explain themselves; the ledger runs its balance; packages say what is left."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.scope import Scope
from billing import ledger, tariffs
from billing.models import LedgerTransaction
from console.money import views
from console.money.charges import ranks
from console.tests.scene import PRICED_FROM, Scene


def test_a_charge_explains_its_amount(scene: Scene, signed_in: Callable[..., Client]) -> None:
    answer = signed_in("finance").get(reverse("charge", args=[scene.acme.charge.pk]))
    text = " ".join(answer.content.decode().split())
    assert "130 / 60, rounded up = 3" in text
    assert "2 minutes (p-acme" in text
    assert "3 − 2 = 1" in text
    assert "0.06 CNY" in text
    assert answer.context["transaction"].key.startswith("usage:acme:")


def test_a_charge_names_the_prices_that_lost(scene: Scene) -> None:
    special = tariffs.set_price(
        item="call", number_kind="any", price=Decimal("0.01"), currency="CNY", account=scene.bolt.account,
        valid_from=PRICED_FROM,
    )  # fmt: skip
    ranked = ranks(scene.acme.charge)
    assert [(rank.chosen, rank.tariff.price) for rank in ranked] == [(True, Decimal("0.06"))]
    assert special not in [rank.tariff for rank in ranked]


def test_charges_are_filtered_by_booked_hour_item_and_lateness(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser, charge = signed_in("finance"), scene.acme.charge
    hour = charge.booked_hour
    inside = {"account": "acme", "from": hour.isoformat(), "to": (hour + timedelta(hours=1)).isoformat()}
    outside = {**inside, "from": (hour + timedelta(hours=1)).isoformat(), "to": (hour + timedelta(hours=2)).isoformat()}
    for query, expected in [
        (inside, [charge.pk]), ({**inside, "item": "sms"}, []), ({**inside, "late": "1"}, []), (outside, []),
        ({**inside, "late": "0", "item": "call"}, [charge.pk]),
    ]:  # fmt: skip
        page = browser.get(reverse("charges"), query).context["page"]
        assert [row.pk for row in page.rows] == expected


def test_the_ledger_shows_the_balance_after_each_transaction(scene: Scene) -> None:
    account = scene.acme.account
    rows: list[Any] = list(LedgerTransaction.objects.filter(account=account).order_by("-pk"))
    views.add_balances(Scope(None), account, rows)
    assert [(row.kind, row.own, row.balance_after) for row in rows] == [
        ("usage", Decimal("-0.06"), Decimal("8.94")),
        ("package", Decimal("-1"), Decimal("9")),
        ("topup", Decimal("10"), Decimal("10")),
    ]
    assert rows[0].balance_after == ledger.balance(account)


def test_the_running_balance_holds_when_some_are_filtered_out(scene: Scene) -> None:
    account = scene.acme.account
    rows: list[Any] = list(LedgerTransaction.objects.filter(account=account).exclude(kind="package").order_by("-pk"))
    views.add_balances(Scope(None), account, rows)
    assert [row.balance_after for row in rows] == [Decimal("8.94"), Decimal("10")]


def test_packages_show_what_is_left(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("finance")
    assert list(browser.get(reverse("packages")).context["page"].rows) == []  # both are used up
    answer = browser.get(reverse("packages"), {"current": "0", "account": "acme"})
    assert [(row.minutes, row.minutes_used) for row in answer.context["page"].rows] == [(2, 2)]
    assert "0 of 2" in answer.content.decode()


def test_a_run_lists_what_it_booked(scene: Scene, signed_in: Callable[..., Client]) -> None:
    answer = signed_in("finance").get(reverse("settlement_run", args=[scene.acme.charge.run_id]))
    assert [(row.item, row.amount) for row in answer.context["totals"] if row.account.code == "acme"] == [
        ("call", Decimal("0.06")),
        ("unanswered", Decimal("0")),
    ]


def test_a_price_is_added_through_set_price(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("operator")
    asked = {
        "item": "rental", "number_kind": "any", "price": "5.00", "currency": "CNY", "account": "",
        "valid_from_0": "2026-01-01", "valid_from_1": "00:00:00", "valid_to_0": "", "valid_to_1": "",
    }  # fmt: skip
    assert browser.post(reverse("admin:billing_tariff_add"), asked).status_code == 302
    charged = {**asked, "item": "call", "price": "0.07", "valid_from_0": "2026-02-01"}
    refused = browser.post(reverse("admin:billing_tariff_add"), charged)
    assert refused.status_code == 200
    assert refused.context["adminform"].form.errors


def test_every_money_list_takes_an_application(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser, asked = signed_in("finance"), {"application": scene.acme.application.app_key}
    for name in ("balances", "charges", "packages", "ledger", "settlement_runs", "reports"):
        assert browser.get(reverse(name), asked).status_code == 200, name

"""What the admin says of a price or an extension that cannot be, in the language of the person."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.fixtures import *  # noqa: F403
from billing.models import Tariff
from billing.tariffs import set_price

pytestmark = pytest.mark.django_db
PRICE = {
    "item": "call",
    "number_kind": "any",
    "price": "0.06",
    "currency": "CNY",
    "valid_from_0": "2026-03-01",
    "valid_from_1": "00:00:00",
}


def told(user, client: Client, address: str, form: dict[str, str]) -> str:
    """Return everything a refused form says, in Chinese."""
    client.force_login(user)
    client.cookies["django_language"] = "zh-hans"
    response = client.post(address, form)
    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    return " ".join(text for found in errors.values() for text in found)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"valid_to_0": "2026-02-01", "valid_to_1": "00:00:00"}, "晚于"),
        ({"price": "-1"}, "价格"),
        ({"price": "2000000"}, "价格须在"),
        ({"currency": "XYZ"}, "币种"),
        ({"price": "0.07"}, "已"),
    ],
)
def test_a_price_that_cannot_be_set_is_refused_in_chinese(client, operator, wrong, says):
    start = datetime(2026, 2, 28, 16, tzinfo=UTC)  # 00:00 in Shanghai
    set_price(item="call", number_kind="any", price=Decimal("0.06"), currency="CNY", account=None, valid_from=start)
    text = told(operator, client, reverse("admin:billing_tariff_add"), PRICE | wrong)
    assert says in text
    assert not re.search("[A-Za-z]{4,}", text.replace("CNY", ""))
    assert Tariff.objects.count() == 1


def test_an_extension_of_nine_digits_is_refused_in_chinese(client, operator, acme):
    address = reverse("admin:accounts_application_change", args=[acme.application.pk])
    text = told(operator, client, address, {"extension_digits": "9"})
    assert "1 至 4" in text
    assert "application_extension" not in text

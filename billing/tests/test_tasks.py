"""The task that beat sends: it settles what is due, and running it beside another changes nothing."""

import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.conf import settings

from accounts.tests.fixtures import company
from billing.models import Charge, Tariff
from billing.tasks import settle_due_hours
from billing.tests import books, usage
from config.celery import app

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_beat_sends_the_task_four_times_an_hour() -> None:
    entry = next(one for one in app.conf.beat_schedule.values() if one["task"] == "billing.tasks.settle_due_hours")
    assert entry["schedule"].minute == {5, 20, 35, 50}
    assert settings.MASKLINE["settlement_delay_minutes"] <= 5


@pytest.mark.django_db(transaction=True)
def test_the_task_settles_what_is_due_and_says_what_waits(caplog: pytest.LogCaptureFixture) -> None:
    acme = company("acme", "+8617100000001")
    Tariff.objects.create(item="call", number_kind="virtual", price=Decimal("0.06"), valid_from=TEN)
    usage.queue(usage.call(acme, TEN, 60), usage.call(acme, TEN, 60, "unpriced", number_kind="carrier"))
    with time_machine.travel(TEN + timedelta(minutes=64, seconds=59), tick=False):
        settle_due_hours()
    assert not Charge.objects.exists()
    with time_machine.travel(TEN + timedelta(minutes=65)), caplog.at_level(logging.WARNING):
        settle_due_hours()
        settle_due_hours()
    assert Charge.objects.get().amount == Decimal("0.06")
    assert "1 usage rows wait" in caplog.text
    books.assert_sound()

"""The demo: it may be cut short and run again, and it shows what a company's week looks like."""

from datetime import timedelta

import pytest

from accounts.models import Account
from billing.ledger import balance
from billing.models import Charge, Purchase
from console.simulation import demo
from privacy.models import NumberStatus, Quarantined, Usage
from tests.flows import world

NOW = world.utc(2026, 3, 10, 2)
CALLS = 400

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class Cut(Exception):
    """What ends the first run in the middle."""


def silent(text: str) -> None:
    """Say nothing."""


def cut_on_the_second_day(text: str) -> None:
    if "2026-03-09" in text:
        raise Cut


@pytest.fixture(autouse=True)
def _short_week(monkeypatch: pytest.MonkeyPatch) -> None:
    """A week of two days and an hour is enough here."""
    monkeypatch.setattr(demo, "WEEK", timedelta(days=2, hours=1))
    monkeypatch.setattr(demo, "SAMPLES_FROM", timedelta(days=1))


def test_a_demo_that_was_cut_short_is_finished_by_the_next_run_and_then_changes_nothing() -> None:
    with pytest.raises(Cut):
        demo.make(NOW, cut_on_the_second_day, calls=CALLS)
    unfinished = Charge.objects.count()
    # Later than the first run: the week stays the one that was begun.
    later = NOW + timedelta(hours=3)
    demo.make(later, silent, calls=CALLS)
    made = world.everything()
    assert unfinished < len(made["charges"]) and made["calls"] >= CALLS
    statuses = NumberStatus.objects.count()

    demo.make(later, silent, calls=CALLS)
    assert world.everything() == made
    assert NumberStatus.objects.count() == statuses
    world.command("reconcile")


def test_the_demo_has_late_lines_packages_overage_quarantine_and_nothing_without_a_price() -> None:
    demo.make(NOW, silent, calls=CALLS)
    late = Charge.objects.filter(late=True).count()
    assert 0 < late < Charge.objects.count() / 20
    assert Charge.objects.filter(package_units__gt=0).exists() and Charge.objects.filter(overage_units__gt=0).exists()
    assert not Usage.objects.exclude(blocked_reason="").exists()
    assert Quarantined.objects.count() == 10
    assert Purchase.objects.count() == 2  # the third is bought on the fifth day
    assert {account.code for account in Account.objects.all()} == {"acme", "bolt", "corp"}
    assert balance(Account.objects.get(code="acme")) > 0

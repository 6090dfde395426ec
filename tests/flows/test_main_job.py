"""The main job, through the real doors: CDRs in, hours settled, report out, and the same again changes nothing."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from billing.models import Charge, SettledHour
from billing.settlement import settle
from common.periods import hour_of
from privacy.models import Call, Quarantined, Usage
from tests.flows import world

NOW = world.utc(2026, 3, 10, 2) + timedelta(minutes=20)
DAY = ("2026-03-09T00:00:00+00:00", "2026-03-09T12:00:00+00:00")
LAST_YEAR = world.utc(2025, 3, 10, 8), world.utc(2025, 3, 10, 13)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _at_a_fixed_time(settings: Any) -> Iterator[None]:
    """Nobody else listens where the simulator looks for a running Maskline; the clock goes on from NOW."""
    settings.MASKLINE_PUBLIC_URL = "http://127.0.0.1:9"
    with time_machine.travel(NOW):
        yield


def simulate() -> str:
    return world.command("simulate", "--calls", "120", "--seed", "7", "--from", DAY[0], "--to", DAY[1])


def settle_until(moment: datetime) -> None:
    settle(until=moment, now=moment)


def export(path: Path, start: datetime, end: datetime) -> Path:
    world.command("export_charges", "--from", start.isoformat(), "--to", end.isoformat(), "--output", str(path))
    return path


def test_simulated_calls_are_settled_and_the_report_equals_the_ledger(tmp_path: Path) -> None:
    world.provision(tmp_path)
    assert "quarantined 0" in simulate()
    assert Call.objects.count() >= 120
    world.command("settle")
    assert not Usage.objects.exists() and Charge.objects.exists()

    report = export(tmp_path / "charges.csv", world.utc(2026, 3, 9), world.utc(2026, 3, 10))
    for account in ("acme", "bolt"):
        assert world.charged_by_report(report, account) == world.charged_by_ledger(account) > 0
    world.command("reconcile")

    before = world.everything()
    world.provision(tmp_path)
    simulate()
    assert not Quarantined.objects.exists()
    world.command("settle")
    assert world.everything() == before
    world.command("reconcile")


def test_a_file_of_last_year_is_booked_in_last_years_hours(tmp_path: Path) -> None:
    world.provision(tmp_path)
    infos = world.cdrs("last-year", *LAST_YEAR, count=60)
    file = world.write_csv(tmp_path / "cdrs.csv", infos)
    assert world.command("import_cdrs", str(file)).startswith("stored 60, repeated 0, quarantined 0")
    world.command("settle")
    assert Charge.objects.count() == sum("fwdAnswerTime" in info for info in infos)
    for charge in Charge.objects.all():
        assert charge.booked_hour == charge.usage_hour == hour_of(charge.ended_at) and not charge.late

    before = world.everything()
    assert world.command("import_cdrs", str(file)).startswith("stored 0, repeated 60, quarantined 0")
    world.command("settle")
    assert world.everything() == before
    world.command("reconcile")


def test_one_cdr_more_for_a_settled_hour_is_late_and_the_hour_stays_as_it_was(tmp_path: Path) -> None:
    world.provision(tmp_path)
    infos = world.cdrs("last-year", *LAST_YEAR, count=60)
    world.command("import_cdrs", str(world.write_jsonl(tmp_path / "cdrs.jsonl", infos)))
    world.command("settle")
    first = export(tmp_path / "first.csv", *LAST_YEAR)

    late = world.write_jsonl(tmp_path / "late.jsonl", [world.one_more(infos)])
    assert world.command("import_cdrs", str(late)).startswith("stored 1,")
    world.command("settle")
    (charge,) = Charge.objects.filter(late=True)
    assert charge.usage_hour == hour_of(charge.ended_at) < charge.booked_hour == hour_of(NOW)
    assert not SettledHour.objects.filter(hour=hour_of(NOW)).exists()
    again = export(tmp_path / "again.csv", *LAST_YEAR)
    assert again.read_bytes() == first.read_bytes()
    world.command("reconcile")


def test_files_loaded_three_times_in_any_order_give_the_same_ledger(tmp_path: Path) -> None:
    infos = world.cdrs("shuffled", *LAST_YEAR, count=90)
    files = [
        str(world.write_jsonl(tmp_path / "one.jsonl", infos[:40])),
        str(world.write_csv(tmp_path / "two.csv", infos[30:70])),
        str(world.write_jsonl(tmp_path / "three.jsonl", reversed(infos[60:]))),
    ]
    seen = []
    for seed in range(3):
        call_command("flush", interactive=False, verbosity=0)
        world.provision(tmp_path)
        order = files * 3
        random.Random(seed).shuffle(order)
        for file in order:
            world.command("import_cdrs", file)
        world.command("settle")
        world.command("reconcile")
        seen.append(world.everything())
    assert seen[0]["calls"] == 90 and seen[0]["charges"]
    assert seen[0] == seen[1] == seen[2]

"""Settlement killed at each fault point, its database session ended there, and run by two at once: the same books."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from accounts.tests.fixtures import Company, company
from billing.models import Package, Purchase, SettlementRun, Tariff
from billing.tasks import settle_due_hours
from billing.tests import books, usage
from billing.tests.twin import Twin
from common import faults
from privacy.models import Usage

POINTS = [
    "settle.claimed",
    "settle.rated",
    "settle.charged",
    "settle.posted",
    "settle.before_commit",
    "settle.after_commit",
]
START = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOURS = 2


@pytest.fixture
def twin(transactional_db: None) -> Twin:
    """Two companies with packages and two hours of usage in the queue; the twin has settled it already."""
    companies = [company("acme", "+8617100000001"), company("corp", "+8617100000002")]
    tariff = Tariff.objects.create(item="call", number_kind="any", price=Decimal("0.06"), valid_from=START)
    message = Tariff.objects.create(item="sms", number_kind="any", price=Decimal("0.28"), valid_from=START)
    twin = Twin.of([one.account for one in companies], [tariff, message], [_purchase(one) for one in companies])
    twin.queue = [row for one in companies for row in _usage(one)]
    usage.queue(twin.queue)
    now = datetime.now(UTC)
    twin.settle(now, now)
    return twin


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["", ":backend"], ids=["process", "session"])
@pytest.mark.parametrize("point", POINTS)
def test_a_settlement_that_dies_is_done_by_the_next(point: str, kind: str, twin: Twin, tmp_path: Path) -> None:
    log = tmp_path / "fired"
    died = _settle(MASKLINE_FAULT=f"{point}:2{kind}", MASKLINE_FAULT_LOG=str(log))
    status, output = _end(died)
    assert status == (1 if kind else -signal.SIGKILL), output
    assert log.read_text("utf-8").split() == [point], "the point never fired"

    status, output = _end(_settle())
    assert status == 0, output

    books.assert_same(twin)
    books.assert_sound()
    assert SettlementRun.objects.count() == 2 * HOURS


@pytest.mark.slow
@pytest.mark.parametrize("point", ["settle.charged", "settle.before_commit", "settle.after_commit"])
def test_a_worker_that_dies_settles_again_with_beat_running_beside(point: str, twin: Twin, tmp_path: Path) -> None:
    log = tmp_path / "fired"
    fault = {"MASKLINE_FAULT": f"{point}:2", "MASKLINE_FAULT_LOG": str(log)}
    worker = _start("celery", "-A", "config", "worker", "--concurrency", "1", **fault)
    beat = _start("celery", "-A", "config", "beat", "--schedule", str(tmp_path / "beat"))
    try:
        settle_due_hours.delay()
        until = time.monotonic() + 90
        while Usage.objects.exists() and time.monotonic() < until:
            time.sleep(0.2)
    finally:
        beat.terminate()
        worker.terminate()
        said = [_end(process)[1] for process in (beat, worker)]
    assert log.exists(), said
    assert log.read_text("utf-8").split() == [point], said

    books.assert_same(twin)
    books.assert_sound()


def test_every_fault_point_of_the_code_is_in_the_table() -> None:
    assert faults.named_in(settings.BASE_DIR / "billing") == set(POINTS)


def test_two_at_once_and_one_more_give_the_same_books(twin: Twin) -> None:
    at_once = [_settle(), _settle()]
    ends = [_end(process) for process in [*at_once, _settle()]]
    assert [status for status, _ in ends] == [0, 0, 0], ends

    books.assert_same(twin)
    books.assert_sound()
    assert SettlementRun.objects.count() == 2 * HOURS


def _settle(**environment: str) -> subprocess.Popen[str]:
    return _start("django", "settle", "--settings", "config.settings", **environment)


def _start(*words: str, **environment: str) -> subprocess.Popen[str]:
    """Start a module of Python on the tests' database."""
    name, host = connection.settings_dict["NAME"], connection.settings_dict["HOST"]
    user, port = connection.settings_dict["USER"], connection.settings_dict["PORT"]
    address = f"postgresql://{user}@/{name}?host={host}" + (f"&port={port}" if port else "")
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=settings.BASE_DIR,
        env={**os.environ, "MASKLINE_EMBEDDED_DATABASE_URL": address, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _end(process: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def _purchase(one: Company) -> Purchase:
    package, _ = Package.objects.get_or_create(code="p", defaults={"name": "p", "price": 0})
    return Purchase.objects.create(
        account=one.account,
        package=package,
        reference="p-1",
        purchased_at=START,
        starts_at=START,
        ends_at=START + timedelta(minutes=90),
        minutes=15,
        messages=3,
        price=0,
    )


def _usage(one: Company) -> list[Usage]:
    rows = []
    for hour in range(HOURS):
        begin = START + timedelta(hours=hour)
        rows += [usage.call(one, begin + timedelta(minutes=3 * n), 50 * n) for n in range(8)]
        rows += [usage.sms(one, begin + timedelta(minutes=n), 2) for n in range(3)]
        rows += [usage.unanswered(one, begin + timedelta(minutes=20))]
    return rows

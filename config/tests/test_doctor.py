"""What the doctor sees, says and exits with."""

import base64
import io
import os
import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from redis import Redis

from accounts.models import DataKey
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from common import partitions
from common.errors import MasklineError
from common.keyring import keyring
from config import doctor
from config.doctor import database, findings, machine, work
from config.doctor.findings import BAD, OK, WARN, Finding
from console.models import Heartbeat
from notifications.models import Endpoint, Push, ShardLease
from notifications.outbox import enqueue
from notifications.tests.test_outbox import due
from privacy.models import Usage

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def level(check: Callable[[datetime], Any], now: datetime) -> str:
    """Return the worst level a check finds."""
    found: list[str] = [finding.level for finding in check(now)]
    return max(found, key=[OK, WARN, BAD].index)


def run() -> tuple[int, str]:
    """Run the command; return its exit status and what it printed."""
    out = io.StringIO()
    try:
        call_command("doctor", stdout=out)
    except SystemExit as status:
        return int(str(status.code)), out.getvalue()
    return 0, out.getvalue()


def test_a_well_installation_has_a_line_a_check_and_exits_with_0(now: datetime, settings: Any, tmp_path: Path) -> None:
    Heartbeat.objects.create(name="worker", at=now)
    status, said = run()
    assert "cannot" not in said and "could not be looked at" not in said
    wrong = [line for line in said.splitlines() if not line.startswith(("ok    ", "warn  ", "bad   postgresql: fsync"))]
    assert wrong == []
    # The tests' own database may lose data, and says so.
    assert status == (1 if "bad   " in said else 0)
    assert len(said.splitlines()) >= 13


def test_one_bad_finding_makes_it_exit_with_1(now: datetime, settings: Any) -> None:
    Heartbeat.objects.create(name="worker", at=now - HOUR)
    status, said = run()
    assert status == 1
    assert "bad   worker and beat: last sign of life 60 min ago -> start them" in said


def test_a_check_that_fails_is_a_finding_and_the_others_go_on() -> None:
    def broken(now: datetime) -> Any:
        raise ValueError("+8613900000101")

    (found,) = doctor._carefully(broken, timezone.now())
    assert (found.level, "13900000101" in str(found)) == (BAD, False)


@pytest.mark.parametrize(
    ("free", "total", "expected"), [(500, 1000, OK), (90, 1000, WARN), (4, 10, WARN), (0.5, 10, BAD), (15, 1000, BAD)]
)
def test_the_disk_is_judged_by_share_and_by_size(
    monkeypatch: pytest.MonkeyPatch, now: datetime, free: float, total: float, expected: str
) -> None:
    usage = type(shutil.disk_usage("/"))(int(total * machine.GIB), 0, int(free * machine.GIB))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert level(machine.disk, now) == expected


def test_clocks_are_compared_with_the_database_and_redis(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    assert level(machine.clock, now) == level(machine.redis, now) == OK
    real = time.time
    for seconds, expected in ((5, WARN), (-5, WARN), (60, BAD)):
        monkeypatch.setattr(time, "time", lambda s=seconds: real() + s)
        assert level(machine.clock, now) == level(machine.redis, now) == expected
    monkeypatch.undo()


def test_redis_that_is_away_is_bad(settings: Any, now: datetime) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert level(machine.redis, now) == BAD


def test_redis_that_may_drop_tasks_or_is_too_old_is_told(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    told = {"redis_version": "7.2.4", "maxmemory": 1, "maxmemory_policy": "allkeys-lru"}
    monkeypatch.setattr(Redis, "info", lambda _: told)
    assert level(machine.redis, now) == WARN
    told |= {"redis_version": "6.0.16", "maxmemory": 0}
    assert level(machine.redis, now) == BAD


def test_without_a_database_the_rest_is_not_asked(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused\nby acme.example")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    found = list(doctor.examine(now))
    assert (found[-1].level, found[-1].about) == (BAD, "database")
    assert found[-1].seen == "cannot be reached: connection refused"


def test_a_store_nobody_may_write_to_is_bad(settings: Any, now: datetime, tmp_path: Path) -> None:
    assert level(machine.storage, now) == OK
    (tmp_path / "file").touch()
    broken = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path / "file" / "x"},
    }
    settings.STORAGES = {**settings.STORAGES, "voices": broken}
    assert [finding.level for finding in machine.storage(now)] == [OK, BAD]
    assert os.listdir(tmp_path) == ["file"]


def test_a_server_that_may_lose_data_is_bad(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync')")
        (fsync,) = cursor.fetchone()
    assert level(machine.postgres, now) == (OK if fsync == "on" else BAD)


def test_a_migration_that_is_not_applied_is_bad(now: datetime) -> None:
    assert level(database.migrations, now) == OK
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'console' AND name = '0001_initial'")
    assert level(database.migrations, now) == BAD


def test_partitions_that_are_missing_soon_or_now_are_told() -> None:
    now = datetime(2031, 5, 14, 12, tzinfo=UTC)
    assert level(database.partitions_ahead, now) == BAD
    partitions.ensure_ahead(now)
    assert level(database.partitions_ahead, now) == OK
    last = min(partitions.existing(one.table)[-1].upper for one in partitions.partitioned_tables())
    assert level(database.partitions_ahead, last - timedelta(days=1)) == WARN


def test_keys_are_compared_with_those_the_database_knows(now: datetime) -> None:
    DataKey.objects.all().delete()
    assert level(database.keys, now) == OK
    mark = keyring().fingerprints()
    ((kid, right),) = mark.items()
    DataKey.objects.create(kid=kid, fingerprint=right)
    assert level(database.keys, now) == OK
    DataKey.objects.create(kid="old", fingerprint=base64.b64decode("AAAAAAAAAAA="))
    assert level(database.keys, now) == BAD


def test_keys_that_cannot_be_read_are_bad(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    def unreadable() -> Any:
        raise MasklineError("k1:AAAA")

    monkeypatch.setattr(database, "keyring", unreadable)
    (found,) = database.keys(now)
    assert (found.level, "AAAA" in str(found)) == (BAD, False)


def test_a_key_that_was_changed_may_still_be_needed(now: datetime) -> None:
    DataKey.objects.all().delete()
    ((kid, right),) = keyring().fingerprints().items()
    both = {"new": b"12345678", kid: right}
    DataKey.objects.create(kid=kid, fingerprint=right)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "keyring", lambda: SimpleNamespace(fingerprints=lambda: both))
        assert level(database.keys, now) == WARN


def test_a_transaction_that_is_left_open_is_told(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    held, done = threading.Event(), threading.Event()

    def left_open() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            held.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=left_open)
    thread.start()
    held.wait(20)
    moment = timedelta(microseconds=1)
    try:
        assert level(database.transactions, now) == OK
        monkeypatch.setattr(database, "LONG", moment)
        assert level(database.transactions, now) == WARN
        monkeypatch.setattr(database, "TOO_LONG", moment)
        assert level(database.transactions, now) == BAD
    finally:
        done.set()
        thread.join(20)


@pytest.mark.parametrize(("hours", "expected"), [(1, OK), (47, OK), (49, WARN), (191, WARN), (193, BAD)])
def test_the_age_of_the_last_backup_is_judged(now: datetime, hours: int, expected: str) -> None:
    Heartbeat.objects.create(name=database.BACKUP, at=now - hours * HOUR)
    assert level(database.backup, now) == expected


@pytest.mark.parametrize(("hours", "expected"), [(1, WARN), (100, WARN), (193, BAD)])
def test_without_any_backup_the_age_of_the_database_is_judged(now: datetime, hours: int, expected: str) -> None:
    DataKey.objects.all().delete()
    DataKey.objects.create(kid="t1", fingerprint=b"12345678", first_seen_at=now - hours * HOUR)
    assert level(database.backup, now) == expected


def test_a_backup_that_others_take_is_not_judged(now: datetime, settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "backup_hours": 0}
    assert level(database.backup, now) == OK


def test_a_dispatcher_is_missed_once_its_leases_are_over(now: datetime) -> None:
    assert level(work.dispatchers, now) == WARN
    lease = ShardLease.objects.create(shard=0, owner="one", epoch=1, expires_at=now + timedelta(seconds=9))
    assert level(work.dispatchers, now) == OK
    lease.expires_at = now - timedelta(minutes=2)
    lease.save()
    assert level(work.dispatchers, now) == BAD


def test_pushes_that_are_due_for_long_are_told_but_not_those_of_a_paused_server(acme: Company, now: datetime) -> None:
    enqueue([due(acme, 1)])
    assert level(work.pushes, now) == OK
    for age, expected in ((timedelta(minutes=10), WARN), (2 * HOUR, BAD)):
        Push.objects.update(due_at=timezone.now() - age)
        assert level(work.pushes, now) == expected
    Endpoint.objects.update(state=Endpoint.State.PAUSED)
    assert [str(finding) for finding in work.pushes(now)][1].startswith("warn  endpoints: 1 paused")


def test_usage_that_waits_for_its_hour_or_for_a_price_is_told(acme: Company, now: datetime) -> None:
    assert level(work.settlement, now) == level(work.unpriced, now) == OK
    row = Usage.objects.create(
        usage_id="01900000-0000-7000-8000-000000000001", account=acme.account, application=acme.application,
        number=acme.number, shard=acme.account.shard, hour=now.replace(minute=0, second=0, microsecond=0) - 3 * HOUR,
        item="call", number_kind="virtual", ended_at=now,
    )  # fmt: skip
    assert level(work.settlement, now) == WARN
    row.hour -= 24 * HOUR
    row.save()
    assert level(work.settlement, now) == BAD
    row.blocked_reason = "no_price"
    row.save()
    assert (level(work.settlement, now), level(work.unpriced, now)) == (OK, WARN)


@pytest.mark.parametrize(
    ("time_", "said"),
    [(timedelta(seconds=5), "5 s"), (timedelta(minutes=61), "61 min"), (71 * HOUR, "71 h"), (80 * HOUR, "3 d")],
)
def test_ages_are_said_in_words(time_: timedelta, said: str) -> None:
    assert findings.span(time_) == said


def test_a_line_has_level_subject_what_was_seen_and_the_cure() -> None:
    assert str(Finding(WARN, "disk", "2 GiB free", "make room")) == "warn  disk: 2 GiB free -> make room"

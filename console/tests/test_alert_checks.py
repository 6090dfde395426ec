"""The checks that raise alerts, each opening when the trouble is there and closing when it is over."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account
from accounts.tests import cast
from billing import alert_checks as money
from billing.models import Balance, Purchase, SettlementTotal
from common import partitions, periods
from config.celery import app
from config.doctor.database import BACKUP
from console.alerts import checks
from console.models import Heartbeat, Job
from console.tests.scene import Scene
from notifications import alert_checks as servers
from notifications.models import Alert, Endpoint
from privacy import alert_checks as arrivals
from privacy.models import Quarantined, Source, Usage

WEEK = timedelta(weeks=1)


@pytest.fixture(autouse=True)
def _only_ours(scene: Scene) -> None:
    Alert.objects.all().delete()


def open_ones(kind: str) -> list[str]:
    rows = Alert.objects.filter(kind=kind, closed_at=None).order_by("pk")
    return [f"{one.account.code if one.account else '-'} {one.severity}" for one in rows]


def test_every_task_of_the_timetable_is_there() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} - set(app.tasks) == set()


def test_usage_without_a_price(scene: Scene) -> None:
    Usage.objects.update(blocked_reason="no_price")
    money.unpriced_usage(scene.now)
    assert open_ones("unpriced_usage") == ["- critical"]
    assert Alert.objects.get(closed_at=None).values["n"] == Usage.objects.count()
    Usage.objects.update(blocked_reason="")
    money.unpriced_usage(scene.now)
    assert open_ones("unpriced_usage") == []


def stand(state: Account.State, since: datetime) -> None:
    Account.objects.filter(code="acme").update(state=state, state_since=since)


def test_a_balance_that_is_low_and_then_in_arrears(scene: Scene) -> None:
    now = scene.now
    stand(Account.State.LOW, now)
    money.balances(now)
    money.balances(now)
    assert (open_ones("low_balance"), open_ones("arrears")) == (["acme warning"], [])
    assert Alert.objects.get(kind="low_balance").count == 2
    stand(Account.State.ARREARS, now)
    money.balances(now)
    assert (open_ones("low_balance"), open_ones("arrears")) == ([], ["acme critical"])
    stand(Account.State.GOOD, now)
    money.balances(now)
    assert open_ones("arrears") == []
    stand(Account.State.LOW, now)
    money.balances(now)
    assert Alert.objects.filter(kind="low_balance").count() == 2


def test_a_balance_that_recovered_and_fell_again_between_two_looks_is_a_new_alert(scene: Scene) -> None:
    now = scene.now
    stand(Account.State.LOW, now - timedelta(minutes=1))
    money.balances(now)
    stand(Account.State.LOW, now + timedelta(minutes=2))
    money.balances(now + timedelta(minutes=5))
    money.balances(now + timedelta(minutes=10))
    assert sorted(Alert.objects.filter(kind="low_balance").values_list("count", flat=True)) == [1, 2]
    assert open_ones("low_balance") == ["acme warning"]


def test_money_is_told_as_it_is(scene: Scene) -> None:
    stand(Account.State.LOW, scene.now)
    acme = Account.objects.filter(code="acme")
    acme.update(low_balance=Decimal("1234567.5"))
    Balance.objects.filter(account__code="acme").update(amount=Decimal("1234567.499999"))
    money.balances(scene.now)
    values = Alert.objects.get(kind="low_balance").values
    assert (values["balance"], values["threshold"]) == ("1234567.499999", "1234567.50")


def test_a_package_that_is_used_up_or_ends(scene: Scene) -> None:
    rows = Purchase.objects.filter(account__code="acme")
    now = timezone.now()
    Purchase.objects.update(minutes=100, minutes_used=10)
    money.packages(now)
    assert open_ones("package_running_out") == []
    rows.update(minutes_used=90)
    money.packages(now)
    assert open_ones("package_running_out") == ["acme warning"]
    rows.update(minutes_used=10, ends_at=now + timedelta(days=6))
    money.packages(now)
    assert open_ones("package_running_out") == ["acme warning"]
    money.packages(now + timedelta(days=6))
    assert open_ones("package_running_out") == []


def test_a_package_runs_out_of_nothing_while_another_has_it(scene: Scene) -> None:
    now = timezone.now()
    Purchase.objects.update(minutes=9, minutes_used=8, messages=10, messages_used=0)
    first = Purchase.objects.filter(account__code="acme")[0]
    money.packages(now)
    assert open_ones("package_running_out") == []  # 8 of 9 are less than nine tenths
    Purchase.objects.filter(pk=first.pk).update(minutes=10, minutes_used=9)
    money.packages(now)
    assert open_ones("package_running_out") == ["acme warning"]
    second = Purchase.objects.get(pk=first.pk)
    second.pk, second.reference, second.minutes, second.messages_used = None, "second", 0, 0
    second.minutes_used = 0
    second.save(force_insert=True)
    money.packages(now)
    assert open_ones("package_running_out") == ["acme warning"]
    Purchase.objects.filter(pk=second.pk).update(minutes=10)
    money.packages(now)
    assert open_ones("package_running_out") == []
    # One that begins later is not drawn from until then; it is enough when the first one ends after it began.
    Purchase.objects.filter(pk=second.pk).update(starts_at=now + timedelta(days=3))
    money.packages(now)
    assert open_ones("package_running_out") == ["acme warning"]
    Purchase.objects.filter(pk=first.pk).update(minutes_used=1, ends_at=now + timedelta(days=4))
    money.packages(now)
    assert open_ones("package_running_out") == []
    Purchase.objects.filter(pk=first.pk).update(ends_at=now + timedelta(days=2))
    money.packages(now)
    assert open_ones("package_running_out") == ["acme warning"]


def test_an_application_that_falls_silent_is_compared_with_its_weeks_before(scene: Scene) -> None:
    hour = periods.hour_of(scene.now) + timedelta(days=30)
    total = SettlementTotal.objects.filter(account__code="acme", item="call").first()
    assert total is not None
    for week in range(1, 4):
        total.pk, total.booked_hour, total.lines = None, hour - week * WEEK, 400
        total.save(force_insert=True)
        money.silent_applications(hour + timedelta(minutes=85))
        assert open_ones("silent_application") == (["acme warning"] if week == 3 else [])
    assert Alert.objects.get(closed_at=None).values["usual"] == 400
    total.pk, total.booked_hour, total.lines = None, hour, 40
    total.save(force_insert=True)
    money.silent_applications(hour + timedelta(minutes=85))
    assert open_ones("silent_application") == []


def arrive(scene: Scene, at: datetime) -> None:
    source = Source.objects.create(door="import", upstream=scene.upstream, received=50, stored=50, file_name="x")
    Source.objects.filter(pk=source.pk).update(received_at=at)


def test_an_upstream_that_is_silent(scene: Scene) -> None:
    Source.objects.update(received_at=scene.now)
    arrivals.silent_upstreams(scene.now + timedelta(minutes=119))
    assert open_ones("silent_upstream") == []
    arrivals.silent_upstreams(scene.now + timedelta(minutes=121))
    assert open_ones("silent_upstream") == ["- critical"]
    arrive(scene, scene.now + timedelta(minutes=122))
    arrivals.silent_upstreams(scene.now + timedelta(minutes=123))
    assert open_ones("silent_upstream") == []


def test_an_upstream_may_be_silent_when_it_always_is(scene: Scene) -> None:
    evening = periods.hour_of(scene.now) - timedelta(minutes=5)
    Source.objects.all().update(received_at=evening - 5 * WEEK)
    for week in range(5):
        arrive(scene, evening - week * WEEK)
    night = evening + timedelta(hours=6)
    arrivals.silent_upstreams(night)
    assert open_ones("silent_upstream") == []
    for week in range(1, 5):
        arrive(scene, evening - week * WEEK + timedelta(hours=3))
    arrivals.silent_upstreams(night)
    assert open_ones("silent_upstream") == ["- critical"]


def test_a_quarantine_that_grows(scene: Scene, settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "quarantine_alert": 2}
    Quarantined.objects.update(received_at=scene.now)
    arrivals.growing_quarantine(scene.now)
    assert open_ones("quarantine_growing") == ["- warning"]
    arrivals.growing_quarantine(scene.now + timedelta(hours=1))
    assert open_ones("quarantine_growing") == []


def test_a_job_that_failed_until_the_next_one_works(scene: Scene) -> None:
    user, now = cast.staff("operator"), timezone.now()
    values = {"kind": "export.calls", "requested_by": user, "account": scene.acme.account}
    Job.objects.create(**values, state="failed", finished_at=now, error="line 1: +8613900000101 is odd")
    checks.failed_jobs(now)
    assert open_ones("job_failed") == ["- warning"]
    assert "1390000" not in str(Alert.objects.get(closed_at=None).values)
    Job.objects.create(**values, state="done", finished_at=now + timedelta(minutes=1))
    checks.failed_jobs(now + timedelta(minutes=2))
    assert open_ones("job_failed") == []


def test_a_partition_that_is_missing(scene: Scene) -> None:
    now = timezone.now()
    partitions.ensure_ahead(now)
    checks.missing_partitions(now)
    assert open_ones("partition_missing") == []
    last = partitions.existing("privacy_callevent")[-1].name
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE privacy_callevent DETACH PARTITION "{last}"')
    partitions.forget()
    checks.missing_partitions(now + 2 * WEEK)
    found = Alert.objects.filter(kind="partition_missing", closed_at=None).values_list("subject", flat=True)
    assert "table:privacy_callevent" in found and "table:privacy_call" not in found
    Alert.objects.update(last_seen_at=now)
    checks.missing_partitions(now)
    assert open_ones("partition_missing") == []


def test_an_endpoint_that_fails_for_a_quarter_of_an_hour(scene: Scene) -> None:
    endpoint, now = scene.acme.rows["endpoint"], timezone.now()
    rows = Endpoint.objects.filter(pk=endpoint.pk)
    rows.update(state="failing", failing_since=now - timedelta(minutes=14), last_reason="HTTP 500")
    servers.endpoints(now)
    assert open_ones("endpoint_failing") == []
    servers.endpoints(now + timedelta(minutes=1))
    assert open_ones("endpoint_failing") == ["acme warning"]
    assert Alert.objects.get(closed_at=None).values["host"] == "acme.example"
    rows.update(state="disabled", state_by="operator")
    servers.endpoints(now + timedelta(minutes=2))
    assert (open_ones("endpoint_failing"), open_ones("endpoint_dark")) == ([], [])


@pytest.mark.parametrize(("kind", "state"), [("endpoint_dark", "disabled"), ("endpoint_gone", "paused")])
def test_an_endpoint_the_dispatcher_leaves_alone_until_somebody_enables_it(scene: Scene, kind: str, state: str) -> None:
    now = timezone.now()
    rows = Endpoint.objects.filter(pk=scene.acme.rows["endpoint"].pk)
    rows.update(state=state, state_by="", state_reason="")
    servers.endpoints(now)
    servers.endpoints(now)
    assert open_ones(kind) == ["acme critical"]
    assert Alert.objects.get(kind=kind).count == 2
    rows.update(state="active", failing_since=None)
    servers.endpoints(now)
    assert open_ones(kind) == []


def test_a_backup_that_is_too_old(scene: Scene, settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "backup_hours": 48}
    checks.old_backup(scene.now)
    assert open_ones("backup_old") == []
    beat = Heartbeat.objects.create(name=BACKUP, at=scene.now)
    checks.old_backup(scene.now + timedelta(hours=48))
    assert open_ones("backup_old") == []
    checks.old_backup(scene.now + timedelta(hours=49))
    assert open_ones("backup_old") == ["- warning"]
    Heartbeat.objects.filter(pk=beat.pk).update(at=scene.now + timedelta(hours=49))
    checks.old_backup(scene.now + timedelta(hours=50))
    assert open_ones("backup_old") == []

"""What /metrics tells, and to whom."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from common import partitions
from config import environment, metrics, tunables
from config.metrics import GAUGES
from notifications import attempts
from notifications.attempts import Made
from notifications.models import Alert, Attempt, Endpoint, Push, ShardLease
from notifications.outbox import DuePush, enqueue

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-32-characters-0123456"
URL = "https://acme.example/fee"


def read(**headers: str) -> dict[tuple[str, ...], float]:
    """Return what a scrape gives: {(name, label values...): figure}."""
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def push(company: Company, number: int) -> DuePush:
    application = company.application
    at = timezone.now()
    return DuePush(
        application.pk,
        company.account.pk,
        URL,
        "fee",
        UUID(int=number),
        7,
        number,
        at,
        b'{"callerNum":"+8613900000101"}',
    )


def test_an_empty_database_has_every_metric_that_needs_no_rows() -> None:
    found = read()
    assert found["maskline_database_up",] == found["maskline_redis_up",] == 1
    assert found["maskline_metrics_left_out",] == 0
    assert found["maskline_push_shards", "free"] == 64
    assert found["maskline_dispatchers",] == found["maskline_quarantine_open",] == 0


def test_the_outbox_is_told_by_state_of_push_and_endpoint(acme: Company) -> None:
    enqueue([push(acme, number) for number in range(3)])
    now = timezone.now()
    Push.objects.filter(sequence=0).update(due_at=now - timedelta(minutes=5))
    Push.objects.filter(sequence=2).update(state=Push.State.DEAD)
    found = read()
    assert found["maskline_pushes", "active", "pending"] == 2
    assert found["maskline_pushes", "active", "dead"] == 1
    assert 299 < found["maskline_push_oldest_due_seconds", "active"] < 400
    Endpoint.objects.update(state="paused", closed_until=now + timedelta(minutes=1))
    found = read()
    assert found["maskline_pushes", "paused", "pending"] == 2
    assert found["maskline_endpoints", "paused"] == found["maskline_endpoints_left_alone",] == 1


def test_attempts_of_the_last_minute_are_told_by_what_came_of_them(acme: Company) -> None:
    enqueue([push(acme, 1)])
    row, now = Push.objects.get(), timezone.now()
    partitions.ensure(Attempt, "week", [now - timedelta(hours=1)])
    made = Made(row.pk, row.endpoint_id, row.account_id, row.application_id, "fee", row.cause_id, now, "delivered")
    attempts.keep(replace(made, duration_us=250_000))
    attempts.keep(replace(made, number=2, result="timeout", duration_us=250_000))
    attempts.keep(replace(made, number=3, at=now - timedelta(hours=1)))
    found = read()
    assert found["maskline_attempts_last_minute", "push", "delivered"] == 1
    assert found["maskline_attempts_last_minute", "push", "timeout"] == 1
    assert found["maskline_attempt_seconds", "0.5"] == 0.25


def test_leases_alerts_and_holders_are_counted() -> None:
    now = timezone.now()
    for shard, seconds in ((0, 10), (1, 10), (2, -10)):
        ShardLease.objects.create(
            shard=shard, owner=f"one{shard}", epoch=1, expires_at=now + timedelta(seconds=seconds)
        )
    seen = {"first_seen_at": now, "last_seen_at": now}
    Alert.objects.create(kind="endpoint_dark", severity="critical", subject="endpoint:1", **seen)
    found = read()
    assert (found["maskline_push_shards", "held"], found["maskline_push_shards", "free"]) == (2, 62)
    assert found["maskline_dispatchers",] == 2
    assert found["maskline_alerts_open", "critical"] == 1


def test_neither_numbers_nor_names_are_told(acme: Company) -> None:
    enqueue([push(acme, 1)])
    text = Client().get("/metrics").content.decode()
    for secret in ("13900000101", "17100000001", "acme", URL, acme.application.app_key):
        assert secret not in text


def test_every_query_is_written_for_a_metric_and_every_name_is_ours() -> None:
    assert len({gauge.query for gauge in GAUGES}) == len({gauge.name for gauge in GAUGES}) == len(GAUGES)
    assert all(gauge.name.startswith("maskline_") and gauge.help for gauge in GAUGES)


def test_a_query_that_fails_is_left_out_and_the_others_are_told() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE console_job RENAME TO console_job_gone")
    found = read()
    assert found["maskline_metrics_left_out",] == 1
    assert ("maskline_quarantine_open",) in found


def test_what_there_is_no_time_for_is_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "ALL_SECONDS", 0.0)
    found = read()
    assert found["maskline_metrics_left_out",] == len(GAUGES)
    assert found["maskline_database_up",] == 1 and found["maskline_metrics_seconds",] < 5
    assert ("maskline_quarantine_open",) not in found


@pytest.mark.parametrize(
    ("token", "address", "headers", "status"),
    [
        ("", "127.0.0.1", {}, 200),
        ("", "::1", {}, 200),
        ("", "127.0.0.1", {"x-forwarded-for": "192.0.2.1"}, 401),
        ("", "127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 401),
        ("", "127.0.0.1", {"forwarded": "for=192.0.2.1"}, 401),
        ("", "192.0.2.1", {"x-forwarded-for": "127.0.0.1"}, 401),
        ("", "192.0.2.1", {"authorization": "Bearer "}, 401),
        ("", "", {}, 401),
        (TOKEN, "127.0.0.1", {}, 200),
        (TOKEN, "192.0.2.1", {}, 401),
        (TOKEN, "192.0.2.1", {"authorization": f"Bearer {TOKEN}"}, 200),
        (TOKEN, "192.0.2.1", {"authorization": f"Bearer {TOKEN}0"}, 401),
        (TOKEN, "192.0.2.1", {"authorization": f"Basic {TOKEN}"}, 401),
        (TOKEN, "192.0.2.1", {"authorization": "Bearer тайна"}, 401),
        (TOKEN, "127.0.0.1", {"x-forwarded-for": "192.0.2.1", "authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_it_is_read_from_this_machine_or_with_the_token(
    settings: Any, token: str, address: str, headers: dict[str, str], status: int
) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "metrics_token": token}
    assert Client(REMOTE_ADDR=address).get("/metrics", headers=headers).status_code == status


def test_only_reading_is_possible() -> None:
    assert Client().post("/metrics").status_code == 405


@pytest.mark.parametrize(
    ("token", "kept", "problems"), [("", "", []), (TOKEN, TOKEN, []), ("short", "", ["maskline.E012"])]
)
def test_a_short_token_stops_the_start(token: str, kept: str, problems: list[str]) -> None:
    reader = environment.Reader({"MASKLINE_METRICS_TOKEN": token})
    assert tunables.read(reader)["metrics_token"] == kept
    assert [problem.id for problem in reader.problems] == problems

"""Periodic work that fails: an alert until it works again, a passing loss of the database only noted."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError

from config.celery import app
from notifications import task_alerts
from notifications.models import Alert

NOW = datetime.now(UTC)
pytestmark = pytest.mark.django_db


def standing() -> list[tuple[str, str, int]]:
    rows = Alert.objects.filter(kind="task_failed", closed_at=None)
    return list(rows.values_list("subject", "severity", "count"))


def test_work_that_fails_is_an_alert_until_it_works_again() -> None:
    task_alerts.failed("x.tasks.settle", ValueError("+8613900000101"), NOW)
    task_alerts.failed("x.tasks.settle", ValueError("+8613900000101"), NOW)
    assert standing() == [("task:x.tasks.settle", "warning", 2)]
    assert Alert.objects.get().values == {"task": "x.tasks.settle", "error": "ValueError"}
    task_alerts.worked("x.tasks.other", NOW)
    assert len(standing()) == 1
    task_alerts.worked("x.tasks.settle", NOW)
    assert standing() == []


def test_a_database_that_was_away_for_a_moment_is_only_noted() -> None:
    task_alerts.failed("x.tasks.settle", OperationalError("server closed the connection"), NOW)
    assert standing() == [("task:x.tasks.settle", "info", 1)]
    task_alerts.failed("x.tasks.settle", OperationalError("server closed the connection"), NOW)
    assert standing() == [("task:x.tasks.settle", "warning", 2)]


@pytest.fixture
def task() -> Iterator[Any]:
    def work(good: bool) -> None:
        if not good:
            raise ValueError

    made = app.task(name="tests.work")(work)
    yield made
    app.tasks.unregister("tests.work")


def test_the_worker_says_so_after_each_task(task: Any) -> None:
    task.apply(args=(False,))
    assert standing() == [("task:tests.work", "warning", 1)]
    task.apply(args=(True,))
    assert standing() == []

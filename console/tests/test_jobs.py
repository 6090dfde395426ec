"""Long jobs: claimed once, alive or made again, cancelled within seconds; their files are only for whom they are."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from accounts.scope import for_user
from accounts.tests import cast
from common.errors import BadInput
from console import job_files, job_kinds, jobs, tasks
from console.models import Heartbeat, Job
from console.pulse import Stopped

NOW = timezone.now()
ORDER = {"kind": "charges", "start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z", "zone": "UTC"}
RESULT = jobs.Result("x/y.csv", 3, 100, "a" * 64)


@pytest.fixture
def finance(db: None) -> User:
    """A member of finance."""
    return cast.staff("finance")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """The folder of results."""
    settings.MASKLINE_EXPORT_DIR = tmp_path / "exports"
    return Path(settings.MASKLINE_EXPORT_DIR)


def queued(user: User, **fields: Any) -> Job:
    """Return a job that waits."""
    return Job.objects.create(**{"kind": "charges", "parameters": ORDER, "requested_by": user, **fields})


def done(job: Job, watch: Any) -> jobs.Result:
    """Do nothing, well."""
    return RESULT


# --- one job ---------------------------------------------------------------------------------------------------------


def test_a_double_click_is_one_job(finance):
    first, new = jobs.enqueue("charges", ORDER, finance)
    second, again = jobs.enqueue("charges", ORDER, finance)

    assert (first.pk, new, again) == (second.pk, True, False)


def test_another_order_another_person_and_a_finished_one_are_other_jobs(finance):
    first, _ = jobs.enqueue("charges", ORDER, finance)
    assert jobs.enqueue("charges", {**ORDER, "zone": "Asia/Shanghai"}, finance)[1]
    assert jobs.enqueue("charges", ORDER, cast.staff("operator"))[1]
    jobs.run(first.pk, done, pulse=False)

    assert jobs.enqueue("charges", ORDER, finance)[1]


def test_work_that_changes_things_is_one_job_even_after_it_ended(finance):
    first, _ = jobs.enqueue("charges", ORDER, finance, once=True)
    jobs.run(first.pk, done, pulse=False)

    assert jobs.enqueue("charges", ORDER, finance, once=True) == (first, False)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one_job(finance):
    found = _at_once(lambda: jobs.enqueue("charges", ORDER, finance)[0].pk)

    assert len(set(found)) == 1 and Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_claim_at_once_run_a_job_once(finance):
    job, ran = queued(finance), []

    def work(job: Job, watch: Any) -> jobs.Result:
        ran.append(job.pk)
        return RESULT

    _at_once(lambda: jobs.run(job.pk, work))

    job.refresh_from_db()
    assert (len(ran), job.state, job.attempts, job.result_rows) == (1, "done", 1, 3)
    assert job.expires_at and timedelta(hours=23) < job.expires_at - timezone.now() <= jobs.KEEP


def test_an_expected_failure_is_told_and_an_unexpected_one_is_not_quoted(finance):
    def wrong(job: Job, watch: Any) -> jobs.Result:
        raise BadInput("account", "unknown", "give the code of an account")

    def broken(job: Job, watch: Any) -> jobs.Result:
        raise ValueError("+8613900000101")

    told = jobs.run(queued(finance).pk, wrong, pulse=False)
    assert told and (told.state, told.error) == ("failed", "account: unknown; give the code of an account")
    job = queued(finance)
    with pytest.raises(ValueError):
        jobs.run(job.pk, broken, pulse=False)
    job.refresh_from_db()
    assert job.state == "failed" and job.error and "139" not in job.error


# --- alive, cancelled, lost ------------------------------------------------------------------------------------------


def _until_stopped(job: Job, watch: Any) -> jobs.Result:
    for rows in range(2000):
        watch(rows)
        time.sleep(0.01)
    return RESULT


@pytest.mark.django_db(transaction=True)
def test_a_running_job_shows_its_progress_and_stops_when_it_is_cancelled(finance, monkeypatch):
    monkeypatch.setattr("console.pulse.EVERY_SECONDS", 0.05)
    job = queued(finance)
    worker = threading.Thread(target=_closing, args=(lambda: jobs.run(job.pk, _until_stopped),))
    worker.start()
    _wait(lambda: Job.objects.get(pk=job.pk).progress > 0)
    jobs.cancel(Job.objects.get(pk=job.pk))
    worker.join(timeout=10)

    job.refresh_from_db()
    assert not worker.is_alive() and (job.state, job.cancel_requested) == ("cancelled", True)


def test_a_waiting_job_is_cancelled_at_once_and_never_runs(finance):
    job = queued(finance)
    jobs.cancel(job)

    assert jobs.run(job.pk, done) is None
    job.refresh_from_db()
    assert job.state == "cancelled" and job.finished_at


@pytest.mark.django_db(transaction=True)
def test_an_attempt_that_was_given_up_cannot_finish(finance, monkeypatch):
    monkeypatch.setattr("console.pulse.EVERY_SECONDS", 0.05)
    job, stopped = queued(finance), []

    def overtaken(ours: Job, watch: Any) -> jobs.Result:
        Job.objects.filter(pk=ours.pk).update(heartbeat_at=NOW - timedelta(hours=1))
        jobs.sweep(NOW)
        try:
            return _until_stopped(ours, watch)
        except Stopped as sign:
            stopped.append(sign.cancelled)
            raise

    jobs.run(job.pk, overtaken)

    job.refresh_from_db()
    assert (stopped, job.state, job.attempts) == ([False], "queued", 1)


def test_the_sweeper_makes_a_silent_job_again_and_gives_up_after_three_times(finance):
    silent = queued(finance, state="running", attempts=1, heartbeat_at=NOW - timedelta(minutes=3))
    hopeless = queued(finance, state="running", attempts=3, heartbeat_at=NOW - timedelta(minutes=3))
    alive = queued(finance, state="running", attempts=3, heartbeat_at=NOW - timedelta(seconds=30))
    unwanted = queued(finance, state="running", heartbeat_at=NOW - timedelta(minutes=3), cancel_requested=True)
    forgotten = queued(finance, requested_at=NOW - timedelta(minutes=2))
    queued(finance, requested_at=NOW)

    assert jobs.sweep(NOW) == 2
    states = [Job.objects.get(pk=job.pk).state for job in (silent, hopeless, alive, unwanted, forgotten)]
    assert states == ["queued", "failed", "running", "cancelled", "queued"]
    assert "3" in Job.objects.get(pk=hopeless.pk).error


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_worker_was_killed_is_made_again(finance, folder):
    job = queued(finance)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(job.pk)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "MASKLINE_FAULT": "jobs.claimed:1", "TEST_NAME": connection.settings_dict["NAME"]},
        check=False,
    )
    job.refresh_from_db()
    assert (killed.returncode, job.state, job.attempts) == (-signal.SIGKILL, "running", 1)

    jobs.sweep(timezone.now())
    job.refresh_from_db()
    assert job.state == "running", "a worker that is alive is left alone"
    jobs.sweep(timezone.now() + timedelta(minutes=3))
    tasks.run_job(str(job.pk))

    job.refresh_from_db()
    path = job_files.path_of(job)
    assert (job.state, job.attempts, job.result_rows) == ("done", 2, 0)
    assert path and path.read_bytes().startswith(b"hour_utc,") and path.stat().st_mode & 0o777 == 0o600


KILLED = """
import os, sys, django
from django.conf import settings
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
settings.DATABASES["default"]["NAME"] = os.environ["TEST_NAME"]
django.setup()
from console import tasks
tasks.run_job(sys.argv[1])
"""


# --- files -----------------------------------------------------------------------------------------------------------


def finished(user: User, folder: Path, **fields: Any) -> Job:
    """Return a job that left a file."""
    job = queued(user, state="done", expires_at=timezone.now() + timedelta(hours=1), **fields)
    home = job_files.folder_of(job)
    for name in ("r.csv", "r.csv.json"):
        (home / name).write_text(name)
    Job.objects.filter(pk=job.pk).update(result_file=f"{home.name}/r.csv")
    job.refresh_from_db()
    return job


def test_a_link_names_the_rows_or_the_totals_of_one_job_for_a_day(finance, folder, time_machine):
    job = finished(finance, folder)
    token = job_files.signed(job, totals=True)

    assert job_files.opened(token) == job_files.Link(job.pk, True)
    assert job_files.opened(token[:-1] + ("a" if token[-1] != "a" else "b")) is None
    time_machine.move_to(timezone.now() + timedelta(hours=24, seconds=1))
    assert job_files.opened(token) is None


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/hostname", "a/../../secret.csv", "link/secret.csv", ""])
def test_no_path_leads_out_of_the_folder_of_results(finance, folder, name):
    folder.mkdir(parents=True)
    (folder.parent / "secret.csv").write_text("secret")
    (folder / "link").symlink_to(folder.parent)
    job = queued(finance, state="done", result_file=name)

    assert job_files.path_of(job) is None


def test_a_file_is_for_who_asked_and_for_finance_and_operator(finance, folder):
    acme, bolt = cast.make_account("acme"), cast.make_account("bolt")
    customer, stranger = cast.staff("customer", acme), cast.staff("customer", bolt, "bolt-user")
    job = finished(customer, folder, account=acme)
    allowed = {
        name: job_kinds.may_fetch(user, for_user(user), job)
        for name, user in {
            "customer": customer, "finance": finance, "operator": cast.staff("operator"),
            "auditor": cast.staff("auditor"), "support": cast.staff("support"), "stranger": stranger,
        }.items()
    }  # fmt: skip

    assert allowed == {
        "customer": True, "finance": True, "operator": True, "auditor": False, "support": False, "stranger": False,
    }  # fmt: skip


def test_a_file_with_real_numbers_is_only_for_those_who_may_export_them(finance, folder):
    order = {**ORDER, "kind": "calls", "unmasked": True, "reason": "ticket 7"}
    operator = cast.staff("operator")
    job = finished(operator, folder, kind="calls", parameters=order)

    fetch = [job_kinds.may_fetch(user, for_user(user), job) for user in (operator, finance)]
    assert fetch == [True, False]


def test_the_sweeper_deletes_files_past_their_term_and_what_the_dead_left(finance, folder):
    kept, expired = finished(finance, folder), finished(finance, folder)
    Job.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    stray = folder / "stray-1"
    stray.mkdir()
    old = time.time() - 7200
    os.utime(stray, (old, old))

    tasks.sweep_jobs()

    expired.refresh_from_db()
    assert (expired.state, expired.result_file) == ("done", "")
    assert [path.name for path in folder.iterdir()] == [f"{kept.pk}-0"]


def test_the_heartbeat_is_written_by_a_task(db):
    tasks.beat_heartbeat()
    tasks.beat_heartbeat()

    assert timezone.now() - Heartbeat.objects.get(name="worker").at < timedelta(seconds=10)


def _at_once(work: Any) -> list[Any]:
    found: list[Any] = []
    threads = [threading.Thread(target=_closing, args=(lambda: found.append(work()),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    return found


def _closing(work: Any) -> None:
    try:
        work()
    finally:
        connection.close()


def _wait(condition: Any) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)

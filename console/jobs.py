"""Long work for people: the row is the queue, Celery is only told to look (design.md 2).

A worker claims a row, gives a sign of life every second, and hears there of a cancellation. A row whose worker fell
silent is made again by the sweeper, at most three times; each attempt has a number, and only the newest may finish.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from accounts.models import Account
from common.errors import MasklineError
from common.faults import fault_point
from console.models import Job
from console.pulse import Pulse, Stopped

log = logging.getLogger(__name__)

TASK = "console.tasks.run_job"
ATTEMPTS = 3
SILENT_AFTER = timedelta(minutes=2)
FORGOTTEN_AFTER = timedelta(minutes=1)
KEEP = timedelta(hours=24)
ACTIVE = (Job.State.QUEUED, Job.State.RUNNING)


@dataclass(frozen=True)
class Result:
    """What a job leaves: a file under settings.MASKLINE_EXPORT_DIR (relative name), rows, bytes, SHA-256."""

    file: str
    rows: int
    size: int
    sha256: str


Work = Callable[[Job, Callable[[int], None]], Result]


def enqueue(
    kind: str,
    parameters: Mapping[str, Any],
    user: User,
    *,
    account: Account | None = None,
    total: int = 0,
    announce: bool = True,
    once: bool = False,
) -> tuple[Job, bool]:
    """Return the job for this work and whether it is new: the same still waiting or running for this person is one job.

    `total` is about how many rows it will do. Without `announce` the caller runs it himself (`run`). With `once` one
    that is done counts too: for parameters that name one click, whose work changes things. One that failed or was
    cancelled may be asked for again.
    """
    with transaction.atomic():
        # Two clicks wait for each other here.
        get_user_model().objects.select_for_update(no_key=True).get(pk=user.pk)
        same = Job.objects.filter(requested_by=user, kind=kind, parameters=dict(parameters))
        living = same.filter(state__in=ACTIVE, cancel_requested=False)
        found = (living.first() or same.filter(state=Job.State.DONE).first()) if once else living.first()
        if found is not None:
            return found, False
        job = Job.objects.create(
            kind=kind, parameters=dict(parameters), requested_by=user, account=account, total=total
        )
        if announce:
            transaction.on_commit(lambda: _tell(job.pk))
    return job, True


def claim(job_id: UUID | str, now: datetime) -> Job | None:
    """Return the job, now running and ours, or None when another has it or nothing is to be done."""
    with transaction.atomic():
        waiting = Job.objects.select_for_update(skip_locked=True, of=("self",)).select_related("requested_by")
        job = waiting.filter(pk=job_id, state=Job.State.QUEUED).first()
        if job is None:
            return None
        job.state = Job.State.CANCELLED if job.cancel_requested else Job.State.RUNNING
        job.attempts += 1
        job.heartbeat_at, job.progress, job.error = now, 0, ""
        job.finished_at = now if job.cancel_requested else None
        job.save()
    return job if job.state == Job.State.RUNNING else None


def run(job_id: UUID | str, work: Work, *, pulse: bool = True) -> Job | None:
    """Claim a job and do it; return it as it ended, or None when it was not ours to do.

    Expected errors land on the row as text for people; anything else does too, without its text (it may hold a
    number), and is raised again. Without `pulse` it cannot be cancelled: for work done inside a request.
    """
    job = claim(job_id, timezone.now())
    if job is None:
        return None
    fault_point("jobs.claimed")
    try:
        if pulse:
            with Pulse(job) as signs:
                result = work(job, signs.watch)
        else:
            result = work(job, lambda rows: None)
    except Stopped as stopped:
        if stopped.cancelled:
            _finish(job, Job.State.CANCELLED)
    except MasklineError as problem:
        _finish(job, Job.State.FAILED, error=str(problem)[:500])
    except SoftTimeLimitExceeded:
        _finish(job, Job.State.FAILED, error=_("It took too long. Choose a shorter period."))
    except Exception:
        _finish(job, Job.State.FAILED, error=_("Something unexpected went wrong. The operator finds it in the log."))
        raise
    else:
        _finish_with(job, result)
    return Job.objects.get(pk=job.pk)


def cancel(job: Job) -> None:
    """Cancel a waiting job at once; ask a running one to stop, which it does within seconds."""
    now = timezone.now()
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED)
    if not waiting.update(state=Job.State.CANCELLED, cancel_requested=True, finished_at=now):
        Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(cancel_requested=True)


def sweep(now: datetime) -> int:
    """Make lost jobs again and announce forgotten ones; return how many. Harmless as often as it runs."""
    silent = Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=now - SILENT_AFTER)
    silent.filter(cancel_requested=True).update(state=Job.State.CANCELLED, finished_at=now)
    silent.filter(attempts__gte=ATTEMPTS).update(
        state=Job.State.FAILED,
        finished_at=now,
        error=_("Its worker stopped %(times)s times. Choose a shorter period.") % {"times": ATTEMPTS},
    )
    again = list(silent.values_list("pk", flat=True))
    silent.filter(pk__in=again).update(state=Job.State.QUEUED, heartbeat_at=now)
    queued = Job.objects.filter(state=Job.State.QUEUED)
    forgotten = queued.filter(requested_at__lt=now - FORGOTTEN_AFTER).exclude(pk__in=again).values_list("pk", flat=True)
    waiting = [*again, *forgotten]
    for job_id in waiting:
        _tell(job_id)
    return len(waiting)


def _finish_with(job: Job, result: Result) -> None:
    now = timezone.now()
    _finish(
        job,
        Job.State.DONE,
        progress=result.rows,
        result_file=result.file,
        result_rows=result.rows,
        result_bytes=result.size,
        result_sha256=result.sha256,
        expires_at=now + KEEP,
    )


def _finish(job: Job, state: str, **fields: Any) -> None:
    ours = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)
    if not ours.update(state=state, finished_at=timezone.now(), **fields):
        # The sweeper gave it to another; the stray file goes with the next sweep.
        log.warning("job %s: attempt %s came too late", job.pk, job.attempts)


def _tell(job_id: UUID) -> None:
    try:
        current_app.send_task(TASK, [str(job_id)], retry=False)
    except OperationalError:
        # The row is there: the sweeper announces it again.
        log.warning("job %s: the broker is away", job_id)

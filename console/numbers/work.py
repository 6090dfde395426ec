"""A step for numbers as a job: all lines or none, progress while it runs, a file that says what became of each."""

import csv
import io
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import roles
from accounts.scope import for_user
from billing.reports.cells import csv_safe
from common.errors import BadInput
from common.phone import mask_in_text
from console import job_files, jobs
from console.models import Job
from console.numbers import drafts
from console.numbers.drafts import Draft
from privacy.bindings.orders import Actor
from privacy.numbers.bulk import STEPS, Outcome, Run, carry_out
from privacy.numbers.cells import number_of
from privacy.numbers.reach import only_account
from privacy.numbers.sheets import Line

KIND = "numbers"
FILE = "numbers.csv"
BOM = "\ufeff"


def order(draft: Draft, reason: str, tried: Outcome, *, at_once: bool, user: Any) -> tuple[Job, bool]:
    """Return the job that does a draft and whether it is new; the same draft again is the same job.

    `tried`: what it would do. A job for the lines of one account is that account's.
    """
    account = only_account(tried.accounts)
    parameters = {
        "draft": str(draft.id),
        "step": draft.step,
        "source": draft.source,
        "reason": mask_in_text(reason),
        "language": translation.get_language(),
    }
    total = len(draft.lines)
    return jobs.enqueue(KIND, parameters, user, account=account, total=total, announce=not at_once, once=True)


def do(job: Job, watch: Callable[[int], None], request: HttpRequest | None = None) -> jobs.Result:
    """Do the step of a claimed job and write its file. Permission and scope are asked again.

    Raises BadInput, BadRows, NotReady.
    """
    user = job.requested_by
    with translation.override(job.parameters["language"]):
        if not roles.may(user, "operate"):
            raise BadInput("user", _("may no longer do this"), _("ask someone with the permission"))
        draft = drafts.read(job.parameters["draft"])
        actor = Actor(name=user.get_username(), reason=job.parameters["reason"])
        run = Run(actor, timezone.now(), progress=watch, scope=for_user(user))
        with transaction.atomic():
            outcome = carry_out(draft.step, draft.lines, draft.choice, run, user=user, request=request)
            return _written(job, draft, outcome)


def title(job: Job) -> Any:
    """Return what a job does, for the jobs page."""
    step = STEPS.get(job.parameters["step"])
    return step.label if step else job.parameters["step"]


def note(job: Job) -> Any:
    """Return what stands under it: the file it came from and why."""
    return ", ".join(filter(None, (job.parameters["source"], job.parameters["reason"])))


def _written(job: Job, draft: Draft, outcome: Outcome) -> jobs.Result:
    columns = [name for name in STEPS[draft.step].columns if any(line.cells.get(name) for line in draft.lines)]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(["line", *columns, "outcome"])
    for line in draft.lines:
        cells = [csv_safe(line.cells.get(name, "")) for name in columns]
        rows.writerow([line.line or "", *cells, _outcome(line, outcome)])
    content = (BOM + text.getvalue()).encode()
    return job_files.write(job, FILE, content, len(draft.lines), {"step": draft.step, **outcome.counts()})


def _outcome(line: Line, outcome: Outcome) -> str:
    """Return what became of a line: what was so already is said too."""
    if line.cells.get("number"):
        key = number_of(line)
    else:
        key = line.cells.get("reference", "")
    return "done" if key in outcome.which or (not outcome.which and outcome.changed) else "unchanged"

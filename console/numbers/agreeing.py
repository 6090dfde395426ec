"""The last agreement to a transfer between accounts, as a job when much ends with it: all numbers move or none."""

import csv
import io
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import audit, roles
from accounts.scope import for_user
from billing.reports.cells import csv_safe
from common.errors import BadInput
from common.phone import mask_in_text
from console import job_files, jobs
from console.models import Job
from privacy import numbers
from privacy.bindings.orders import Actor
from privacy.models import NumberTransfer

KIND = "number_transfer"
FILE = "transfer.csv"
BOM = "\ufeff"


def order(row: NumberTransfer, reason: str, as_finance: bool, user: Any) -> tuple[Job, bool]:
    """Return the job that agrees to a transfer and carries it out, and whether it is new."""
    parameters = {
        "transfer": row.pk,
        "as_finance": as_finance,
        "reason": mask_in_text(reason),
        "language": translation.get_language(),
    }
    return jobs.enqueue(KIND, parameters, user, total=len(row.numbers), once=True)


def do(job: Job, watch: Callable[[int], None]) -> jobs.Result:
    """Agree for the person of a claimed job, and write what moved. Permission and scope are asked again.

    Raises BadInput, Conflict, BadRows.
    """
    user, told = job.requested_by, job.parameters
    with translation.override(told["language"]):
        row = for_user(user).rows(NumberTransfer).filter(pk=told["transfer"]).first()
        if row is None or not may_decide(user, told["as_finance"]):
            raise BadInput("user", _("may no longer do this"), _("ask someone with the permission"))
        actor = Actor(name=user.get_username(), reason=told["reason"])
        with transaction.atomic():
            done = numbers.agree(row, actor=actor, as_finance=told["as_finance"], now=timezone.now(), progress=watch)
            audit.record(
                user=user, action="numbers.transfer_agree", subject_kind="number_transfer", subject=str(row.pk),
                account=row.source_account, reason=told["reason"],
            )  # fmt: skip
            return _written(job, done or numbers.Done())


def may_decide(user: Any, as_finance: bool) -> bool:
    """Return whether a user may agree or refuse: not one who is bound to an account."""
    return for_user(user).account_id is None and roles.may(user, "approve" if as_finance else "operate")


def title(job: Job) -> Any:
    """Return what a job does, for the jobs page."""
    return _("Transfers between accounts")


def _written(job: Job, done: numbers.Done) -> jobs.Result:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(["number", "outcome"])
    rows.writerows([csv_safe(number.number), "done"] for number in done.numbers)
    content, facts = (BOM + text.getvalue()).encode(), {"bindings_ended": done.bindings_ended}
    return job_files.write(job, FILE, content, len(done.numbers), facts)

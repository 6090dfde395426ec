"""An export as a job: what a worker, or a request for a small one, does with a claimed row."""

from collections.abc import Callable

from django.http import HttpRequest
from django.utils import timezone

from accounts.scope import for_user
from billing.reports.writers import file_name, write
from common.errors import BadInput
from console import job_files
from console.exports.orders import extract_of, from_parameters, record
from console.jobs import Result
from console.models import Job


def carry_out(job: Job, watch: Callable[[int], None], request: HttpRequest | None = None) -> Result:
    """Write the file of a claimed job and the audit entry; return where it is.

    What the person may and sees is asked again: it may have changed since he ordered. Raises BadInput, and what
    `watch` raises.
    """
    user = job.requested_by
    order, scope, now = from_parameters(job.parameters), for_user(user), timezone.now()
    if not order.allowed(user):
        raise BadInput("user", "may no longer export this", "ask someone with the permission")
    extract = extract_of(order, scope=scope, made_by=user.get_username(), now=now)
    fmt, folder = order.file_format(), job_files.folder_of(job)
    written = write(
        extract,
        fmt,
        name=lambda provisional: folder / file_name(extract.stem(), fmt, provisional=provisional),
        now=now,
        watch=watch,
    )
    record(order, user=user, scope=scope, facts=written.facts, request=request, job=job)
    return Result(f"{folder.name}/{written.path.name}", written.rows, written.size, written.sha256)

"""The jobs page: who asked for what, how far it is, its file for 24 hours, and a button to cancel it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import audit, roles
from accounts.roles import require
from accounts.scope import Scope, for_user
from console import job_files, job_kinds, jobs, pages
from console.models import Job

PAGE = 50
ALMOST = 99


@dataclass(frozen=True)
class Line:
    """A job as the page shows it. Tokens are empty where there is no file, or none for this person."""

    job: Job
    what: Any
    note: Any
    real_numbers: bool
    percent: int
    active: bool
    token: str
    totals_token: str
    may_cancel: bool


@require("look")
@require_GET
def job_list(request: HttpRequest) -> HttpResponse:
    """Return the page of the person's jobs; finance and operator see everyone's."""
    page = Paginator(_visible(request.user), PAGE).get_page(request.GET.get("page"))
    scope = for_user(request.user)
    lines = [_line(job, request.user, scope) for job in page.object_list]
    frame = pages.context(
        request,
        title=_("Jobs"),
        lines=lines,
        page=page,
        active=any(line.active for line in lines),
        may_money=roles.may(request.user, "money"),
    )
    return render(request, "console/jobs/list.html", frame)


@require("look")
@require_POST
def cancel_job(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Cancel a job: one's own, or as operator anyone's."""
    job = get_object_or_404(_visible(request.user), pk=pk)
    if not _may_cancel(request.user, job):
        raise PermissionDenied
    jobs.cancel(job)
    audit.record(user=request.user, action="job.cancel", subject_kind="job", subject=str(pk), request=request)
    messages.info(request, _("The job is cancelled."))
    return redirect("jobs")


@require("look")
@require_GET
def job_file(request: HttpRequest, token: str) -> FileResponse:
    """Return the file behind a signed link. Forged, expired, gone and not yours are all the same 404."""
    link = job_files.opened(token)
    scope = for_user(request.user)
    job = scope.rows(Job).filter(pk=link.job_id).first() if link else None
    if link is None or job is None or not job_kinds.may_fetch(request.user, scope, job):
        raise Http404
    response = file_response(job, totals=link.totals)
    audit.record(
        user=request.user,
        action="export.download",
        subject_kind="job",
        subject=str(job.pk),
        account=job.account,
        detail={"file": job.result_file, "totals": link.totals},
        request=request,
    )
    return response


def file_response(job: Job, *, totals: bool = False) -> FileResponse:
    """Return a finished job's file as a download, named as RFC 6266 asks. Raises Http404 when it is gone."""
    path = job_files.path_of(job, totals=totals)
    if path is None or (job.expires_at and job.expires_at <= timezone.now()):
        raise Http404
    media_type = "application/json" if totals else job_kinds.kind_of(job).media_type(job)
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type=media_type)


def _visible(user: roles.User) -> QuerySet[Job]:
    found = for_user(user).rows(Job).select_related("requested_by", "account")
    if roles.roles_of(user) & {roles.FINANCE, roles.OPERATOR}:
        return found
    return found.filter(requested_by=user.pk)


def _line(job: Job, user: roles.User, scope: Scope) -> Line:
    kind = job_kinds.kind_of(job)
    there = job.state == Job.State.DONE and job.result_file and job_kinds.may_fetch(user, scope, job)
    return Line(
        job=job,
        what=kind.title(job),
        note=kind.note(job),
        real_numbers=kind.real_numbers(job),
        percent=min(ALMOST, 100 * job.progress // job.total) if job.total else 0,
        active=job.state in jobs.ACTIVE,
        token=job_files.signed(job) if there else "",
        totals_token=job_files.signed(job, totals=True) if there else "",
        may_cancel=job.state in jobs.ACTIVE and not job.cancel_requested and _may_cancel(user, job),
    )


def _may_cancel(user: roles.User, job: Job) -> bool:
    return bool(job.requested_by_id == user.pk) or roles.may(user, "operate")

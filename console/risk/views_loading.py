"""A file of blacklist entries: read, every bad line named, what it would change shown, then done for a reason."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Application
from accounts.roles import require
from common.errors import BadInput
from common.phone import mask_in_text
from console import jobs, pages
from console.models import Job
from console.risk import loading
from console.risk.forms import LoadForm
from console.risk.loading import Draft
from console.risk.views import find, may
from privacy.control import lists
from privacy.control.changes import REASON_AT_LEAST
from privacy.numbers import sheets
from privacy.numbers.rows import BadRows, RowProblem

AT_ONCE = 500
SHOWN = 100


@require("operate")
@require_http_methods(["GET", "POST"])
def blacklist_load(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the form that takes a file; POST returns what it would change, or what is wrong with it."""
    application = find(request, pk)
    form = LoadForm(request.POST or None, request.FILES or None)
    problems: list[RowProblem] = []
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            wanted = lists.wanted(sheets.read(upload.read(), lists.COLUMNS))
        except BadRows as bad:
            problems = list(bad.problems)
        except BadInput as problem:
            form.add_error("file", str(problem))
        else:
            token = loading.keep(application, wanted, mask_in_text(upload.name)[:100], request.user)
            return _preview(request, application, token)
    frame = pages.context(
        request,
        title=_("Load a blacklist"),
        application=application,
        form=form,
        columns=lists.COLUMNS,
        problems=problems[:SHOWN],
        problem_count=len(problems),
        **may(request),
    )
    return render(request, "console/risk/load.html", frame, status=400 if form.errors or problems else 200)


@require("operate")
@require_POST
def blacklist_apply(request: HttpRequest) -> HttpResponse:
    """Do what was previewed, with the reason given: few lines at once, many as a job."""
    token = request.POST.get("token", "")
    draft = loading.opened(token, request.user)
    if draft is None:
        messages.error(request, _("This preview is gone. Choose again."))
        return redirect("risk")
    application, reason = find(request, draft.application_id), request.POST.get("reason", "").strip()
    if len(reason) < REASON_AT_LEAST:
        return _preview(request, application, token, problem=_("Give a reason. Nothing was changed."))
    at_once = len(draft.wanted) <= AT_ONCE
    job, new = loading.order(draft, application, reason, request.user, at_once=at_once)
    if not new or not at_once:
        told = _("The file is being worked through. What became of each line appears here.")
        messages.success(request, told if new else _("This was ordered before."))
        return redirect("jobs")
    done = jobs.run(job.pk, lambda ours, watch: loading.do(ours, watch, request), pulse=False)
    return _after(request, application, draft, done)


def _after(request: HttpRequest, application: Application, draft: Draft, job: Job | None) -> HttpResponse:
    if job is None or job.state != Job.State.DONE:
        messages.error(request, job.error if job else _("This was ordered before."))
        return redirect("jobs")
    n = len(draft.wanted)
    told = ngettext("%(n)s line is on the blacklist.", "%(n)s lines are on the blacklist.", n) % {"n": n}
    messages.success(request, told)
    return redirect("blacklist", application.pk)


def _preview(request: HttpRequest, application: Application, token: str, problem: str = "") -> HttpResponse:
    draft: Any = loading.opened(token, request.user)
    already = len(lists.known(application, draft.wanted))
    frame = pages.context(
        request,
        title=_("Load a blacklist"),
        application=application,
        draft=draft,
        lines=draft.wanted[:SHOWN],
        already=already,
        new=len(draft.wanted) - already,
        token=token,
        problem=problem,
        as_job=len(draft.wanted) > AT_ONCE,
        **may(request),
    )
    return render(request, "console/risk/load_preview.html", frame, status=400 if problem else 200)

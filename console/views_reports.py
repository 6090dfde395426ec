"""The pages an export is ordered on. Small ones come at once, larger ones become a job."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.roles import may, require
from accounts.scope import Scope, for_user
from common.errors import BadInput
from console import jobs, pages
from console.exports import work
from console.exports.forms import CallsForm, ChargesForm, ExportForm
from console.exports.orders import Order, account_of, extract_of
from console.models import Job
from console.views_jobs import file_response

AT_ONCE = 20_000


@require("money")
@require_http_methods(["GET", "POST"])
def charge_reports(request: HttpRequest) -> HttpResponseBase:
    """Return the page of the charge reports; POST orders one."""
    return _page(request, ChargesForm, "console/reports/charges.html", _("Charge reports"))


@require("look")
@require_http_methods(["GET", "POST"])
def call_reports(request: HttpRequest) -> HttpResponseBase:
    """Return the page of call and SMS detail; POST orders one."""
    return _page(request, CallsForm, "console/reports/calls.html", _("Call and SMS detail"))


def _page(request: HttpRequest, form_class: type[ExportForm], template: str, title: str) -> HttpResponseBase:
    user: Any = request.user
    scope = for_user(user)
    form = form_class(request.POST if request.method == "POST" else None, scope=scope, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            return _delivered(request, form.order(timezone.now()), scope)
        except BadInput:
            # The form has checked what a person can get wrong; the texts of BadInput are for programs.
            form.add_error(None, _("This cannot be exported. Choose another period."))
    frame = pages.context(
        request,
        title=title,
        form=form,
        zone=timezone.get_current_timezone_name(),
        may_money=may(user, "money"),
        at_once=f"{AT_ONCE:,}",
    )
    return render(request, template, frame, status=400 if form.errors else 200)


def _delivered(request: HttpRequest, order: Order, scope: Scope) -> HttpResponseBase:
    """Return the file of a small export, else a redirect to the jobs."""
    user: Any = request.user
    if not order.allowed(user):
        raise PermissionDenied
    extract = extract_of(order, scope=scope, made_by=user.get_username(), now=timezone.now())
    rows = extract.estimate()
    small = rows < AT_ONCE
    account = account_of(order, scope)
    job, new = jobs.enqueue(order.kind, order.parameters(), user, account=account, total=rows, announce=not small)
    if small and new:
        done = jobs.run(job.pk, lambda ours, watch: work.carry_out(ours, watch, request), pulse=False)
        if done is not None and done.state == Job.State.DONE:
            return file_response(done)
        messages.error(request, done.error if done else _("Somebody else does this already."))
    elif new:
        messages.success(request, _("The export is being made. Its link appears here when it is done."))
    else:
        messages.info(request, _("This export is being made already."))
    return redirect("jobs")

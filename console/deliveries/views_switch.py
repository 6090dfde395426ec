"""Pausing, resuming, disabling and enabling an endpoint, what it takes as success, and sending test pushes."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit, flow, roles
from accounts.addresses import client_address
from accounts.models import Application
from accounts.roles import require
from accounts.scope import for_user
from common.errors import BadInput
from common.phone import mask_in_text
from console import pages
from console.deliveries import views, words
from console.deliveries.forms import TestPushForm
from console.revealing import REASON_AT_LEAST
from notifications import switching
from notifications.models import Endpoint
from privacy import testcalls
from privacy.models import TestCall

TOO_MANY = 429
ANY_2XX, ONLY_200 = "any-2xx", "only-200"
# Holding and letting go is for those who may send again; what counts as success is a setting.
PERMISSIONS = {**dict.fromkeys(switching.SWITCHES, "replay"), ANY_2XX: "configure", ONLY_200: "configure"}


@require("replay")
@require_http_methods(["GET", "HEAD", "POST"])
def switch_endpoint(request: HttpRequest, pk: int, change: str) -> HttpResponse:
    """Ask whether an endpoint is to be switched; POST with a reason does it."""
    rows = for_user(request.user).rows(Endpoint).select_related("application__account")
    endpoint = get_object_or_404(rows, pk=pk)
    if change not in PERMISSIONS:
        raise Http404
    if change not in dict(offered(request, endpoint)):
        messages.error(request, _("It is not in a state for that any more, or it is not yours to do."))
        return redirect("endpoint", pk)
    problem, reason = "", request.POST.get("reason", "").strip()
    if request.method == "POST":
        if len(reason) >= REASON_AT_LEAST:
            return _switched(request, endpoint, change, reason)
        problem = _("Say why: the reason stands at the endpoint and in the audit trail.")
    label, effect = words.CHANGES[change]
    frame = pages.context(
        request,
        title=label,
        endpoint=endpoint,
        change=change,
        label=label,
        effect=effect,
        kept=words.KEPT_72 if change in {"pause", "disable"} else "",
        problem=problem,
    )
    return render(request, "console/deliveries/switch.html", frame, status=400 if problem else 200)


def offered(request: HttpRequest, endpoint: Endpoint) -> list[tuple[str, Any]]:
    """Return what the person may do with an endpoint in its state, with the words on the buttons."""
    able = [name for name, wanted in switching.SWITCHES.items() if endpoint.state in wanted.before]
    able.append(ONLY_200 if endpoint.any_2xx else ANY_2XX)
    return [(name, words.CHANGES[name][0]) for name in able if roles.may(request.user, PERMISSIONS[name])]


@require("try_out")
@require_POST
def send_test_pushes(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a sample of each kind that is ticked; the same form sent again sends nothing more."""
    scope = for_user(request.user)
    application = get_object_or_404(scope.rows(Application).select_related("account"), pk=pk)
    form = TestPushForm(request.POST, application=application)
    if not form.is_valid():
        return views.page_of(request, scope, application, form, status=400)
    if flow.take(application.pk, client_address(request)).refused:
        form.add_error(None, _("Too many requests at once. Wait a moment."))
        return views.page_of(request, scope, application, form, status=TOO_MANY)
    try:
        calls = [_play(request, application, wanted, form.cleaned_data["key"]) for wanted in form.wanted()]
    except BadInput as problem:
        form.add_error(None, problem.problem)
        return views.page_of(request, scope, application, form, status=400)
    queued = sum(call.pushes for call in calls)
    messages.success(request, _("%(n)s test pushes are queued. Their attempts stand on their pages.") % {"n": queued})
    return redirect("test_call", calls[0].pk) if len(calls) == 1 else redirect("test_calls")


def _play(request: HttpRequest, application: Application, wanted: testcalls.Wanted, key: str) -> TestCall:
    user, now = request.user.get_username(), timezone.now()
    # The person's name is in the key: another person's token is another test.
    call = testcalls.play(application, wanted, key=f"{user} {key} {wanted.scenario}", asked_by=user, now=now)
    if call.asked_at == now:
        audit.record(
            user=request.user, action="test.play", subject_kind="test_call", subject=call.session_id,
            account=application.account, detail={"scenario": call.scenario}, request=request,
        )  # fmt: skip
    return call


def _switched(request: HttpRequest, endpoint: Endpoint, change: str, reason: str) -> HttpResponse:
    with transaction.atomic():
        if change in switching.SWITCHES:
            by, told = request.user.get_username(), mask_in_text(reason)
            done = switching.switch(endpoint.pk, change, by=by, reason=told, now=timezone.now())
        else:
            done = switching.take_any_2xx(endpoint.pk, any_2xx=change == ANY_2XX)
        if done:
            audit.record(
                user=request.user, action=f"endpoint.{change}", subject_kind="endpoint", subject=str(endpoint.pk),
                account=endpoint.account, reason=reason, request=request,
                detail={"application": endpoint.application.app_key},
            )  # fmt: skip
    if done:
        messages.success(request, _("Done. It holds within a second or two."))
    else:
        messages.error(request, _("It is not in a state for that any more."))
    return redirect("endpoint", endpoint.pk)

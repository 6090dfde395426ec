"""Risk control at a glance: every application's, and one with its rules, what they would mean, and the switch."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import roles
from accounts.models import Application
from accounts.roles import require
from accounts.scope import Scope, for_user
from common.errors import BadInput
from console import pages
from console.risk import blocked
from privacy.control import changes, trying
from privacy.control.changes import By
from privacy.models import BlacklistEntry, RiskRule

PAGE = 50
ENDED_SHOWN = 20
DAY = timedelta(days=1)


@require("look")
@require_safe
def risk(request: HttpRequest) -> HttpResponse:
    """Return every application with its switch, rules, entries, and the calls stopped in 24 hours."""
    scope, now = for_user(request.user), timezone.now()
    holding = {"risk_rules__valid_to": None}
    rules = Count("risk_rules", filter=Q(**holding, risk_rules__isnull=False), distinct=True)
    rows = scope.rows(Application).select_related("account").annotate(rules=rules)
    page = Paginator(rows.order_by("-risk_control", "account__code", "app_key"), PAGE).get_page(request.GET.get("page"))
    ids = [application.pk for application in page.object_list]
    stopped = blocked.count_by_application(scope, ids, now - DAY, now)
    listed = scope.rows(BlacklistEntry).filter(application__in=ids, valid_to=None).order_by()
    entries = dict(listed.values_list("application").annotate(n=Count("pk")))
    lines = [(one, entries.get(one.pk, 0), stopped.get(one.pk, 0)) for one in page.object_list]
    frame = pages.context(request, title=_("Risk control"), page=page, lines=lines)
    return render(request, "console/risk/list.html", frame)


@require("look")
@require_safe
def risk_application(request: HttpRequest, pk: int) -> HttpResponse:
    """Return an application's rules; with `try` also what they would have stopped in 24 hours."""
    return page_of(request, find(request, pk))


@require("operate")
@require_POST
def risk_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch an application's control on or off."""
    application, on = find(request, pk), request.POST.get("on") == "yes"
    try:
        changed = changes.switch(application, on=on, by=by(request))
    except BadInput as problem:
        return page_of(request, application, problem=problem.problem, status=400)
    if changed:
        said = _("Risk control of %(key)s is on: its rules hold from the next call.")
        gone = _("Risk control of %(key)s is off: no rule stops a call.")
        messages.success(request, (said if on else gone) % {"key": application.app_key})
    return redirect("risk_application", pk)


def find(request: HttpRequest, pk: int) -> Application:
    """Return an application in the person's scope."""
    rows = for_user(request.user).rows(Application).select_related("account")
    return get_object_or_404(rows, pk=pk)


def by(request: HttpRequest) -> By:
    """Return who changes something, and the reason typed."""
    return By(request.user, request.POST.get("reason", ""), request)


def may(request: HttpRequest) -> dict[str, Any]:
    """Return what a person may do here; a user bound to an account reads no names of staff."""
    return {
        "may_operate": roles.may(request.user, "operate"),
        "may_bind": roles.may(request.user, "bind"),
        "shows_names": for_user(request.user).account_id is None,
    }


def page_of(request: HttpRequest, application: Application, *, problem: str = "", status: int = 200) -> HttpResponse:
    """Return the page of an application."""
    scope, now = for_user(request.user), timezone.now()
    rules = scope.rows(RiskRule).filter(application=application)
    holding = list(rules.filter(valid_to=None).order_by("kind", "window_seconds", "pk"))
    tried = (
        trying.tried(application, now) if "try" in request.GET and (holding or _entries(scope, application)) else None
    )
    frame = pages.context(
        request,
        title=_("Risk control"),
        application=application,
        rules=[(rule, tried.by_rule.get(rule.pk, 0) if tried else None) for rule in holding],
        ended=rules.filter(valid_to__isnull=False).order_by("-valid_to")[:ENDED_SHOWN],
        entries=_entries(scope, application),
        stopped=blocked.count_by_application(scope, [application.pk], now - DAY, now).get(application.pk, 0),
        tried=tried,
        problem=problem,
        **may(request),
    )
    return render(request, "console/risk/application.html", frame, status=status)


def _entries(scope: Scope, application: Application) -> int:
    return scope.rows(BlacklistEntry).filter(application=application, valid_to=None).count()

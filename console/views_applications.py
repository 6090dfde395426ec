"""The pages of applications: the list, and one with what it does and how much of its share of requests it uses."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import flow, roles
from accounts.models import Application
from accounts.roles import require
from accounts.scope import for_user
from console import applications as figures
from console import pages
from console.requests.words import meaning

PAGE = 100


@require("look")
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """Return the applications with the number of their X."""
    rows = for_user(request.user).rows(Application).select_related("account")
    held = Count("holdings", filter=Q(holdings__valid_to=None))
    rows = rows.annotate(numbers=held).order_by("account__code", "app_key")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    may_configure = roles.may(request.user, "configure")
    frame = pages.context(request, title=_("Applications"), page=page, may_configure=may_configure)
    return render(request, "console/applications/list.html", frame)


@require("look")
@require_safe
def application(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the page of an application."""
    scope, now = for_user(request.user), timezone.now()
    found = get_object_or_404(scope.rows(Application).select_related("account"), pk=pk)
    holding = figures.bindings_now(scope, found, now)
    results = figures.results(scope, found, now)
    frame = pages.context(
        request,
        title=_("Application"),
        application=found,
        use=flow.use(found.pk),
        numbers=figures.numbers_held(scope, found).count(),
        holding=holding,
        total=sum(holding.values()),
        activity=figures.activity(scope, found, now),
        results=[{**row, "meaning": meaning(row["code"], row["http_status"])} for row in results],
        asked=sum(row["n"] for row in results),
        **_may(request),
    )
    return render(request, "console/applications/detail.html", frame)


def _may(request: HttpRequest) -> dict[str, Any]:
    return {"may_bind": roles.may(request.user, "bind"), "may_configure": roles.may(request.user, "configure")}

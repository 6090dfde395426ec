"""The list of endpoints, and the pushes of one application: its URLs, which are missing, how each fares."""

import hashlib
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import roles
from accounts.models import Account, Application
from accounts.roles import require
from accounts.scope import Scope, for_user
from common.errors import BadInput
from console import pages
from console.deliveries import fare, words
from console.deliveries.forms import TestPushForm
from console.history import filters as history_filters
from notifications.listing import read_message_id
from notifications.models import Attempt, Endpoint, Push

TROUBLE_FIRST = Case(*(When(state=state, then=place) for place, state in enumerate(words.TROUBLE_FIRST)), default=9)
PAGE, SUGGESTIONS, MOST_ENDPOINTS = 50, 200, 100


@require("look")
@require_safe
def endpoints(request: HttpRequest) -> HttpResponse:
    """Return the servers that pushes go to, those in trouble first. An id in the search leads to its push."""
    scope, now = for_user(request.user), timezone.now()
    if (push := _push_of(request, scope)) is not None:
        return redirect("push", push)
    filters = history_filters.read(request.GET.copy(), scope)
    rows = scope.rows(Endpoint).select_related("application__account").filter(**filters.rows())
    state = request.GET.get("state", "")
    if state in Endpoint.State.values:
        rows = rows.filter(state=state)
    rows = rows.order_by(TROUBLE_FIRST, "application__app_key", "url", "pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    frame = pages.context(
        request,
        title=_("Endpoints"),
        filters=filters,
        page=page,
        lines=fare.lines(list(page.object_list), now) if not filters.problems else [],
        states=Endpoint.State.choices,
        state=state,
        unknown_push=bool(request.GET.get("push", "").strip()),
        now=now,
        query=query.urlencode(),
        filtered=bool(query),
        accounts=scope.rows(Account).order_by("code")[:SUGGESTIONS] if scope.account_id is None else (),
        applications=scope.rows(Application).order_by("app_key")[:SUGGESTIONS],
    )
    return render(request, "console/deliveries/endpoints.html", frame)


@require("look")
@require_safe
def application_pushes(request: HttpRequest, pk: int) -> HttpResponse:
    """Return which URL of an application gets what, which is missing, and how each server fares."""
    scope = for_user(request.user)
    application = get_object_or_404(scope.rows(Application).select_related("account"), pk=pk)
    return page_of(request, scope, application)


def page_of(
    request: HttpRequest, scope: Scope, application: Application, form: TestPushForm | None = None, status: int = 200
) -> HttpResponse:
    """Return the page of an application's pushes."""
    found = scope.rows(Endpoint).filter(application=application).order_by("url")[:MOST_ENDPOINTS]
    now = timezone.now()
    lines = fare.lines(list(found), now)
    urls = _urls(application, {bytes(line.endpoint.url_digest): line for line in lines})
    used = {line.endpoint.pk for row in urls if (line := row["line"])}
    may_test = roles.may(request.user, "try_out")
    frame = pages.context(
        request,
        title=_("Pushes of an application"),
        application=application,
        now=now,
        urls=urls,
        missing=[row for row in urls if not row["url"]],
        others=[line for line in lines if line.endpoint.pk not in used],
        form=(form or TestPushForm(application=application)) if may_test else None,
        may_configure=roles.may(request.user, "configure"),
    )
    return render(request, "console/deliveries/application.html", frame, status=status)


def _push_of(request: HttpRequest, scope: Scope) -> UUID | None:
    """Return the push whose id was typed, as the header webhook-id tells it or as pages show it, if it is known."""
    text = request.GET.get("push", "").strip()
    try:
        pk = read_message_id(text) if text else None
    except BadInput:
        return None
    known = pk and (scope.rows(Push).filter(pk=pk).exists() or scope.rows(Attempt).filter(push_id=pk).exists())
    return pk if known else None


def _urls(application: Application, lines: dict[bytes, fare.Line]) -> list[dict[str, Any]]:
    """Return each kind of push with the URL it goes to, the field to set where there is none, and its endpoint."""
    rows = []
    for field, what, fallback in words.URLS:
        own = getattr(application, field) or ""
        url = own or (getattr(application, fallback) if fallback else "") or ""
        rows.append({
            "what": what,
            "field": field,
            "label": _label(field),
            "url": url,
            "borrowed": _label(fallback) if url and not own else "",
            "off": field == "number_status_url" and not application.push_number_status,
            "line": lines.get(hashlib.sha256(url.encode()).digest()) if url else None,
        })  # fmt: skip
    return rows


def _label(field: str) -> str:
    """Return what a field of applications is called."""
    found: Any = Application._meta.get_field(field)
    return str(found.verbose_name)

"""The page of one API request: what was asked and answered, and in plain words why."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import roles
from accounts import scope as account_scope
from accounts.roles import require
from console import pages, revealing
from console.requests import bodies
from privacy.models import ApiRequest, Binding


@require("look")
@require_safe
def api_request(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a request, numbers in its bodies masked."""
    return _page(request, _find(request, pk))


@require("reveal")
@require_POST
def reveal_request(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a request with its bodies in full, once a reason is given and audited."""
    return revealing.reveal(request, _find(request, pk), "api_request", _page)


def _find(request: HttpRequest, pk: UUID) -> ApiRequest:
    rows = account_scope.for_user(request.user).rows(ApiRequest)
    found = rows.select_related("account", "application").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, row: ApiRequest, *, revealed: bool = False, **more: Any) -> HttpResponse:
    scope = account_scope.for_user(request.user)
    about = scope.rows(Binding).filter(pk=row.binding_id).select_related("number").first() if row.binding_id else None
    frame = pages.context(
        request,
        title=_("API request"),
        row=row,
        pk=row.pk,
        binding=about,
        sent=bodies.shown(bodies.sent(row.request), scope, revealed=revealed),
        answered=bodies.shown(bodies.answered(row.answer), scope, revealed=revealed),
        revealed=revealed,
        days=settings.MASKLINE["retention_requests_days"],
        may_reveal=roles.may(request.user, "reveal"),
        **more,
    )
    return render(request, "console/requests/detail.html", frame)

"""The list of API requests: by application, result, operation, address, time, and the ids of request or binding."""

import ipaddress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts import scope as account_scope
from accounts.models import Account, Application
from accounts.roles import require
from accounts.scope import Scope
from common import timeid
from common.phone import mask_in_text
from console import pages
from console.history import filters as history_filters
from console.history import paging
from console.history.filters import Filters
from console.requests import words
from privacy.models import ApiRequest, Binding

SUGGESTIONS = 200
RESULTS = [
    ("", gettext_lazy("All")),
    ("done", gettext_lazy("Done")),
    ("refused", gettext_lazy("Refused")),
    ("signature", gettext_lazy("Refused signatures only")),
    ("flow", gettext_lazy("Flow control only")),
]
OPERATIONS = [
    *("ax.bind", "ax.modify", "ax.unbind", "ax.query", "ax.callee"),
    *("axb.bind", "axb.modify", "axb.unbind", "axb.query"),
    *("axe.bind", "axe.modify", "axe.unbind", "axe.query"),
    *("axyb.bind", "axyb.unbind", "axyb.query", "recordings.address", "calls.stop"),
]


@dataclass
class Asked:
    """What the page is asked for, as texts to show again and as conditions."""

    filters: Filters
    condition: Q
    branches: list[Q]
    result: str
    ranged: bool


@require("look")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Return the requests of the last 7 days, or what is asked for of the days they are kept."""
    scope = account_scope.for_user(request.user)
    asked = _asked(request.GET, scope)
    page = paging.Page([], None, None, 0, True)
    if not asked.filters.problems:
        keys: dict[str, Any] = {name: _uuid(request.GET.get(name, "")) for name in ("before", "after")}
        page = paging.page(_rows(scope, asked), asked.branches, **keys)
    return render(request, "console/requests/list.html", _context(request, scope, asked, page))


def _asked(query: QueryDict, scope: Scope) -> Asked:
    texts = query.copy()
    key = (texts.pop("application", [""])[-1]).strip()
    filters = history_filters.read(texts, scope)
    condition = Q(**filters.rows()) & _of_application(key, scope, filters) & _of_address(query, filters)
    for name in ("code", "operation"):
        if value := query.get(name, "").strip():
            condition &= Q(**{name: value[:40]})
    result = query.get("result", "")
    condition &= _of_result(result)
    branches = []
    if text := query.get("id", "").strip():
        branches = _of_id(text, scope, filters)
    else:
        history_filters.default_range(filters, timezone.now())
    return Asked(filters, condition, branches, result, bool(filters.start or filters.end))


def _rows(scope: Scope, asked: Asked) -> QuerySet[ApiRequest]:
    rows = scope.rows(ApiRequest).select_related("application").filter(asked.condition)
    if asked.filters.start:
        rows = rows.filter(pk__gte=timeid.lower(asked.filters.start))
    if asked.filters.end:
        rows = rows.filter(pk__lt=timeid.lower(asked.filters.end))
    return rows.defer("request", "answer")


def _of_application(key: str, scope: Scope, filters: Filters) -> Q:
    """Return the condition for an app_key. One that nobody has is only found by who sees every account."""
    if not key:
        return Q()
    application = scope.rows(Application).filter(app_key=key).first()
    if application is not None:
        return Q(account_id=application.account_id, application=application)
    if scope.account_id is not None:
        filters.problems.append(_("There is no application with this app_key."))
    return Q(app_key=mask_in_text(key)[:128])


def _of_address(query: QueryDict, filters: Filters) -> Q:
    text = query.get("address", "").strip()
    if not text:
        return Q()
    try:
        return Q(address=str(ipaddress.ip_address(text)))
    except ValueError:
        filters.problems.append(_("This is no address; write one such as 192.0.2.1."))
        return Q()


def _of_result(result: str) -> Q:
    match result:
        case "done":
            return Q(http_status__lt=400)
        case "refused":
            return Q(http_status__gte=400)
        case "signature":
            return Q(step__in=words.SIGNATURE_STEPS)
        case "flow":
            return Q(step=words.FLOW)
    return Q()


def _of_id(text: str, scope: Scope, filters: Filters) -> list[Q]:
    """Return the branches for an id: a request's, a binding's, or the one an upstream gave a binding."""
    found = _uuid(text)
    if found is not None:
        return [Q(pk=found), Q(binding_id=found)]
    bindings = list(scope.rows(Binding).filter(foreign_id=text[:64]).values_list("pk", flat=True)[:SUGGESTIONS])
    if not bindings:
        filters.problems.append(_("No request or binding has this id."))
    return [Q(binding_id__in=bindings)]


def _context(request: HttpRequest, scope: Scope, asked: Asked, page: paging.Page) -> dict[str, Any]:
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    return pages.context(
        request,
        title=_("API requests"),
        asked=asked,
        filters=asked.filters,
        page=page,
        query=query.urlencode(),
        results=RESULTS,
        operations=[(name, words.operation_name(name)) for name in OPERATIONS],
        days=settings.MASKLINE["retention_requests_days"],
        accounts=scope.rows(Account).order_by("code")[:SUGGESTIONS] if scope.account_id is None else (),
        applications=scope.rows(Application).order_by("app_key")[:SUGGESTIONS],
        filtered=bool(query),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None

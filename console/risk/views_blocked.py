"""Blocked calls: which rule stopped whom, filtered by rule and number; and one of them, with what undoes it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import roles
from accounts.models import Application
from accounts.roles import require
from accounts.scope import for_user
from common import timeid
from common.errors import BadInput
from console import pages, revealing
from console.history import filters as history_filters
from console.history import paging, terms
from console.risk import blocked
from console.risk.blocked import Stopped
from console.risk.views import by, may
from privacy.control import changes, words
from privacy.models import RoutingDecision

KIND = "blocked"
PAGE = 25
SUGGESTIONS = 200


@require("look")
@require_http_methods(["GET", "HEAD", "POST"])
def blocked_calls(request: HttpRequest) -> HttpResponse:
    """Return the calls that were stopped, newest first; a POST takes the number searched for."""
    query = request.GET.copy()
    if request.method == "POST":
        for name in ("s", "before", "after"):
            query.pop(name, None)
        if text := request.POST.get("term", "").strip():
            query["s"] = terms.seal(terms.Term(KIND, text[:64]), request.user)
        return HttpResponseRedirect(f"{reverse('blocked_calls')}?{query.urlencode()}", status=303)
    scope, now = for_user(request.user), timezone.now()
    filters = history_filters.read(request.GET, scope)
    history_filters.default_range(filters, now)
    rule, term = request.GET.get("rule", ""), terms.unseal(request.GET.get("s", ""), request.user)
    found = blocked.rows(scope).filter(**filters.rows()).select_related("application__account", "number")
    if filters.start:
        found = blocked.between(found, filters.start, filters.end or now)
    elif filters.end:
        found = found.filter(pk__lt=timeid.lower(filters.end))
    if rule in words.RULES:
        found = found.filter(rule=rule)
    if term is not None and term.kind == KIND:
        found = blocked.of_number(found, term.text)
    keys: dict[str, Any] = {name: _key(request.GET.get(name)) for name in ("before", "after")}
    page = paging.Page([], None, None, 0, True) if filters.problems else paging.page(found, **keys, size=PAGE)
    for name in ("before", "after"):
        query.pop(name, None)
    frame = pages.context(
        request,
        title=_("Blocked calls"),
        page=page,
        calls=blocked.explained(scope, page.rows),
        filters=filters,
        rules=words.RULES,
        rule=rule,
        term=term,
        query=query.urlencode(),
        narrowed=bool(query),
        applications=scope.rows(Application).order_by("app_key")[:SUGGESTIONS],
        controlled=scope.rows(Application).filter(risk_control=True).exists(),
    )
    return render(request, "console/risk/blocked.html", frame)


@require("look")
@require_http_methods(["GET", "POST"])
def blocked_call(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return one stopped call; POST counts its caller (or callee, X, pair) anew, so that he is let through."""
    row = _row(request, pk)
    if request.method != "POST":
        return _page(request, row)
    if not roles.may(request.user, "bind"):
        return _page(request, row, problem=_("You may look at it, not let it through."), status=403)
    call = _explained(request, row)
    if not call.pardons:
        raise Http404
    try:
        changes.pardon(row.application, call.who, call.pardons, by(request))
    except BadInput as problem:
        return _page(request, row, problem=problem.problem, status=400)
    messages.success(request, _("Counted anew from now on: the next call goes through."))
    return redirect("blocked_call", pk)


@require("reveal")
@require_POST
def reveal_blocked_call(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return a stopped call with its numbers in full, once a reason is given and audited."""
    return revealing.reveal(request, _row(request, pk), "routing_decision", _page)


def _row(request: HttpRequest, pk: UUID) -> Any:
    rows = blocked.rows(for_user(request.user)).select_related("application__account", "number", "account", "upstream")
    found = rows.filter(pk=pk, application__isnull=False).first()
    if found is None:
        raise Http404
    return found


def _explained(request: HttpRequest, row: RoutingDecision) -> Stopped:
    return blocked.explained(for_user(request.user), [row])[0]


def _page(request: HttpRequest, row: Any, *, problem: str = "", status: int = 200, **more: Any) -> HttpResponse:
    call = _explained(request, row)
    frame = pages.context(
        request,
        title=_("Blocked call"),
        call=call,
        pardoned=blocked.pardoned(for_user(request.user), call),
        problem=problem,
        back_url=reverse("blocked_call", args=[row.pk]),
        action_url=reverse("reveal_blocked_call", args=[row.pk]),
        may_reveal=roles.may(request.user, "reveal"),
        **{"revealed": False, **may(request), **more},
    )
    return render(request, "console/risk/blocked_call.html", frame, status=status)


def _key(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None

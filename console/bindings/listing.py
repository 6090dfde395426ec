"""The list of bindings: searched, narrowed by state and kind, or as it was at an instant (who was bound to X then)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import roles
from accounts import scope as account_scope
from accounts.models import Account, Application
from accounts.roles import require
from accounts.scope import Scope
from common import phone
from common.errors import BadInput
from console import pages
from console.bindings.kinds import KINDS
from console.history import filters as history_filters
from console.history import paging, terms
from console.history.filters import Filters
from privacy import bindings
from privacy.models import Binding, BindingVersion, Number

SUGGESTIONS = 200
HOLDING, ENDED = "holding", "ended"
STATES = [("", gettext_lazy("All")), (HOLDING, gettext_lazy("Holding now")), (ENDED, gettext_lazy("Ended"))]
STATES += [(str(value), label) for value, label in Binding.End.choices]
TOO_LONG = gettext_lazy("This is too long for a number.")


@dataclass
class Asked:
    """What the page is asked for: the usual filters, and state, kind and instant."""

    filters: Filters
    term: terms.Term | None
    state: str
    kind: str
    at: datetime | None


@require("look")
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """Return the bindings; a POST takes the search, which stands sealed in the address."""
    if request.method == "POST":
        return _search(request)
    scope = account_scope.for_user(request.user)
    asked = _asked(request, scope)
    page = paging.Page([], None, None, 0, True)
    if not asked.filters.problems:
        try:
            page = _page(request, scope, asked)
        except BadInput:
            asked.filters.problems.append(str(TOO_LONG))
    show_then(scope, page.rows, asked.at)
    return render(request, "console/bindings/list.html", _context(request, scope, asked, page))


def show_then(scope: Scope, rows: Sequence[Any], at: datetime | None) -> None:
    """Give each binding what it said at an instant (`terms`): an earlier version, if it was modified since."""
    earlier: dict[UUID, BindingVersion] = {}
    if at is not None and rows:
        versions = scope.rows(BindingVersion).filter(binding__in=[row.pk for row in rows])
        found = versions.filter(valid_from__lte=at, valid_to__gt=at)
        earlier = {version.binding_id: version for version in found}
    for row in rows:
        row.terms = earlier.get(row.pk, row)


def held_at(at: datetime) -> Q:
    """Return the condition for bindings that held at an instant, whether or not the sweeper has met the expired."""
    ended, expired = Q(valid_to__isnull=True) | Q(valid_to__gt=at), Q(expires_at__isnull=True) | Q(expires_at__gt=at)
    return Q(valid_from__lte=at) & ended & expired


def holding(now: datetime) -> Q:
    """Return the condition for bindings that hold now."""
    return Q(valid_to__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))


def _search(request: HttpRequest) -> HttpResponse:
    query = request.GET.copy()
    for name in ("s", "before", "after"):
        query.pop(name, None)
    text, kind = request.POST.get("term", "").strip(), request.POST.get("by", "")
    if text and kind in KINDS:
        query["s"] = terms.seal(terms.Term(kind, text[:300]), request.user)
    target = reverse("bindings")
    return HttpResponseRedirect(f"{target}?{query.urlencode()}" if query else target, status=303)


def _asked(request: HttpRequest, scope: Scope) -> Asked:
    filters = history_filters.read(request.GET, scope)
    at = history_filters.instant(request.GET.get("at", ""), filters)
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    term = terms.unseal(request.GET.get("s", ""), request.user)
    return Asked(
        filters,
        term if term and term.kind in KINDS else None,
        state if state in dict(STATES) else "",
        kind if kind in Binding.Kind.values else "",
        at,
    )


def _page(request: HttpRequest, scope: Scope, asked: Asked) -> paging.Page:
    rows = _narrowed(scope.rows(Binding), asked).select_related("application", "number")
    keys: dict[str, Any] = {name: _key(request.GET.get(name)) for name in ("before", "after")}
    term = asked.term
    if term is None:
        return paging.page(rows, **keys)
    if term.kind == "x" and asked.at is not None:
        return paging.page(rows, [_bound_to(scope, term.text, asked.at)], **keys)
    return paging.page(rows, KINDS[term.kind].branches(scope, term.text), **keys)


def _narrowed(rows: QuerySet[Binding], asked: Asked) -> QuerySet[Binding]:
    filters, now = asked.filters, timezone.now()
    rows = rows.filter(**filters.rows())
    if filters.start:
        rows = rows.filter(valid_from__gte=filters.start)
    if filters.end:
        rows = rows.filter(valid_from__lt=filters.end)
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    if asked.at:
        rows = rows.filter(held_at(asked.at))
    match asked.state:
        case "":
            return rows
        case "holding":
            return rows.filter(holding(now))
        case "ended":
            return rows.exclude(holding(now))
        case "expired":
            # What the sweeper has not met yet has expired all the same.
            return rows.filter(Q(end_cause="expired") | Q(valid_to__isnull=True, expires_at__lte=now))
    return rows.filter(end_cause=asked.state)


def _bound_to(scope: Scope, text: str, at: datetime) -> Q:
    """Return the condition for what was bound to X at an instant; another account's rows are out of scope."""
    numbers = scope.rows(Number).filter(number=phone.parse_typed(text))
    held = [row for number in numbers for row in bindings.holding_at(number, at)]
    return Q(pk__in=[row.binding_id if isinstance(row, BindingVersion) else row.pk for row in held])


def _context(request: HttpRequest, scope: Scope, asked: Asked, page: paging.Page) -> dict[str, Any]:
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    without_search = query.copy()
    without_search.pop("s", None)
    return pages.context(
        request,
        title=_("Bindings"),
        kinds=KINDS,
        asked=asked,
        filters=asked.filters,
        term=asked.term,
        page=page,
        states=STATES,
        binding_kinds=Binding.Kind.choices,
        query=query.urlencode(),
        clear_query=without_search.urlencode(),
        accounts=scope.rows(Account).order_by("code")[:SUGGESTIONS] if scope.account_id is None else (),
        applications=scope.rows(Application).order_by("app_key")[:SUGGESTIONS],
        filtered=bool(query),
        may_bind=roles.may(request.user, "bind"),
    )


def _key(text: str | None) -> UUID | None:
    """Return a page key, or None when the address holds none or a broken one."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None

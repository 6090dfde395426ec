"""The list page that the four histories share: search, filters, one page by key."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts import scope as account_scope
from accounts.models import Account, Application
from accounts.scope import Scope
from common import timeid
from common.errors import BadInput
from console import pages
from console.history import filters as history_filters
from console.history import paging, terms
from console.history.filters import Filters
from console.history.kinds import Kind
from privacy.completeness import completeness

SUGGESTIONS = 200
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Listing:
    """One history: its model and template, what it can be searched by, and how its filters narrow it."""

    name: str
    title: str | Promise
    model: type[Model]
    template: str
    kinds: Mapping[str, Kind]
    number_fields: Sequence[str] = ()
    related: Sequence[str] = ("application", "number", "upstream")
    time_field: str = ""
    narrow: Callable[[QuerySet[Any], Filters], QuerySet[Any]] = lambda rows, filters: rows.filter(**filters.rows())
    choices: Mapping[str, Sequence[tuple[Any, Any]]] | None = None
    decorate: Callable[[Scope, Sequence[Any]], None] = lambda scope, rows: None


def show(request: HttpRequest, listing: Listing) -> HttpResponse:
    """Return the list page; a POST takes the search and goes on to its page."""
    if request.method == "POST":
        return _search(request, listing)
    scope = account_scope.for_user(request.user)
    filters = history_filters.read(request.GET, scope)
    term = terms.unseal(request.GET.get("s", ""), request.user)
    page = paging.Page([], None, None, 0, True)
    if not filters.problems:
        try:
            page = _page(request, listing, scope, filters, term)
        except BadInput as problem:
            filters.problems.append(_problem(problem))
    listing.decorate(scope, page.rows)
    return render(request, listing.template, _context(request, listing, scope, filters, term, page))


def _search(request: HttpRequest, listing: Listing) -> HttpResponse:
    """Return a redirect to the list with the search sealed in the address, filters kept, first page."""
    query = request.GET.copy()
    for name in ("s", "before", "after"):
        query.pop(name, None)
    text, kind = request.POST.get("term", "").strip(), request.POST.get("by", "")
    if text and kind in listing.kinds:
        query["s"] = terms.seal(terms.Term(kind, text[:300]), request.user)
    target = reverse(listing.name)
    return HttpResponseRedirect(f"{target}?{query.urlencode()}" if query else target, status=303)


def _page(
    request: HttpRequest, listing: Listing, scope: Scope, filters: Filters, term: terms.Term | None
) -> paging.Page:
    kind = listing.kinds.get(term.kind) if term else None
    if kind is None or kind.needs_range:
        history_filters.default_range(filters, timezone.now())
    rows = _in_range(listing, scope.rows(listing.model), filters).select_related(*listing.related)
    rows = listing.narrow(rows, filters)
    keys: dict[str, Any] = {
        "before": _key(listing, request.GET.get("before")),
        "after": _key(listing, request.GET.get("after")),
    }
    if term is None or kind is None:
        return paging.page(rows, **keys)
    if term.kind == "last4":
        return paging.page(rows, [_ending_in(listing, scope, rows, filters, term.text)], **keys)
    return paging.page(rows, kind.branches(scope, term.text), **keys)


def _in_range(listing: Listing, rows: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    """Limit rows to the range: by the time in the id, which prunes partitions, or by an indexed time column."""
    column, bound = (listing.time_field, _same) if listing.time_field else ("pk", timeid.lower)
    if filters.start:
        rows = rows.filter(**{f"{column}__gte": bound(filters.start)})
    if filters.end:
        rows = rows.filter(**{f"{column}__lt": bound(filters.end)})
    return rows


def _ending_in(listing: Listing, scope: Scope, rows: QuerySet[Any], filters: Filters, text: str) -> Q:
    """Return which rows of one account and at most a day have a number that ends in four digits: they are decrypted."""
    digits = text.strip()
    if len(digits) != 4 or not (digits.isascii() and digits.isdecimal()):
        raise BadInput(_("Last four digits"), _("type exactly four digits"))
    account = filters.rows().get("account") or scope.account_id
    if account is None:
        raise BadInput(_("Last four digits"), _("choose an account or an application first"))
    if filters.start is None or filters.end is None or filters.end - filters.start > DAY:
        raise BadInput(_("Last four digits"), _("choose a range of at most one day"))
    candidates = (
        rows.filter(account=account).select_related(None).order_by("-pk").values_list("pk", *listing.number_fields)
    )
    found = [row[0] for row in candidates.iterator() if any(n and n.endswith(digits) for n in row[1:])]
    return Q(pk__in=found)


def _context(
    request: HttpRequest, listing: Listing, scope: Scope, filters: Filters, term: terms.Term | None, page: paging.Page
) -> dict[str, Any]:
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    without_search = query.copy()
    without_search.pop("s", None)
    return pages.context(
        request,
        title=listing.title,
        listing=listing,
        filters=filters,
        term=term,
        page=page,
        query=query.urlencode(),
        clear_query=without_search.urlencode(),
        arrivals=completeness() if scope.account_id is None else (),
        accounts=scope.rows(Account).order_by("code")[:SUGGESTIONS] if scope.account_id is None else (),
        applications=scope.rows(Application).order_by("app_key")[:SUGGESTIONS],
        filtered=bool(query),
    )


def _problem(problem: BadInput) -> str:
    """Return what is wrong with a search, in the person's language."""
    return _("This is too long for a number.") if problem.field == "number" else str(problem)


def _key(listing: Listing, text: str | None) -> Any | None:
    """Return a page key, or None when the address holds none or a broken one."""
    if not text:
        return None
    try:
        return int(text) if listing.time_field else uuid.UUID(text)
    except ValueError:
        return None


def _same(at: datetime) -> datetime:
    return at

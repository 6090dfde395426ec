"""What the money lists share: account and booked-hour filters, a page by key, the frame."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise

from accounts import scope as account_scope
from accounts.models import Account
from accounts.scope import Scope
from console import pages
from console.history import filters as history_filters
from console.history.filters import Filters
from console.history.listing import SUGGESTIONS
from console.history.paging import Page


def scope_and_filters(request: HttpRequest) -> tuple[Scope, Filters]:
    """Return whose rows the person sees and what he asked for."""
    scope = account_scope.for_user(request.user)
    return scope, history_filters.read(request.GET, scope)


def keys(request: HttpRequest, parse: type = int) -> dict[str, Any]:
    """Return the page's keys from the query string; a broken one counts as none."""
    return {name: _parsed(request.GET.get(name), parse) for name in ("before", "after")}


def show(
    request: HttpRequest, template: str, title: str | Promise, scope: Scope, filters: Filters, page: Page, **extra: Any
) -> HttpResponse:
    """Return a money list's page."""
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    if "accounts" not in extra:
        extra["accounts"] = scope.rows(Account).order_by("code")[:SUGGESTIONS] if scope.account_id is None else ()
    frame = pages.context(
        request, title=title, filters=filters, page=page, query=query.urlencode(),
        filtered=bool(query), **extra,
    )  # fmt: skip
    return render(request, template, frame)


def _parsed(text: str | None, parse: type) -> Any | None:
    try:
        return parse(text) if text else None
    except ValueError:
        return None

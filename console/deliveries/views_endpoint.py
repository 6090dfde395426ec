"""The page of one endpoint: its state and health, what waits there, what was tried."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import roles
from accounts.roles import require
from accounts.scope import Scope, for_user
from common import timeid
from console import pages
from console.deliveries import fare, words
from console.deliveries.views_switch import offered
from console.history import filters as history_filters
from console.history import paging
from notifications.models import Attempt, Endpoint, Push

PAGE = 50
SHOWN_STATES = {words.WAITING: Push.State.PENDING, words.DEAD: Push.State.DEAD, words.PARKED: Push.State.PARKED}
ARRIVED, FAILED = "arrived", "failed"


@require("look")
@require_safe
def endpoint(request: HttpRequest, pk: int) -> HttpResponse:
    """Return how an endpoint stands, and its pushes that wait, were given up or set aside."""
    scope, now = for_user(request.user), timezone.now()
    found = find(scope, pk)
    (line,) = fare.lines([found], now)
    state = request.GET.get("state", "")
    if state not in SHOWN_STATES:
        state = words.WAITING
    rows, after = _queued(scope, found, state, request.GET.get("after", ""))
    frame = pages.context(
        request,
        title=_("Endpoint"),
        endpoint=found,
        line=line,
        shows_names=scope.account_id is None,
        reason=words.reason(found.state_reason),
        last_reason=words.reason(found.last_reason),
        charts=fare.charts(found, now),
        kept=words.KEPT_72,
        changes=offered(request, found),
        state=state,
        states=[(name, words.STATES[name][0], getattr(line.queue, name)) for name in SHOWN_STATES],
        pushes=[(row, words.kind(row.kind), words.reason(row.reason)) for row in rows],
        after=after,
        late=request.GET.get("after", ""),
        may_replay=roles.may(request.user, "replay") and state != words.WAITING,
        may_test=roles.may(request.user, "try_out"),
        now=now,
    )
    return render(request, "console/deliveries/endpoint.html", frame)


@require("look")
@require_safe
def attempts(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the requests made to an endpoint, of the last 7 days or of the range that is asked for."""
    scope, now = for_user(request.user), timezone.now()
    found = find(scope, pk)
    filters = history_filters.read(request.GET.copy(), scope)
    history_filters.default_range(filters, now)
    page = paging.Page([], None, None, 0, True)
    if not filters.problems:
        keys: dict[str, Any] = {name: _uuid(request.GET.get(name, "")) for name in ("before", "after")}
        page = paging.page(_tried(scope, found, request, filters), **keys)
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    frame = pages.context(
        request,
        title=_("Attempts"),
        endpoint=found,
        filters=filters,
        page=page,
        rows=[(row, *words.result(row), words.kind(row.kind), words.reason(row.reason)) for row in page.rows],
        kinds=Push.Kind.choices,
        results=[("", _("All")), (ARRIVED, _("Arrived")), (FAILED, _("Failed")), *Attempt.Result.choices[1:]],
        query=query.urlencode(),
        filtered=bool(query),
    )
    return render(request, "console/deliveries/attempts.html", frame)


def find(scope: Scope, pk: int) -> Endpoint:
    """Return an endpoint in scope; another account's is as absent as none."""
    return get_object_or_404(scope.rows(Endpoint).select_related("application__account"), pk=pk)


def _queued(scope: Scope, endpoint: Endpoint, state: str, after: str) -> tuple[list[Push], str]:
    """Return a page of an endpoint's queue by when it is due, and the key of the next page.

    The index is (endpoint, state, due): a million that wait cost no more than fifty.
    """
    rows = scope.rows(Push).filter(endpoint=endpoint, state=SHOWN_STATES[state]).order_by("due_at", "pk")
    due, _space, key = after.partition("_")
    at, id = _instant(due), _uuid(key)
    if at is not None and id is not None:
        rows = rows.filter(due_at__gte=at).filter(Q(due_at__gt=at) | Q(pk__gt=id))
    found = list(rows.defer("body")[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return found[:PAGE], f"{last.due_at.isoformat().replace('+00:00', 'Z')}_{last.pk}" if last else ""


def _tried(scope: Scope, endpoint: Endpoint, request: HttpRequest, filters: Any) -> QuerySet[Attempt]:
    rows = scope.rows(Attempt).filter(endpoint=endpoint).defer("body", "answer")
    result, kind = request.GET.get("result", ""), request.GET.get("kind", "")
    if result == ARRIVED:
        rows = rows.filter(result=Attempt.Result.DELIVERED)
    elif result == FAILED:
        rows = rows.exclude(result=Attempt.Result.DELIVERED)
    elif result in Attempt.Result.values:
        rows = rows.filter(result=result)
    if kind in Push.Kind.values:
        rows = rows.filter(kind=kind)
    if filters.start:
        rows = rows.filter(pk__gte=timeid.lower(filters.start))
    return rows.filter(pk__lt=timeid.lower(filters.end)) if filters.end else rows


def _instant(text: str) -> Any:
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    return at if at and timezone.is_aware(at) else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None

"""The inventory: every number with its city, state, and what is bound on it; searched by any of these."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import roles
from accounts.models import Account, Application
from accounts.roles import require
from accounts.scope import Scope, for_user
from common import areas
from common.phone import parse_typed
from console import pages
from privacy.models import Availability, Number
from privacy.models.routes import MOST_PAIRS, MOST_RELATIONS
from privacy.numbers.bulk import STEPS

PAGE = 50
SUGGESTIONS = 200
TICKED = [name for name in STEPS if name not in {"issue", "order"}]
YES, NO, BLACKLISTED = "yes", "no", "blacklisted"
FILTERS = ("number", "account", "application", "city", "state", "kind", "selection")


def held(scope: Scope) -> QuerySet[Number]:
    """Return the numbers a person sees: all of them, or those his account holds now."""
    rows = scope.rows(Number).select_related("availability__application__account", "upstream", "order")
    return rows if scope.account_id is None else rows.filter(availability__application__account=scope.account_id)


def room(row: Availability) -> int | None:
    """Return how much can still be bound on a number; None where nothing is bound (mode X, nobody's)."""
    if row.application is None or row.application.mode == Application.Mode.X:
        return None
    if row.role:
        left: int = row.most - row.used
        return left
    most: dict[Application.Mode, int] = {
        Application.Mode.AXB: MOST_PAIRS,
        Application.Mode.AX: 1,
        Application.Mode.AXE: 10**row.application.extension_digits - 1,
        Application.Mode.AXYB: MOST_RELATIONS,
    }
    return most[Application.Mode(row.application.mode)]


@require("look")
@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """Return the list of numbers."""
    scope = for_user(request.user)
    chosen = {name: request.GET.get(name, "").strip() for name in FILTERS}
    page = Paginator(_filtered(held(scope), chosen).order_by("number", "-pk"), PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    frame = pages.context(
        request,
        title=_("Numbers"),
        page=page,
        lines=[(number, _availability(number), _room_of(number)) for number in page.object_list],
        chosen=chosen,
        filtered=any(chosen.values()),
        query=query.urlencode(),
        whole_house=scope.account_id is None,
        accounts=scope.rows(Account).order_by("code")[:SUGGESTIONS] if scope.account_id is None else (),
        applications=scope.rows(Application).order_by("app_key")[:SUGGESTIONS],
        areas=areas.AREAS.values(),
        states=Number.State.choices,
        kinds=Number.Kind.choices,
        steps=[(name, STEPS[name].label) for name in TICKED],
        may_operate=roles.may(request.user, "operate"),
    )
    return render(request, "console/numbers/list.html", frame)


def _filtered(rows: QuerySet[Number], chosen: dict[str, str]) -> QuerySet[Number]:
    if chosen["number"]:
        typed = chosen["number"]
        digits = "".join(filter(str.isdecimal, typed))
        rows = rows.filter(number__contains=digits) if digits else rows.filter(number=parse_typed(typed[:32]))
    if chosen["account"]:
        rows = rows.filter(availability__application__account__code=chosen["account"])
    if chosen["application"]:
        rows = rows.filter(availability__application__app_key=chosen["application"])
    if chosen["city"]:
        rows = rows.filter(area_code=areas.known(chosen["city"]) or chosen["city"][:8])
    if chosen["state"] in Number.State.values:
        rows = rows.filter(state=chosen["state"])
    elif not chosen["number"]:
        rows = rows.exclude(state=Number.State.RETURNED)
    if chosen["kind"] in Number.Kind.values:
        rows = rows.filter(kind=chosen["kind"])
    if chosen["selection"] in {YES, NO}:
        rows = rows.filter(reserved=chosen["selection"] == YES)
    elif chosen["selection"] == BLACKLISTED:
        rows = rows.filter(blacklisted_at__isnull=False)
    return rows


def _availability(number: Number) -> Any:
    return getattr(number, "availability", None)


def _room_of(number: Number) -> int | None:
    row = _availability(number)
    return room(row) if row is not None else None

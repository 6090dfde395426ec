"""One number's page: what it is, who held it, what happened to it and why, what is bound on it, what can be done."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts import roles
from accounts.roles import require
from accounts.scope import for_user
from console import pages
from console.numbers.listing import TICKED, held, room
from privacy.models import Holding, Number, NumberChange, NumberReason, NumberStatus
from privacy.numbers.bulk import STEPS
from privacy.numbers.locks import bound_on

SHOWN = 100


@require("look")
@require_safe
def number(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the page of one number. A bound user sees only his own account's part of its life."""
    scope = for_user(request.user)
    row = get_object_or_404(held(scope), pk=pk)
    whole_house = scope.account_id is None
    holdings = scope.rows(Holding).filter(number=row).select_related("application__account").order_by("-valid_from")
    since = holdings[0].valid_from if not whole_house else None
    availability = getattr(row, "availability", None)
    # Of a bound person those of his time: what others said before is not his to read.
    reasons = scope.rows(NumberReason).filter(number=row)
    statuses = scope.rows(NumberStatus).filter(number=row).select_related("source__upstream")
    if since is not None:
        reasons = reasons.filter(opened_at__gte=since)
    other_rows = scope.rows(Number).filter(number=row.number).exclude(pk=row.pk) if whole_house else ()
    frame = pages.context(
        request,
        title=row.number,
        number=row,
        availability=availability,
        room=room(availability) if availability else None,
        bound=bound_on([row]),
        holdings=holdings[:SHOWN],
        changes=scope.rows(NumberChange).filter(number=row).order_by("-pk")[:SHOWN],
        reasons=reasons.order_by("-pk")[:SHOWN],
        statuses=statuses.order_by("-pk")[:SHOWN],
        earlier=row.state != Number.State.NORMAL and not any(reason.closed_at is None for reason in reasons),
        selected=row.state == Number.State.NORMAL and row.blacklisted_at is None,
        other_rows=other_rows,
        steps=[(name, STEPS[name].label) for name in TICKED],
        whole_house=whole_house,
        may_operate=roles.may(request.user, "operate") and row.state != Number.State.RETURNED,
    )
    return render(request, "console/numbers/detail.html", frame)

"""The quarantine pages: what waits and why, one item, correcting or discarding after a preview."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import audit, roles
from accounts.roles import require
from accounts.scope import for_user
from common.errors import BadInput
from console import pages
from console import quarantine as shown
from privacy import quarantine, reasons
from privacy.models import Quarantined
from privacy.models.arrivals import Kind
from privacy.quarantine import MAX_AT_ONCE
from privacy.storing.settling import Settled
from privacy.wire import corrections

PAGE = 100
REASON_AT_LEAST = 3
CHANGES = 3
CORRECT, DISCARD, ACCEPT = "correct", "discard", "accept"


@require("look")
@require_safe
def quarantine_groups(request: HttpRequest) -> HttpResponse:
    """Return what waits, grouped by reason."""
    scope = for_user(request.user)
    found = shown.groups(scope, timezone.now())
    resolved = scope.rows(Quarantined).exclude(state=Quarantined.State.OPEN).select_related("upstream")
    frame = pages.context(
        request,
        title=_("Quarantine"),
        groups=found,
        total=sum(group.count for group in found),
        units=sum(group.units for group in found),
        resolved=resolved.order_by("-resolved_at")[:20],
        whole_house=scope.account_id is None,
    )
    return render(request, "console/quarantine/groups.html", frame)


@require("look")
@require_safe
def quarantine_group(request: HttpRequest) -> HttpResponse:
    """Return the items of one group."""
    chosen = _group_of(request.GET)
    rows = shown.members(for_user(request.user), *chosen, state=Quarantined.State.OPEN)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    frame = pages.context(
        request,
        title=shown.label(chosen[0]),
        page=page,
        reason=chosen[0],
        kind=Kind(chosen[1]),
        field=chosen[2],
        at_most=MAX_AT_ONCE,
        **_what_may_be_done(request, Kind(chosen[1]), chosen[0]),
    )
    return render(request, "console/quarantine/group.html", frame)


@require("look")
@require_safe
def quarantined(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of one item, its numbers masked."""
    return _item_page(request, pk, revealed=False)


@require("reveal")
@require_POST
def reveal_quarantined(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of one item with its numbers in full, once a reason is given and audited."""
    reason = request.POST.get("reason", "").strip()
    row = get_object_or_404(for_user(request.user).rows(Quarantined), pk=pk)
    if len(reason) < REASON_AT_LEAST:
        return _item_page(request, pk, revealed=False, reveal_problem=_("Give a reason."))
    audit.record(
        user=request.user,
        action="reveal",
        subject_kind="quarantined",
        subject=str(pk),
        account=row.account,
        reason=reason,
        request=request,
    )
    return _item_page(request, pk, revealed=True)


@require("correct")
@require_POST
def quarantine_preview(request: HttpRequest) -> HttpResponse:
    """Return what correcting or discarding the chosen items would do."""
    order = _order(request)
    rows = list(for_user(request.user).rows(Quarantined).filter(pk__in=order.ids, state=Quarantined.State.OPEN))
    if not rows:
        messages.warning(request, _("Choose at least one item that still waits."))
        return redirect("quarantine")
    settled = Settled(tuple(row.pk for row in rows), {}, sum(row.units_at_stake for row in rows))
    if order.action != DISCARD:
        try:
            settled = quarantine.preview([row.pk for row in rows], order.changes, timezone.now())
        except BadInput as problem:
            messages.error(request, _("The field %(field)s cannot be corrected here.") % {"field": problem.field})
            return redirect("quarantine")
    stays = sorted((problem.reason, problem.field) for problem in settled.failed.values())
    frame = pages.context(
        request,
        title=_("Preview"),
        order=order,
        ids=",".join(str(row.pk) for row in rows),
        chosen=len(rows),
        leaves=len(settled.left),
        units=settled.units,
        stays=[(shown.label(key[0]), key[1], len(list(same))) for key, same in groupby(stays)],
    )
    return render(request, "console/quarantine/preview.html", frame)


@require("correct")
@require_POST
def quarantine_apply(request: HttpRequest) -> HttpResponse:
    """Correct or discard the items that were previewed, with the reason given."""
    order = _order(request)
    rows = for_user(request.user).rows(Quarantined).filter(pk__in=order.ids)
    ids = list(rows.values_list("pk", flat=True))
    reason = request.POST.get("reason", "").strip()
    if len(reason) < REASON_AT_LEAST:
        messages.error(request, _("Give a reason. Nothing was changed."))
        return redirect("quarantine")
    who: dict[str, Any] = {"user": request.user, "reason": reason, "now": timezone.now(), "request": request}
    try:
        if order.action == DISCARD:
            done, stay = quarantine.discard(ids, **who), 0
        else:
            settled = quarantine.correct(ids, order.changes, **who)
            done, stay = len(settled.left), len(settled.failed)
    except BadInput as problem:
        messages.error(request, _("The field %(field)s cannot be corrected here.") % {"field": problem.field})
        return redirect("quarantine")
    messages.success(
        request, ngettext("%(n)s item left quarantine.", "%(n)s items left quarantine.", done) % {"n": done}
    )
    if stay:
        messages.warning(request, ngettext("%(n)s item stays.", "%(n)s items stay.", stay) % {"n": stay})
    return redirect("quarantine")


@dataclass(frozen=True)
class Order:
    """What a person wants done with which items."""

    action: str
    ids: list[UUID]
    changes: dict[str, str]


def _order(request: HttpRequest) -> Order:
    """Return the order of a form: ticked items, a list of ids, or the oldest of a whole group."""
    form = request.POST
    action = form.get("action", "")
    if action not in (CORRECT, DISCARD, ACCEPT):
        raise Http404
    if form.get("whole_group"):
        rows = shown.members(for_user(request.user), *_group_of(form), state=Quarantined.State.OPEN)
        ids = list(rows.values_list("pk", flat=True)[:MAX_AT_ONCE])
    else:
        texts = [*form.getlist("id"), *form.get("ids", "").split(",")]
        ids = [id for id in map(_uuid, texts) if id is not None][:MAX_AT_ONCE]
    pairs = [(form.get(f"field{n}", ""), form.get(f"value{n}", "").strip()) for n in range(CHANGES)]
    changes = {name: value for name, value in pairs if name} if action == CORRECT else {}
    return Order(action, ids, changes)


def _group_of(form: Any) -> tuple[str, int, str]:
    reason, kind, field = form.get("reason_code", ""), form.get("kind", ""), form.get("field", "")
    if reason not in reasons.LABELS or kind not in {str(one.value) for one in Kind}:
        raise Http404
    return reason, int(kind), field[:64]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _item_page(request: HttpRequest, pk: UUID, *, revealed: bool, **extra: Any) -> HttpResponse:
    scope = for_user(request.user)
    row = get_object_or_404(scope.rows(Quarantined).select_related("upstream", "account", "source"), pk=pk)
    frame = pages.context(
        request,
        title=_("Quarantined item"),
        row=row,
        label=shown.label(row.reason),
        lines=shown.lines(scope, row, revealed=revealed),
        conflict=shown.conflicting(scope, row),
        revealed=revealed,
        may_reveal=roles.may(request.user, "reveal"),
        is_open=row.state == Quarantined.State.OPEN,
        **_what_may_be_done(request, Kind(row.kind), row.reason),
        **extra,
    )
    response = render(request, "console/quarantine/item.html", frame)
    if revealed:
        response["Cache-Control"] = "no-store"
    return response


def _what_may_be_done(request: HttpRequest, kind: Kind, reason: str) -> dict[str, Any]:
    return {
        "may_correct": roles.may(request.user, "correct"),
        "may_accept": reason == reasons.POSSIBLE_DUPLICATE,
        "names": corrections.correctable(kind),
        "changes": range(CHANGES),
    }

"""Replays: the list with how far each is, the form, its preview, the order, and cancelling."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import audit, roles
from accounts.roles import require
from accounts.scope import Scope, for_user
from console import pages
from console.replays import selection
from console.replays.forms import FIELDS, ReplayForm
from console.replays.selection import Selection
from console.revealing import REASON_AT_LEAST
from console.templatetags.maskline import whole
from notifications import destinations, listing, replay
from notifications.models import Endpoint, Push, Replay
from notifications.retry import MOST_WAIT

PAGE = 50


@dataclass(frozen=True)
class Line:
    """One replay in the list; `held`: its endpoints that nothing is sent to, `ran_out`: it took too long."""

    row: Replay
    words: list[str]
    is_open: bool
    percent: int
    held: list[Endpoint]
    ran_out: bool


@require("look")
@require_safe
def replays(request: HttpRequest) -> HttpResponse:
    """Return the list, newest first, with how far each is."""
    scope = for_user(request.user)
    rows = scope.rows(Replay).select_related("account", "application")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    lines = [_line(scope, row) for row in page.object_list]
    frame = pages.context(
        request,
        title=_("Replays"),
        page=page,
        lines=lines,
        shows_names=scope.account_id is None,
        going_on=any(line.is_open for line in lines),
        may_replay=roles.may(request.user, "replay"),
    )
    return render(request, "console/replays/list.html", frame)


@require("replay")
@require_http_methods(["GET", "POST"])
def new_replay(request: HttpRequest) -> HttpResponse:
    """Return the form, filled from the query (push, application, endpoint, kind, state); POST returns the preview."""
    scope = for_user(request.user)
    initial = {name: request.GET[name] for name in FIELDS if name in request.GET}
    form = ReplayForm(request.POST if request.method == "POST" else None, scope=scope, initial=initial)
    if request.method == "POST" and form.is_valid():
        chosen = form.selection()
        if chosen is not None:
            return _preview(request, scope, chosen)
    endpoint = scope.rows(Endpoint).filter(pk=_whole(str(form["endpoint"].value() or ""))).first()
    frame = pages.context(request, title=_("Send pushes again"), form=form, endpoint=endpoint)
    return render(request, "console/replays/new.html", frame, status=400 if form.errors else 200)


@require("replay")
@require_POST
def apply_replay(request: HttpRequest) -> HttpResponse:
    """Order what a preview showed; if it has become more since, show it again. Twice the same click is one."""
    token, scope = request.POST.get("token", ""), for_user(request.user)
    chosen = selection.opened(token, request.user, scope)
    if chosen is None:
        messages.error(request, _("This preview is no longer good. Nothing was sent again."))
        return redirect("new_replay")
    reason, planned = request.POST.get("reason", "").strip(), _whole(request.POST.get("planned", ""))
    if len(reason) < REASON_AT_LEAST or not request.POST.get("sure"):
        return _preview(request, scope, chosen, problem=_("Give a reason and tick that you are sure."), token=token)
    row, new = _ordered(request, chosen, token, reason, planned)
    if row is None:
        return _preview(request, scope, chosen, problem=_("It has become more since the preview was made. Look again."))
    if new:
        text = ngettext("%(n)s push is being sent again.", "%(n)s pushes are being sent again.", row.total)
        messages.success(request, text % {"n": whole(row.total)})
    else:
        messages.info(request, _("This was ordered already; it is one replay."))
    return redirect("replays")


@require("replay")
@require_POST
def cancel_replay(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Queue nothing more of a replay."""
    row = get_object_or_404(for_user(request.user).rows(Replay).select_related("account"), pk=pk)
    with transaction.atomic():
        if replay.cancel(row, timezone.now()):
            audit.record(
                user=request.user, action="pushes.cancel_replay", subject_kind="replay", subject=str(row.pk),
                account=row.account, request=request,
            )  # fmt: skip
            messages.success(request, _("Cancelled. What is queued already is still sent."))
        else:
            messages.info(request, _("It was over already."))
    return redirect("replays")


def _line(scope: Scope, row: Replay) -> Line:
    is_open = row.state in replay.OPEN
    cancelled_at = row.finished_at if row.state == Replay.State.CANCELLED else None
    return Line(
        row=row,
        words=selection.chosen_words(scope, row.chosen),
        is_open=is_open,
        percent=100 * row.queued // row.total if row.total else 100,
        held=destinations.resting(map(int, row.place or {})) if is_open else [],
        ran_out=cancelled_at is not None and cancelled_at - row.asked_at >= MOST_WAIT,
    )


def _ordered(
    request: HttpRequest, chosen: Selection, token: str, reason: str, planned: int
) -> tuple[Replay | None, bool]:
    """Return the replay of a click and whether it is new; no replay where it would be more than was shown."""
    name = request.user.get_username()
    with transaction.atomic():
        row, new = replay.ask(
            chosen.account,
            chosen.application,
            chosen.choice,
            # The person's name is in the key: another person's token is another click.
            key=f"{name} {token}",
            asked_by=name,
            reason=reason,
        )
        if new and row.total > planned:
            transaction.set_rollback(True)
            return None, False
        if new:
            audit.record(
                user=request.user, action="pushes.replay", subject_kind="replay", subject=str(row.pk),
                account=row.account, reason=reason, detail={**row.chosen, "pushes": row.total}, request=request,
            )  # fmt: skip
    return row, new


def _preview(
    request: HttpRequest, scope: Scope, chosen: Selection, *, problem: str = "", token: str = ""
) -> HttpResponse:
    groups = replay.preview(chosen.account.pk, chosen.application_id, chosen.choice, timezone.now())
    urls = scope.rows(Endpoint).in_bulk({group.endpoint for group in groups})
    frame: dict[str, Any] = pages.context(
        request,
        title=_("Send pushes again"),
        selection=chosen,
        words=selection.chosen_words(scope, chosen.choice.kept()),
        groups=[
            (urls.get(group.endpoint), group, Push.Kind(group.kind).label, selection.state_words(group.state))
            for group in groups
            if group.state != listing.WAITING
        ],
        count=replay.total(groups),
        waiting=replay.waiting(groups),
        nowhere=replay.nowhere(groups),
        held=destinations.resting({group.endpoint for group in groups if group.state != listing.WAITING}),
        problem=problem,
        reason=request.POST.get("reason", "") if problem else "",
        token=token or selection.sealed(chosen, request.user),
    )
    return render(request, "console/replays/preview.html", frame, status=400 if problem else 200)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0

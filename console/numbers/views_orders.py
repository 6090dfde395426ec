"""The pages of orders and of transfers between accounts."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import audit, roles
from accounts.roles import require
from accounts.scope import for_user
from common.errors import MasklineError
from console import pages
from console.numbers import agreeing
from console.numbers.views_steps import AT_ONCE
from privacy import numbers
from privacy.bindings.orders import Actor
from privacy.models import Number, NumberOrder, NumberTransfer

PAGE = 50
SHOWN = 10
REASON_AT_LEAST = 3
AGREE, REFUSE = "agree", "refuse"


@require("look")
@require_safe
def number_orders(request: HttpRequest) -> HttpResponse:
    """Return the orders, open ones first."""
    rows = for_user(request.user).rows(NumberOrder).select_related("account", "application")
    open_rows = rows.filter(state=NumberOrder.State.OPEN).order_by("-pk")
    page = Paginator(rows.exclude(state=NumberOrder.State.OPEN).order_by("-pk"), PAGE).get_page(request.GET.get("page"))
    frame = pages.context(
        request,
        title=_("Number orders"),
        open_orders=open_rows,
        page=page,
        may_operate=roles.may(request.user, "operate"),
    )
    return render(request, "console/numbers/orders.html", frame)


@require("operate")
@require_POST
def number_order_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel an order with a reason: nothing more is issued for it."""
    row = get_object_or_404(for_user(request.user).rows(NumberOrder), pk=pk)
    reason = request.POST.get("reason", "").strip()
    if len(reason) < REASON_AT_LEAST:
        messages.error(request, _("Give a reason. Nothing was changed."))
        return redirect("number_orders")
    try:
        with transaction.atomic():
            cancelled = numbers.cancel(row, now=timezone.now())
            if cancelled:
                _record(request, "numbers.cancel", "number_order", row.reference, row.account, reason)
    except MasklineError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("The order is cancelled."))
    return redirect("number_orders")


@require("look")
@require_safe
def number_transfers(request: HttpRequest) -> HttpResponse:
    """Return the transfers between accounts: not for a user who is bound to one of them."""
    scope = for_user(request.user)
    if scope.account_id is not None:
        raise PermissionDenied
    rows = scope.rows(NumberTransfer).select_related("source_account", "target_account", "target").order_by("-pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    ids = [id for row in page.object_list for id in row.numbers[:SHOWN]]
    texts = dict(scope.rows(Number).filter(pk__in=ids).values_list("pk", "number"))
    lines = [
        (
            row,
            [(id, texts[id]) for id in row.numbers[:SHOWN] if id in texts],
            max(0, len(row.numbers) - SHOWN),
            numbers.ending(row) if row.state == NumberTransfer.State.ASKED else None,
        )
        for row in page.object_list
    ]
    frame = pages.context(
        request,
        title=_("Transfers between accounts"),
        lines=lines,
        page=page,
        may_approve=roles.may(request.user, "approve"),
        may_operate=roles.may(request.user, "operate"),
        me=request.user.get_username(),
    )
    return render(request, "console/numbers/transfers.html", frame)


@require("look")
@require_POST
def number_transfer_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to a transfer as finance or as operator, or refuse it."""
    user: Any = request.user
    scope = for_user(user)
    as_finance = request.POST.get("as") != "operator"
    if not agreeing.may_decide(user, as_finance):
        raise PermissionDenied
    row = get_object_or_404(scope.rows(NumberTransfer).select_related("source_account"), pk=pk)
    reason = request.POST.get("reason", "").strip()
    verb = request.POST.get("verb", "")
    if verb not in (AGREE, REFUSE) or len(reason) < REASON_AT_LEAST:
        messages.error(request, _("Give a reason. Nothing was changed."))
        return redirect("number_transfers")
    actor = Actor(name=user.get_username(), reason=reason)
    if verb == AGREE and _much(row, as_finance):
        agreeing.order(row, reason, as_finance, user)
        messages.success(request, _("The numbers are being worked through. What became of them appears here."))
        return redirect("jobs")
    try:
        with transaction.atomic():
            told = _refused(row, actor) if verb == REFUSE else _agreed(row, actor, as_finance)
            _record(request, f"numbers.transfer_{verb}", "number_transfer", str(pk), row.source_account, reason)
    except MasklineError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, told)
    return redirect("number_transfers")


def _much(row: NumberTransfer, as_finance: bool) -> bool:
    """Return whether this agreement is the last and so much ends with it that a job does it."""
    last = row.state == NumberTransfer.State.ASKED and (row.operator_agreed if as_finance else row.finance_agreed)
    return bool(last) and len(row.numbers) + numbers.ending(row) > AT_ONCE


def _agreed(row: NumberTransfer, actor: Actor, as_finance: bool) -> str:
    done = numbers.agree(row, actor=actor, as_finance=as_finance, now=timezone.now())
    if done is None:
        return _("Agreed. The other side has not yet.")
    n, told = len(done.numbers), {"n": len(done.numbers), "bindings": done.bindings_ended}
    return (
        ngettext(
            "Done: %(n)s number moved; bindings ended: %(bindings)s.",
            "Done: %(n)s numbers moved; bindings ended: %(bindings)s.",
            n,
        )
        % told
    )


def _refused(row: NumberTransfer, actor: Actor) -> str:
    numbers.refuse(row, actor=actor, now=timezone.now())
    return _("The transfer is refused. Nothing moved.")


def _record(request: HttpRequest, action: str, kind: str, subject: str, account: Any, reason: str) -> None:
    audit.record(
        user=request.user, action=action, subject_kind=kind, subject=subject, account=account, reason=reason,
        request=request,
    )  # fmt: skip

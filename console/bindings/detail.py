"""The page of one binding: what it says and said, its ways in, its relations, who asked for it, what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Field, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import roles
from accounts import scope as account_scope
from accounts.roles import require
from accounts.scope import Scope
from common import timeid
from common.phone import PhoneNumberField
from common.sealed import SealedTextField
from console import pages, revealing
from console.bindings.listing import HOLDING
from console.history import terms as searches
from console.templatetags import bindings as words
from console.templatetags.maskline import localtime, shown
from privacy import bindings
from privacy.models import ApiRequest, Binding, BindingVersion, Call, Message, Route, TemporaryCallee
from privacy.models.bindings import Terms

LATEST = 20
VERSIONS = 8
SMS_LATE = timedelta(days=1)
# What only some kinds have; anything else is shown for all.
ONLY = {
    "b_number": {"AXB", "YB"},
    "extension": {"AXE"},
    "call_direction": {"AX", "AXB", "AXYB"},
    "yb_duration": {"AXYB", "YB"},
    "time_unit": {"AXE"},
    "callback_duration": {"AXE"},
    "callback_voice": {"AXE"},
    "callback_number": {"AXE"},
    "max_minutes": {"AX", "AXB"},
    "last_minute_voice": {"AX", "AXB"},
    "sms": {"AX", "AXB"},
    "display": {"AX", "AXE"},
    "power": {"AX"},
    "caller_voice": {"AX", "AXB", "YB"},
    "callee_voice": {"AX", "AXB", "AXYB"},
}
UNITS = {"": "h", "0": "h", "1": "min"}


@dataclass(frozen=True)
class Line:
    """One term through the versions, the present one first; `changed` where the versions differ."""

    label: Any
    values: Sequence[Any]
    changed: bool


@require("look")
@require_safe
def binding(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a binding, its numbers masked."""
    return _page(request, find(request, pk))


@require("reveal")
@require_POST
def reveal_binding(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a binding with its numbers in full, once a reason is given and audited."""
    return revealing.reveal(request, find(request, pk), "binding", _page)


def find(request: HttpRequest, pk: UUID) -> Binding:
    """Return the binding if it is in the person's scope; another account's is as absent as none."""
    rows = account_scope.for_user(request.user).rows(Binding)
    found = rows.select_related("account", "application", "number", "parent__number").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def lines(row: Binding, versions: Sequence[BindingVersion], *, revealed: bool) -> list[Line]:
    """Return what a binding says, beside what it said before; what no version of it has is left out."""
    found = []
    for field in Terms._meta.local_fields:
        if row.kind not in ONLY.get(field.name, {row.kind}):
            continue
        raw = [getattr(one, field.name) for one in (row, *versions)]
        if all(value in (None, "") for value in raw) and field.name not in ("expires_at", "b_number"):
            continue
        values = [_shown(field, one, row, revealed=revealed) for one in (row, *versions)]
        found.append(Line(field.verbose_name, values, len(set(raw)) > 1))
    return found


def _page(request: HttpRequest, row: Binding, *, revealed: bool = False, **more: Any) -> HttpResponse:
    scope = account_scope.for_user(request.user)
    versions = list(scope.rows(BindingVersion).filter(binding=row).order_by("-version")[:VERSIONS])
    state = words.holds(row)
    frame = pages.context(
        request,
        title=_("Binding"),
        binding=row,
        pk=row.pk,
        state=state,
        versions=versions,
        more_versions=max(0, row.version - 1 - len(versions)),
        lines=lines(row, versions, revealed=revealed),
        routes=scope.rows(Route).filter(binding=row).select_related("number").order_by("kind"),
        relations=_relations(scope, row),
        callee=scope.rows(TemporaryCallee).filter(binding=row).first(),
        requests=_requests(scope, row),
        live=state == HOLDING and bool(bindings.live_calls([row])),
        revealed=revealed,
        whole_house=scope.account_id is None,
        now=timezone.now(),
        may_bind=roles.may(request.user, "bind"),
        may_reveal=roles.may(request.user, "reveal"),
        may_audit=roles.may(request.user, "audit"),
        **_traffic(request, scope, row),
        **more,
    )
    return render(request, "console/bindings/detail.html", frame)


def _relations(scope: Scope, row: Binding) -> QuerySet[Binding]:
    """Return the YB of an AX of AXYB, those that hold first."""
    children = scope.rows(Binding).filter(parent=row).select_related("number")
    return children.order_by("-valid_to", "-pk")[:200] if row.kind == Binding.Kind.AXYB else children.none()


def _requests(scope: Scope, row: Binding) -> QuerySet[ApiRequest]:
    """Return the API requests that made, changed or asked for a binding, the latest first."""
    return scope.rows(ApiRequest).filter(binding_id=row.pk).order_by("-pk")[:LATEST]


def _traffic(request: HttpRequest, scope: Scope, row: Binding) -> dict[str, Any]:
    """Return the latest calls and SMS through a binding, and the sealed searches that find them all."""
    name = row.subscription_id
    since, until = timeid.id_range(row.valid_from, (row.valid_to or timezone.now()) + SMS_LATE)
    calls = scope.rows(Call).filter(subscription_id=name, pk__gte=since).select_related("number")
    # Messages have no index on the binding: their X and its time narrow them.
    sms = scope.rows(Message).filter(number=row.number_id, pk__gte=since, pk__lt=until, subscription_id=name)
    return {
        "calls": calls.order_by("-pk")[:LATEST],
        "messages_sent": sms.order_by("-pk")[:LATEST],
        "search": searches.seal(searches.Term("binding", name), request.user),
        "from": row.valid_from,
    }


def _shown(field: Field[Any, Any], one: Any, row: Binding, *, revealed: bool) -> Any:
    value = getattr(one, field.name)
    if field.name == "call_direction":
        return words.direction_of(one, row.kind)
    if isinstance(field, PhoneNumberField):
        return shown(value, revealed)
    if isinstance(field, SealedTextField):
        return (value if revealed else _("kept, shown when revealed")) if value else "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return localtime(value)
    if value is None and field.name == "expires_at":
        return _("never")
    return _duration(field.name, value, one) or getattr(one, f"get_{field.name}_display", lambda: value or "–")()


def _duration(name: str, value: Any, one: Any) -> str:
    """Return a time with its unit; "" for what is no time."""
    if value is None or name not in ("duration", "yb_duration", "callback_duration", "max_minutes", "time_unit"):
        return ""
    if name == "time_unit":
        return _("minutes") if value == "1" else _("hours")
    if name == "max_minutes":
        return f"{value} min" if value else _("no limit")
    if name == "callback_duration":
        return f"{value:,} min"
    return f"{value:,} {UNITS[one.time_unit] if one.time_unit else 's'}" if value else _("for ever")

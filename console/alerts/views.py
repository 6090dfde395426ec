"""Alerts: the list with its filters, one of them with its history, and what people do about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import roles
from accounts.models import Account
from accounts.roles import require
from accounts.scope import Scope, for_user
from console import pages
from notifications import alert_words, attending
from notifications.models import Alert, AlertMessage

PAGE = 50
OFFERED = 200
OPEN, NEW, MINE, SILENCED, CLOSED = "open", "new", "mine", "silenced", "closed"
STATES = [
    (OPEN, gettext_lazy("Open")),
    (NEW, gettext_lazy("Nobody looks after")),
    (MINE, gettext_lazy("Mine")),
    (SILENCED, gettext_lazy("Silenced")),
    (CLOSED, gettext_lazy("Closed")),
]
HOURS = [
    (1, gettext_lazy("1 hour")),
    (4, gettext_lazy("4 hours")),
    (24, gettext_lazy("1 day")),
    (168, gettext_lazy("1 week")),
    (720, gettext_lazy("30 days")),
]
# Where a person goes on from an alert: the page and what it needs.
PAGES = {
    "unpriced_usage": ("settlement_runs", "money"),
    "low_balance": ("balances", "money"),
    "arrears": ("balances", "money"),
    "package_running_out": ("packages", "money"),
    "silent_upstream": ("upstreams", "look"),
    "silent_application": ("application", "look"),
    "job_failed": ("jobs", "look"),
    "quarantine_growing": ("quarantine", "look"),
    "route_failing": ("alert_route", "configure"),
    "endpoint_failing": ("endpoint", "look"),
    "endpoint_dark": ("endpoint", "look"),
    "endpoint_gone": ("endpoint", "look"),
}
# Pages that span accounts.
UNBOUND_ONLY = {"upstreams", "settlement_runs"}
# Lists that show one account, and what else they are asked.
OF_ACCOUNT: dict[str, dict[str, str]] = {"balances": {}, "packages": {"current": "0"}}
WITH_ID = {"application", "alert_route", "endpoint"}


@dataclass(frozen=True)
class Line:
    """An alert as the pages show it."""

    alert: Alert
    kind: str
    text: str
    silenced: bool


@require("look")
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """Return the alerts: those that are open, the worst first, unless others are asked for."""
    scope, now = for_user(request.user), timezone.now()
    query = {name: request.GET.get(name, "").strip()[:128] for name in ("state", "kind", "account")}
    page = Paginator(_found(scope, query, request.user, now), PAGE).get_page(request.GET.get("page"))
    frame = pages.context(
        request,
        title=_("Alerts"),
        page=page,
        lines=[_line(one, now, request.user) for one in page.object_list],
        chosen={name: value for name, value in query.items() if value},
        state=query["state"] if query["state"] in dict(STATES) else OPEN,
        states=STATES,
        kinds=sorted((kind, alert_words.kind_name(kind)) for kind in alert_words.KINDS),
        accounts=_accounts(scope),
        shows_names=scope.account_id is None,
        may_configure=roles.may(request.user, "configure"),
    )
    return render(request, "console/alerts/list.html", frame)


@require("look")
@require_safe
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    """Return one alert: what it says, who was told, what was done, and the same trouble before."""
    scope, now = for_user(request.user), timezone.now()
    found = _alert(request, pk)
    # Routes are the operator's; their names are none of a customer's business.
    told = scope.rows(AlertMessage).filter(alert=found).exclude(crossing="test").select_related("route").order_by("pk")
    before = scope.rows(Alert).filter(kind=found.kind, subject=found.subject).exclude(pk=pk)
    frame = pages.context(
        request,
        title=alert_words.kind_name(found.kind),
        line=_line(found, now, request.user),
        told=told if scope.account_id is None else None,
        before=before.order_by("-first_seen_at")[:20],
        further=_further(found, request.user, scope),
        hours=HOURS,
        may_attend=roles.may(request.user, "attend"),
        quiet=found.silenced_until is not None
        and found.silenced_until > now
        and not before.filter(pk__gt=found.pk).exists(),
        is_mine=found.acknowledged_by == request.user.get_username(),
        shows_names=scope.account_id is None,
    )
    return render(request, "console/alerts/alert.html", frame)


@require("attend")
@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an alert on, or over from the person who did (`from`)."""
    whose = request.POST.get("from", "")
    done = attending.acknowledge(
        _alert(request, pk), user=request.user, request=request, now=timezone.now(), instead_of=whose
    )
    return _answered(request, pk, done, _("You look after it. Nobody else is told of it."))


@require("attend")
@require_POST
def silence(request: HttpRequest, pk: int) -> HttpResponse:
    """Silence an alert for some hours; 0 ends its silence."""
    hours = request.POST.get("hours", "")
    if hours not in {"0", *(str(choice) for choice, _label in HOURS)}:
        messages.error(request, _("Choose for how long."))
        return redirect("alert", pk)
    until = timezone.now() + timedelta(hours=int(hours)) if hours != "0" else None
    done = attending.silence(_alert(request, pk), until, user=request.user, request=request)
    said = _("Nobody is told of it until then.") if until else _("It is told again.")
    return _answered(request, pk, done, said)


@require("attend")
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an alert by hand."""
    done = attending.close_by_hand(_alert(request, pk), user=request.user, request=request, now=timezone.now())
    return _answered(request, pk, done, _("Closed. What is still wrong at the next look opens a new alert."))


def _alert(request: HttpRequest, pk: int) -> Alert:
    return get_object_or_404(for_user(request.user).rows(Alert).select_related("account"), pk=pk)


def _answered(request: HttpRequest, pk: int, done: bool, said: str) -> HttpResponse:
    if done:
        messages.success(request, said)
    else:
        messages.error(request, _("Nothing was changed: it is closed, or somebody looks after it already."))
    return redirect("alert", pk)


def _found(scope: Scope, query: dict[str, str], user: roles.User, now: datetime) -> QuerySet[Alert]:
    rows = scope.rows(Alert).select_related("account")
    if query["kind"]:
        rows = rows.filter(kind=query["kind"])
    if query["account"] and scope.account_id is None:
        rows = rows.filter(account__code=query["account"])
    if query["state"] == CLOSED:
        return rows.filter(closed_at__isnull=False).order_by("-closed_at", "-pk")
    rows = rows.filter(closed_at__isnull=True)
    attended = Q(acknowledged_at__isnull=False) | Q(silenced_until__gt=now)
    if query["state"] == NEW:
        rows = rows.exclude(attended)
    elif query["state"] == MINE:
        rows = rows.filter(acknowledged_by=user.get_username())
    elif query["state"] == SILENCED:
        rows = rows.filter(silenced_until__gt=now)
    ranks = [When(severity=severity, then=Value(rank)) for rank, severity in enumerate(("critical", "warning"))]
    worst = Case(*ranks, default=Value(len(ranks)), output_field=IntegerField())
    last = Case(When(attended, then=Value(1)), default=Value(0), output_field=IntegerField())
    return rows.order_by(last, worst, "-first_seen_at", "-pk")


def _line(found: Alert, now: datetime, user: roles.User) -> Line:
    text = alert_words.sentence(found, timezone.get_current_timezone(), money=roles.may(user, "money"))
    silenced = found.closed_at is None and found.silenced_until is not None and found.silenced_until > now
    return Line(found, alert_words.kind_name(found.kind), text, silenced)


def _further(found: Alert, user: roles.User, scope: Scope) -> str:
    """Return the address of the page that an alert's subject has; "" for none that this person may open."""
    name, action = PAGES.get(found.kind, ("", "look"))
    if not name or not roles.may(user, action) or (scope.account_id is not None and name in UNBOUND_ONLY):
        return ""
    key = found.subject.rpartition(":")[2]
    try:
        address = reverse(name, args=[int(key)] if name in WITH_ID and key.isdecimal() else [])
    except NoReverseMatch:
        return ""
    if name not in OF_ACCOUNT or found.account is None:
        return address
    return address + "?" + urlencode({"account": found.account.code, **OF_ACCOUNT[name]})


def _accounts(scope: Scope) -> list[Any]:
    return list(scope.rows(Account).order_by("code")[:OFFERED]) if scope.account_id is None else []

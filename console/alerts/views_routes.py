"""Alert routes: who is told of what; a form for each, and a button that tries it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib import messages
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit import record
from accounts.models import Account
from accounts.roles import require
from accounts.scope import Scope, for_user
from console import pages
from console.alerts.forms import RouteForm
from notifications import alert_mail, alert_messages, alert_words, alerts, reasons
from notifications.models import AlertMessage, AlertRoute

OFFERED = 200


@dataclass(frozen=True)
class Line:
    """A route as the list shows it: what it tells, where to, and what became of its last message."""

    route: AlertRoute
    kind: str
    to: str
    last: AlertMessage | None


@require("configure")
@require_safe
def routes(request: HttpRequest) -> HttpResponse:
    """Return the routes with their last results."""
    scope = for_user(request.user)
    tried = scope.rows(AlertMessage).filter(route=OuterRef("pk"), attempts__gt=0).order_by("-pk").values("pk")[:1]
    found = list(scope.rows(AlertRoute).select_related("account").annotate(last=Subquery(tried)).order_by("name", "pk"))
    last = scope.rows(AlertMessage).in_bulk([key for one in found if (key := getattr(one, "last", None))])
    lines = [_line(one, last.get(getattr(one, "last", 0))) for one in found]
    unsent = alert_mail.goes_to_log() and any(one.channel == AlertRoute.Channel.MAIL for one in found)
    frame = pages.context(request, title=_("Alert routes"), lines=lines, mail_to_log=unsent)
    return render(request, "console/alerts/routes.html", frame)


@require("configure")
@require_http_methods(["GET", "POST"])
def new_route(request: HttpRequest) -> HttpResponse:
    """Make a route."""
    return _edit(request, AlertRoute(), "add_alertroute")


@require("configure")
@require_http_methods(["GET", "POST"])
def route(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a route."""
    found = get_object_or_404(for_user(request.user).rows(AlertRoute).select_related("account"), pk=pk)
    return _edit(request, found, "change_alertroute")


@require("configure")
@require_POST
def try_route(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test by a route, now, and say what became of it."""
    found = get_object_or_404(for_user(request.user).rows(AlertRoute).select_related("account"), pk=pk)
    record(
        user=request.user,
        action="alert_route.test",
        subject_kind="alertroute",
        subject=str(pk),
        account=found.account,
        request=request,
    )
    message = alert_messages.send_test(found, timezone.now())
    if message.state == AlertMessage.State.SENT and found.channel == AlertRoute.Channel.WEBHOOK:
        messages.success(request, _("The test arrived."))
    elif message.state == AlertMessage.State.SENT and alert_mail.goes_to_log():
        messages.warning(request, _("No mail server is set (EMAIL_URL): the mail was written to the log."))
    elif message.state == AlertMessage.State.SENT:
        messages.success(request, _("The mail server took the test. Look whether it arrives."))
    else:
        messages.error(request, _("The test did not arrive: %(reason)s") % {"reason": reasons.told(message.reason)})
    return redirect("alert_route", pk)


def _edit(request: HttpRequest, found: AlertRoute, action: str) -> HttpResponse:
    scope = for_user(request.user)
    form = RouteForm(request.POST or None, scope=scope, route=found)
    if request.method == "POST" and form.is_valid():
        _save(request, form, action)
        messages.success(request, _("Saved."))
        if form.generated:
            messages.warning(request, _("Secret, shown this once: %(secret)s") % {"secret": form.generated})
        return redirect("alert_route", form.route.pk)
    told = scope.rows(AlertMessage).filter(route_id=found.pk).select_related("alert__account").order_by("-pk")
    frame = pages.context(
        request,
        title=found.name or _("New alert route"),
        form=form,
        route=found,
        host=_host(found),
        told=[(one, _called(one)) for one in told[:20]],
        accounts=_accounts(scope),
    )
    return render(request, "console/alerts/route.html", frame, status=400 if form.errors else 200)


def _save(request: HttpRequest, form: RouteForm, action: str) -> None:
    with transaction.atomic():
        saved = form.filled()
        saved.save()
        if not saved.enabled:  # what is switched off does not fail
            alerts.close_alert(alerts.ROUTE_FAILING, f"route:{saved.pk}", now=timezone.now())
        record(
            user=request.user,
            action=action,
            subject_kind="alertroute",
            subject=str(saved.pk),
            account=saved.account,
            detail={"name": saved.name, "channel": saved.channel, "changed": sorted(form.changed_data)},
            request=request,
        )


def _line(one: AlertRoute, last: AlertMessage | None) -> Line:
    kind = alert_words.kind_name(one.kind) if one.kind else _("All")
    lines = one.addresses.splitlines()
    to = ", ".join(lines[:3]) + (" …" if len(lines) > 3 else "") if lines else _("contacts of the account")
    return Line(one, kind, to if one.channel == AlertRoute.Channel.MAIL else _host(one), last)


def _called(message: AlertMessage) -> str:
    """Return what a message was about: the kind and whose, or a test."""
    alert = message.alert
    if alert is None:
        return _("Test")
    name = alert_words.kind_name(alert.kind)
    return f"{name} ({alert.account.code})" if alert.account else name


def _host(one: AlertRoute) -> str:
    """Return where a webhook goes, without its path, which may be a secret."""
    return urlsplit(one.url).hostname or "" if one.url else ""


def _accounts(scope: Scope) -> list[Account]:
    return list(scope.rows(Account).order_by("code")[:OFFERED]) if scope.account_id is None else []

"""The cloud audit: services opened, frozen and resumed in the last 7 days (pushes.md 8)."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import standing
from accounts.admin.actions import action_name
from accounts.models import Account, AuditEntry
from accounts.roles import require
from accounts.scope import for_user
from console import pages

PAGE = 100
SUGGESTIONS = 200


@require("look")
@require_safe
def cloud_audit(request: HttpRequest) -> HttpResponse:
    """Return the operations on services, the latest first; a customer sees those of his account."""
    scope, now = for_user(request.user), timezone.now()
    rows = scope.rows(AuditEntry).filter(action__in=standing.OPERATIONS, at__gte=now - standing.KEPT)
    operation, account = request.GET.get("operation", ""), request.GET.get("account", "").strip()
    if operation in standing.OPERATIONS:
        rows = rows.filter(action=operation)
    problem = ""
    if account:
        found = scope.rows(Account).filter(code=account).first()
        problem = "" if found else _("There is no account with this code.")
        rows = rows.filter(account_id=found.pk) if found else rows.none()
    page = Paginator(rows.select_related("account").order_by("-pk"), PAGE).get_page(request.GET.get("page"))
    frame = pages.context(
        request,
        title=_("Cloud audit"),
        page=page,
        lines=[(entry, action_name(entry.action)) for entry in page.object_list],
        problem=problem,
        resource=standing.RESOURCE,
        operations=[(name, action_name(name)) for name in standing.OPERATIONS],
        operation=operation,
        account=account,
        days=standing.KEPT.days,
        filtered=bool(operation or account),
        accounts=scope.rows(Account).order_by("code")[:SUGGESTIONS] if scope.account_id is None else (),
    )
    return render(request, "console/cloud_audit.html", frame)

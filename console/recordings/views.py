"""The pages of recordings: the list, listening, downloading, and asking an upstream once more."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import audit, roles
from accounts.models import Account
from accounts.roles import require
from accounts.scope import Scope, for_user
from common.phone import mask_in_text
from console import pages
from console.recordings import listening, panel
from privacy.models import RecordingFile
from privacy.recordings import fetching

PAGE = 25
OFFERED = 200
FILTERS = ("state", "account", "name")


@require("look")
@require_safe
def recordings(request: HttpRequest) -> HttpResponse:
    """Return the list of recordings, newest first."""
    scope = for_user(request.user)
    chosen = _chosen(request, scope)
    page = Paginator(_found(scope, chosen), PAGE).get_page(request.GET.get("page"))
    frame = pages.context(
        request,
        title=_("Recordings"),
        page=page,
        shown=[panel.of_row(request.user, row) for row in page.object_list],
        chosen=chosen,
        may_listen=roles.may(request.user, "listen"),
        states=RecordingFile.State.choices,
        accounts=scope.rows(Account).order_by("code")[:OFFERED] if scope.account_id is None else [],
    )
    return render(request, "console/recordings/list.html", frame)


@require("listen")
@require_safe
def play_recording(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return the sound as 16-bit PCM; each opening leaves a row in the audit trail."""
    return listening.played(request, _row(request, pk))


@require("listen")
@require_safe
def download_recording(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return the file as it came; each download leaves a row in the audit trail."""
    return listening.downloaded(request, _row(request, pk))


@require("operate")
@require_POST
def fetch_recording(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a recording that could not be fetched be asked for again."""
    row = _row(request, pk)
    if fetching.again(row, timezone.now()):
        audit.record(
            user=request.user, action="recording.fetch", subject_kind=listening.SUBJECT, subject=str(row.pk),
            account=row.account, request=request,
        )  # fmt: skip
        messages.success(request, _("%(name)s is asked for again within a minute.") % {"name": mask_in_text(row.name)})
    else:
        messages.error(request, _("There is nothing to ask for any more."))
    return redirect("call", row.call_id) if row.call_id else redirect("recordings")


def _row(request: HttpRequest, pk: int) -> RecordingFile:
    return get_object_or_404(for_user(request.user).rows(RecordingFile).select_related("account"), pk=pk)


def _chosen(request: HttpRequest, scope: Scope) -> dict[str, str]:
    """Return what the list is limited to."""
    chosen = {name: request.GET.get(name, "").strip()[:128] for name in FILTERS}
    return {
        name: value
        for name, value in chosen.items()
        if value and "\0" not in value and (name != "account" or not scope.account_id)
    }


def _found(scope: Scope, chosen: dict[str, str]) -> Any:
    rows = scope.rows(RecordingFile).select_related("account", "application", "upstream")
    if chosen.get("state") in RecordingFile.State.values:
        rows = rows.filter(state=chosen["state"])
    if "account" in chosen:
        rows = rows.filter(account__code=chosen["account"])
    if "name" in chosen:
        rows = rows.filter(name=chosen["name"])
    return rows.order_by("-pk")

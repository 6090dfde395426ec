"""Voice files: the list with its upload, one file with its review, its sound, and deleting it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import roles
from accounts.models import Account
from accounts.roles import require
from accounts.scope import Scope, for_user
from common.errors import BadInput, Conflict
from console import pages
from console.voices import sounds
from console.voices.forms import OFFERED, UploadForm
from privacy import voices, wav
from privacy.models import VoiceFile

PAGE = 50


@require("look")
@require_safe
def voice_files(request: HttpRequest) -> HttpResponse:
    """Return the list, newest first."""
    return _list(request)


@require("upload")
@require_POST
def upload_voice(request: HttpRequest) -> HttpResponse:
    """Keep a file for review; what is wrong with it stands at the form."""
    scope = for_user(request.user)
    if not _may_upload(request, scope):
        raise PermissionDenied
    form = UploadForm(request.POST, request.FILES, scope=scope)
    voice = form.save(request.user, request) if form.is_valid() else None
    if voice is None:
        return _list(request, form)
    messages.success(request, _("%(name)s is kept and waits for review.") % {"name": voice.name})
    return redirect("voice_file", voice.pk)


@require("look")
@require_safe
def voice_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the page of one file."""
    return _page(request, _row(request, pk))


@require("operate")
@require_POST
def review_voice(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or refuse the sound that was on the page."""
    voice = _row(request, pk)
    approve = request.POST.get("verdict") == "approve"
    wanted = {"note": request.POST.get("note", ""), "sha256": request.POST.get("sha256", "")}
    try:
        voices.review(voice, approve=approve, **wanted, user=request.user, request=request)
    except BadInput as problem:
        return _page(request, voice, review_problem=problem.problem)
    except Conflict as problem:
        messages.error(request, str(problem))
        return redirect("voice_files")
    said = _("%(name)s is approved: bindings may name it.") if approve else _("%(name)s is refused.")
    messages.success(request, said % {"name": voice.name})
    return redirect("voice_file", voice.pk)


@require("upload")
@require_http_methods(["GET", "POST"])
def delete_voice(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether a file is to go, telling who names it; and let it go."""
    voice = _row(request, pk)
    uses = voices.uses(voice, timezone.now())
    reason = request.POST.get("reason", "").strip()
    problem = _("It is in use: give a reason.") if uses and len(reason) < voices.NOTE_AT_LEAST else ""
    if request.method == "POST" and not problem:
        voices.delete(voice, user=request.user, reason=reason, request=request)
        messages.success(request, _("%(name)s is deleted.") % {"name": voice.name})
        return redirect("voice_files")
    frame = pages.context(
        request,
        title=_("Delete a voice file"),
        voice=voice,
        uses=uses,
        problem=problem if request.method == "POST" else "",
    )
    return render(request, "console/voices/delete.html", frame)


@require("look")
@require_safe
def play_voice(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return the sound as 16-bit PCM: few browsers play A-law."""
    return sounds.played(request, _row(request, pk))


@require("look")
@require_safe
def download_voice(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return the file as it was uploaded."""
    return sounds.downloaded(request, _row(request, pk))


def _row(request: HttpRequest, pk: int) -> VoiceFile:
    rows = for_user(request.user).rows(VoiceFile).select_related("account")
    return get_object_or_404(rows, pk=pk)


def _list(request: HttpRequest, form: UploadForm | None = None) -> HttpResponse:
    scope = for_user(request.user)
    chosen = _chosen(request, scope)
    page = Paginator(_found(scope, chosen), PAGE).get_page(request.GET.get("page"))
    frame = pages.context(
        request,
        title=_("Voice files"),
        page=page,
        chosen=chosen,
        states=VoiceFile.State.choices,
        accounts=scope.rows(Account).order_by("code")[:OFFERED] if scope.account_id is None else [],
        form=(form or UploadForm(scope=scope)) if _may_upload(request, scope) else None,
        may_review=roles.may(request.user, "operate"),
        waiting=scope.rows(VoiceFile).filter(state=VoiceFile.State.WAITING).count(),
        commands=[command.format(source="in.mp3", target="out.wav") for command in (wav.FFMPEG, wav.SOX)],
    )
    return render(request, "console/voices/list.html", frame)


def _may_upload(request: HttpRequest, scope: Scope) -> bool:
    """Return whether a person may, and there is an account to do it for: a customer's user may lack his."""
    return roles.may(request.user, "upload") and scope.rows(Account).exists()


def _chosen(request: HttpRequest, scope: Scope) -> dict[str, str]:
    """Return what the list is limited to."""
    chosen = {name: request.GET.get(name, "").strip()[:128] for name in ("state", "account", "name")}
    return {name: value for name, value in chosen.items() if value and (name != "account" or not scope.account_id)}


def _found(scope: Scope, chosen: dict[str, str]) -> Any:
    rows = scope.rows(VoiceFile).select_related("account")
    if chosen.get("state") in VoiceFile.State.values:
        rows = rows.filter(state=chosen["state"])
    if "account" in chosen:
        rows = rows.filter(account__code=chosen["account"])
    if "name" in chosen:
        rows = rows.filter(name__icontains=chosen["name"])
    return rows.order_by("-uploaded_at", "-pk")


def _page(request: HttpRequest, voice: VoiceFile, **extra: Any) -> HttpResponse:
    frame = pages.context(
        request,
        title=_("Voice file"),
        voice=voice,
        there=sounds.is_there(voice),
        uses=voices.uses(voice, timezone.now()),
        may_review=roles.may(request.user, "operate"),
        may_delete=roles.may(request.user, "upload"),
        **extra,
    )
    return render(request, "console/voices/file.html", frame)

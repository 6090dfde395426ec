"""The sound of a recording as an answer, and the row that each opening of it leaves in the audit trail."""

from datetime import timedelta
from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import AuditEntry
from accounts.scope import for_user
from common import byte_ranges
from common.errors import BadInput
from common.phone import mask_in_text
from privacy.models import RecordingFile
from privacy.recordings import store
from privacy.recordings.links import saved_as
from privacy.recordings.sounds import Played

TYPE = "audio/wav"
SUBJECT = "recordingfile"
# A page that stays open longer is a new opening.
OPENING = timedelta(hours=12)
LONGEST_TOKEN = 64
PRIVATE = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


def played(request: HttpRequest, row: RecordingFile) -> HttpResponseBase:
    """Return the sound, or its part, as PCM. Raises Http404 when it is not there."""
    return _given(request, row, "recording.play")


def downloaded(request: HttpRequest, row: RecordingFile) -> HttpResponseBase:
    """Return the file as it came. Raises Http404 when it is not there."""
    return _given(request, row, "recording.download")


def _given(request: HttpRequest, row: RecordingFile, action: str) -> HttpResponseBase:
    if row.state != RecordingFile.State.STORED or (row.delete_at and row.delete_at <= timezone.now()):
        raise Http404
    try:
        answer = _played(request, row) if action == "recording.play" else _downloaded(request, row)
    except (FileNotFoundError, BadInput):
        raise Http404 from None
    except store.StorageAway:
        text = _("The storage of recordings is away. Try again.")
        return HttpResponse(text, status=503, content_type="text/plain; charset=utf-8", headers={"Retry-After": "30"})
    for header, value in PRIVATE.items():
        answer[header] = value
    if request.method != "HEAD":
        _note(request, row, action)
    return answer


def _played(request: HttpRequest, row: RecordingFile) -> HttpResponseBase:
    file, size = store.open_file(row.path)
    try:
        sound: Any = Played(file, size)
    except BaseException:
        file.close()
        raise
    name = f"{PurePath(_name(row)).stem}-pcm.wav"
    return byte_ranges.answer(request, sound, size=sound.size, content_type=TYPE, name=name)


def _downloaded(request: HttpRequest, row: RecordingFile) -> HttpResponseBase:
    file, size = store.open_file(row.path)
    return byte_ranges.answer(request, file, size=size, content_type=TYPE, name=_name(row), download=True)


def _name(row: RecordingFile) -> str:
    """Return what the file is saved as: its own name, unless that may hold somebody's number."""
    return saved_as(row.name) if mask_in_text(row.name) == row.name else f"recording-{row.pk}.wav"


def _note(request: HttpRequest, row: RecordingFile, action: str) -> None:
    """Leave one audit row for each opening, however many parts a player asks for; without a token for each request."""
    opening = request.GET.get("opening", "")[:LONGEST_TOKEN]
    scope = for_user(request.user)
    with transaction.atomic():
        # Two parts asked for at once wait for each other here.
        scope.rows(RecordingFile).select_for_update(of=("self",)).get(pk=row.pk)
        noted = scope.rows(AuditEntry).filter(
            subject_kind=SUBJECT, subject=str(row.pk), action=action, user=request.user.pk,
            detail__opening=opening, at__gt=timezone.now() - OPENING,
        )  # fmt: skip
        if opening and noted.exists():
            return
        detail = {"opening": opening, "name": mask_in_text(row.name), "call": str(row.call_id or "")}
        audit.record(
            user=request.user, action=action, subject_kind=SUBJECT, subject=str(row.pk), account=row.account,
            detail=detail, request=request,
        )  # fmt: skip

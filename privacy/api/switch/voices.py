"""GET /switch/v1/voices/NAME?app_key=: the sound of an approved voice file (docs/switch-api.md)."""

from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from accounts.models import Application
from common import byte_ranges
from common.errors import BadInput, NotReady
from privacy import voices as files
from privacy.api.switch.door import Asked, NotThere, door

WAV = "audio/wav"


def fetch(asked: Asked, name: str) -> HttpResponseBase:
    """Return the sound, its part (Range), or 304 for a switch that has it (If-None-Match)."""
    application = _application(asked)
    voice = files.find_approved(application.account_id, name)
    if voice is None:
        raise NotThere(f"The account of {application.app_key} has no approved voice file of this name.")
    etag = f'"{voice.sha256}"'
    if _is_known(asked.request.headers.get("If-None-Match", ""), etag):
        response: HttpResponseBase = HttpResponse(status=304)
    else:
        try:
            sound = files.open_sound(voice)
        except OSError:
            raise NotReady(f"the sound of voice file {voice.pk} cannot be read") from None
        response = byte_ranges.answer(asked.request, sound, size=voice.size, content_type=WAV, name=voice.name)
    response["ETag"] = etag
    # A name keeps its sound while it is approved; it can be withdrawn, or deleted and given to another.
    response["Cache-Control"] = "private, no-cache"
    return response


def _application(asked: Asked) -> Application:
    """Return the application named, of an account that the upstream serves. Raises BadInput or NotThere."""
    try:
        app_key = asked.request.GET.get("app_key", "")
    except SuspiciousOperation:
        raise BadInput("query", "holds too many parameters") from None
    if not app_key:
        raise BadInput("app_key", "is missing", "send the app_key that the decision named")
    found = Application.objects.filter(app_key=app_key).first() if app_key.isprintable() else None
    if found is None or not _is_served(asked, found):
        raise NotThere("app_key: no application of an account that this upstream serves.")
    return found


def _is_served(asked: Asked, application: Application) -> bool:
    if asked.app_key:  # signed by a vendor's app_key, which names one application
        return asked.upstream.applications.filter(app_key=asked.app_key, application=application).exists()
    return asked.upstream.every_account or asked.upstream.accounts.filter(pk=application.account_id).exists()


def _is_known(sent: str, etag: str) -> bool:
    """Return whether If-None-Match names the sound (RFC 9110, 13.1.2: weak comparison)."""
    names = [part.strip().removeprefix("W/") for part in sent.split(",")]
    return etag in names or names == ["*"]


voices = door(GET=fetch)

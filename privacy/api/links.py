"""GET /recordings/TOKEN/NAME: the file behind a signed link, without a login (northbound.md 7)."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from common import byte_ranges
from privacy import recordings
from privacy.recordings import NoRecording
from privacy.recordings.store import StorageAway

SAFE = ("GET", "HEAD")
RETRY_AFTER_SECONDS = 30


# A POST with a good token would be logged with it by Django's protection of forms.
@csrf_exempt
def recording_file(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """Return the recording; forged, over and gone are the same 404. The name in the address is for people only."""
    if request.method not in SAFE:
        headers = {**_private(), "Allow": ", ".join(SAFE)}
        return HttpResponse(
            "A recording can only be fetched.\n", status=405, content_type="text/plain", headers=headers
        )
    try:
        recording = recordings.opened(token, timezone.now())
        file, size = recording.open()
    except NoRecording:
        return HttpResponse("The record does not exist.\n", status=404, content_type="text/plain", headers=_private())
    except StorageAway:
        headers = {**_private(), "Retry-After": str(RETRY_AFTER_SECONDS)}
        return HttpResponse("Try again.\n", status=503, content_type="text/plain", headers=headers)
    response = byte_ranges.answer(
        request, file, size=size, content_type=recording.content_type, name=recording.name, download=True
    )
    for header, value in _private().items():
        response[header] = value
    return response


def _private() -> dict[str, str]:
    """Return the headers that keep a link and its file out of caches and of the address a page is left by."""
    return {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}

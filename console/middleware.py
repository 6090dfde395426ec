"""The viewer's time zone, and no page kept by a cache."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

# Doors of machines: they carry no session, and nobody reads their times in a zone.
MACHINE_DOORS = (
    *("/rest/", "/upstream/", "/switch/", "/api/", "/recordings/", "/static/"),
    *("/healthz", "/readyz", "/metrics"),
)
# No form of ours takes larger files: it is refused before the body is read, signed in or not.
LARGEST_UPLOAD = 64 * 1024 * 1024


class ViewerMiddleware:
    """Shows times in the zone of the signed-in person (StaffProfile) and marks every page for people `no-store`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response, made in the viewer's zone."""
        if request.path.startswith(MACHINE_DOORS):
            return self.get_response(request)
        if _told_length(request) > LARGEST_UPLOAD:
            return HttpResponse(_("The upload is too large."), status=413, content_type="text/plain")
        if _holds_nul(request):
            return HttpResponseBadRequest(_("A value holds a NUL character."), content_type="text/plain")
        with timezone.override(zone_of(request)):
            response = self.get_response(request)
            # A lazily rendered page (TemplateResponse) is rendered by now: the handler renders inside get_response.
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


def zone_of(request: HttpRequest) -> zoneinfo.ZoneInfo:
    """Return the zone of the signed-in person, else the instance's display zone."""
    profile = getattr(request.user, "profile", None) if request.user.is_authenticated else None
    name = profile.time_zone if profile else settings.MASKLINE_DISPLAY_ZONE
    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return zoneinfo.ZoneInfo(settings.MASKLINE_DISPLAY_ZONE)


def _holds_nul(request: HttpRequest) -> bool:
    """Return whether a value of the query or the form holds a NUL, which PostgreSQL keeps in no text."""
    values = [value for form in (request.GET, request.POST) for _name, texts in form.lists() for value in texts]
    return any("\0" in value for value in values)


def _told_length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0

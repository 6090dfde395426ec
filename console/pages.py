"""What every console page needs in its context, and the zone its times are shown in."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise


def context(request: HttpRequest, *, title: str | Promise, **extra: Any) -> dict[str, Any]:
    """Return the frame's context (sidebar, language switch, environment badge) with the page's title and `extra`."""
    frame = {"title": title, "viewer_zone": timezone.get_current_timezone_name(), "is_fullwidth": "1"}
    return {**admin.site.each_context(request), **frame, **extra}

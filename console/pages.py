"""What every console page needs in its context, and the zone its times are shown in."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


def context(request: HttpRequest, *, title: str, **extra: Any) -> dict[str, Any]:
    """Return the frame's context (sidebar, language switch, environment badge) with the page's title and `extra`."""
    return {**admin.site.each_context(request), "title": title, "is_fullwidth": "1", **extra}

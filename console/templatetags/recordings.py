"""The recording of a call on its page: {% recording_of call %}."""

from typing import Any

from django import template

from console.recordings import panel

register = template.Library()


@register.inclusion_tag("console/recordings/_player.html", takes_context=True)
def recording_of(context: Any, call: Any) -> dict[str, Any]:
    """Return what the player shows: the state in words, and the sound for those who may listen."""
    request = context["request"]
    return {"recording": panel.of_call(request.user, call), "csrf_token": context.get("csrf_token"), "request": request}

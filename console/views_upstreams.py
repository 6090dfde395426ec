"""The upstreams page: whether each delivers, how far its records have come, how many came in which hour."""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.roles import require
from accounts.scope import for_user
from console import pages
from privacy import completeness

HOURS = 48


@require("look")
@require_safe
def upstreams(request: HttpRequest) -> HttpResponse:
    """Return how far each upstream's records have come, and how many came in which hour."""
    if for_user(request.user).account_id is not None:
        raise PermissionDenied
    now = timezone.now()
    counts = completeness.counts_by_hour(now - timedelta(hours=HOURS))
    minutes = settings.MASKLINE["silent_upstream_minutes"]
    found = [
        {
            "upstream": one,
            "silent": one.silent(now, minutes),
            "hours": [count for count in counts if count.upstream_id == one.upstream_id],
            "most": max((count.received for count in counts if count.upstream_id == one.upstream_id), default=0),
        }
        for one in completeness.completeness()
    ]
    frame = pages.context(request, title=_("Upstreams"), found=found, hours=HOURS, minutes=minutes)
    return render(request, "console/quarantine/upstreams.html", frame)

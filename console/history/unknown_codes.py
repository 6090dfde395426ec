"""The codes that came and that no table of ours has, for the operator (privacy.storing.unknown)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.roles import require
from accounts.scope import for_user
from console import pages, words
from privacy.causes import LOOK_UP
from privacy.models import UnknownCode

AT_MOST = 500


@require("operate")
@require_safe
def unknown_codes(request: HttpRequest) -> HttpResponse:
    """Return the codes that are unknown still, those seen last first."""
    rows = for_user(request.user).rows(UnknownCode).order_by("-last_seen_at")[:AT_MOST]
    unknown = [(words.table(row.table), row) for row in rows if LOOK_UP[row.table](row.code) is None]
    frame = pages.context(request, title=_("Unknown codes"), rows=unknown)
    return render(request, "console/history/unknown_codes.html", frame)

"""Showing one record's real numbers in one response, for a reason that goes to the audit trail."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts import audit

REASON_AT_LEAST = 3


def reveal(request: HttpRequest, record: Any, kind: str, page: Any) -> HttpResponse:
    """Return `page(request, record)` with the numbers in full once a reason is given, else a 400 that says so."""
    reason = request.POST.get("reason", "").strip()
    if len(reason) < REASON_AT_LEAST:
        answer: HttpResponse = page(request, record, reveal_problem=_("Say why you need the full numbers."))
        answer.status_code = 400
        return answer
    audit.record(
        user=request.user, action="reveal", subject_kind=kind, subject=str(record.pk), account=record.account,
        reason=reason, request=request,
    )  # fmt: skip
    revealed: HttpResponse = page(request, record, revealed=True)
    return revealed

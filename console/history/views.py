"""The list pages of calls, call events, SMS and number status."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.roles import require
from accounts.scope import Scope
from billing.models import Charge
from console import words
from console.deliveries import panel
from console.history import kinds
from console.history.filters import Filters
from console.history.listing import Listing, show
from notifications.models import Push
from privacy.lives import Stage
from privacy.models import Call, CallEvent, Message, NumberStatus

ANSWERED, FAILED = "answered", "failed"
OUTCOMES = [("", _("All")), (ANSWERED, _("Answered")), (FAILED, _("Not answered"))]
RESULTS = [("", _("All")), (ANSWERED, _("Sent")), (FAILED, _("Not sent"))]
DIRECTIONS = [("", _("All")), ("0", _("B to A")), ("1", _("A to B")), ("2", _("Abnormal"))]
STAGES = [stage.value for stage in Stage]
EVENT_TYPES = [("", _("All")), *((stage, stage) for stage in STAGES)]


def _calls(rows: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    rows = rows.filter(**filters.rows())
    if filters.outcome in {ANSWERED, FAILED}:
        rows = rows.filter(answered_at__isnull=filters.outcome == FAILED)
    if filters.direction in {"0", "1", "2"}:
        rows = rows.filter(direction=int(filters.direction))
    return rows


def _events(rows: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    rows = rows.filter(**filters.rows())
    return rows.filter(event_type=filters.outcome) if filters.outcome in STAGES else rows


def _messages(rows: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    rows = rows.filter(**filters.rows())
    if filters.outcome == ANSWERED:
        return rows.filter(send_result__in=words.SMS_CHARGEABLE)
    return rows.exclude(send_result__in=words.SMS_CHARGEABLE) if filters.outcome == FAILED else rows


def _statuses(rows: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    chosen = filters.rows()
    if "application" in chosen:
        return rows.filter(number__holdings__application=chosen["application"]).distinct()
    return rows.filter(number__holdings__application__account=chosen["account"]).distinct() if chosen else rows


def add_charges(scope: Scope, rows: Sequence[Any]) -> None:
    """Give each call or message its charge: the charge's key is the record's id, so only its partition is read."""
    charges = {charge.pk: charge for charge in scope.rows(Charge).filter(pk__in=[row.pk for row in rows])}
    for row in rows:
        row.charge = charges.get(row.pk)


def add_calls(scope: Scope, rows: Sequence[Any]) -> None:
    """Give each call its charge, and how the push of its CDR stands."""
    add_charges(scope, rows)
    panel.add_states(scope, rows, Push.Kind.CDR)


def add_messages(scope: Scope, rows: Sequence[Any]) -> None:
    """Give each message its charge, and how its push stands."""
    add_charges(scope, rows)
    panel.add_states(scope, rows, Push.Kind.SMS)


CALLS = Listing(
    "calls", _("Calls"), Call, "console/history/calls.html", kinds.CALLS, ("caller_number", "destination_number"),
    narrow=_calls, choices={"outcome": OUTCOMES, "direction": DIRECTIONS}, decorate=add_calls,
)  # fmt: skip
EVENTS = Listing(
    "call_events", _("Call events"), CallEvent, "console/history/call_events.html", kinds.EVENTS,
    ("caller_number", "called_number"), narrow=_events, choices={"outcome": EVENT_TYPES},
)  # fmt: skip
MESSAGES = Listing(
    "messages", _("SMS"), Message, "console/history/messages.html", kinds.MESSAGES, ("calling_number", "called_number"),
    narrow=_messages, choices={"outcome": RESULTS}, decorate=add_messages,
)  # fmt: skip
STATUSES = Listing(
    "number_statuses", _("Number status"), NumberStatus, "console/history/number_statuses.html", kinds.STATUSES,
    related=("number",), time_field="at", narrow=_statuses,
)  # fmt: skip


@require("look")
@require_http_methods(["GET", "HEAD", "POST"])
def calls(request: HttpRequest) -> HttpResponse:
    """Return the calls."""
    return show(request, CALLS)


@require("look")
@require_http_methods(["GET", "HEAD", "POST"])
def call_events(request: HttpRequest) -> HttpResponse:
    """Return the call events."""
    return show(request, EVENTS)


@require("look")
@require_http_methods(["GET", "HEAD", "POST"])
def messages(request: HttpRequest) -> HttpResponse:
    """Return the messages."""
    return show(request, MESSAGES)


@require("look")
@require_http_methods(["GET", "HEAD", "POST"])
def number_statuses(request: HttpRequest) -> HttpResponse:
    """Return the changes of number status."""
    return show(request, STATUSES)

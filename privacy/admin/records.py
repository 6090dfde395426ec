"""Admin pages of what happened on the numbers, and of how records arrive. People's numbers are masked."""

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from accounts.admin.base import HistoryAdmin
from common import timeid
from privacy.models import (
    Call,
    CallEvent,
    Message,
    MessageResult,
    Quarantined,
    Session,
    Source,
    Usage,
)  # fmt: skip

BY_ACCOUNT = ("account", AutocompleteSelectFilter)
SEARCH_HELP = _("Whole ids only. Search real numbers on the history pages, where they do not stand in the address.")


class PeriodFilter(admin.SimpleListFilter):
    """Limits a table to days by the time in its id, which reads only their partitions."""

    title = _("period")
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the periods on offer."""
        return [("1", _("Last 24 hours")), ("7", _("Last 7 days")), ("30", _("Last 30 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the period."""
        if self.value() not in {"1", "7", "30"}:
            return queryset
        since = timezone.now() - timedelta(days=int(self.value() or 1))
        return queryset.filter(pk__gte=timeid.lower(since))


class WaitsFilter(admin.SimpleListFilter):
    """Picks out what settlement could not charge, by its own index."""

    title = _("why it waits")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice."""
        return [("1", _("Could not be charged"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the usage that has a reason to wait."""
        return queryset.exclude(blocked_reason="") if self.value() else queryset


class RecordAdmin(HistoryAdmin):
    """A partitioned table, newest first; a typed UUID is looked up by key."""

    list_filter: Any = (PeriodFilter, BY_ACCOUNT)
    search_help_text = SEARCH_HELP
    ordering = ("-id",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        """Return the row of a typed id, else what the exact search of the id columns finds."""
        try:
            return queryset.filter(pk=uuid.UUID(search_term.strip())), False
        except ValueError:
            found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, search_term)
            return found


@admin.register(Call)
class CallAdmin(RecordAdmin):
    """CDRs."""

    list_display = (
        "id",
        "number",
        "caller_number_shown",
        "destination_number_shown",
        "answered_at",
        "ended_at",
        "application",
    )
    list_select_related = ("number", "application")
    search_fields = ("session_id__exact", "record_id__exact", "subscription_id__exact")
    hidden = ("record_download_url", "record_push_url")


@admin.register(CallEvent)
class CallEventAdmin(RecordAdmin):
    """Call events."""

    list_display = (
        "id",
        "occurred_at",
        "event_type",
        "number",
        "caller_number_shown",
        "called_number_shown",
        "session_id",
    )
    list_select_related = ("number",)
    search_fields = ("session_id__exact",)


@admin.register(Message)
class MessageAdmin(RecordAdmin):
    """SMS."""

    list_display = (
        "sms_id",
        "occurred_at",
        "number",
        "calling_number_shown",
        "called_number_shown",
        "send_result",
        "parts",
    )
    list_select_related = ("number",)
    search_fields = ("sms_id__exact",)


@admin.register(MessageResult)
class MessageResultAdmin(HistoryAdmin):
    """What became of messages."""

    list_display = ("message_id", "ordinal", "send_result", "occurred_at")
    ordering = ("-id",)


@admin.register(Session)
class SessionAdmin(HistoryAdmin):
    """Sessions."""

    list_display = ("session_id", "upstream", "application", "number", "first_at", "last_at")
    list_select_related = ("upstream", "application", "number")
    list_filter = (("last_at", RangeDateTimeFilter),)
    ordering = ("-id",)


@admin.register(Source)
class SourceAdmin(HistoryAdmin):
    """Where records came from."""

    list_display = (
        "id",
        "door",
        "upstream",
        "received_at",
        "file_name",
        "received",
        "stored",
        "repeated",
        "quarantined",
    )
    list_filter = ("door",)
    list_select_related = ("upstream",)


@admin.register(Usage)
class UsageAdmin(HistoryAdmin):
    """What waits for settlement, and why."""

    list_display = ("usage_id", "account", "hour", "item", "units", "seconds", "blocked_reason")
    list_filter = ("item", WaitsFilter, BY_ACCOUNT)
    list_select_related = ("account",)
    ordering = ("-usage_id",)


@admin.register(Quarantined)
class QuarantinedAdmin(HistoryAdmin):
    """What could not be stored; the quarantine page is where it is corrected or discarded."""

    list_display = ("received_at", "state", "reason", "kind", "upstream", "account", "times_received")
    list_filter = ("state", "reason")
    list_select_related = ("upstream", "account")

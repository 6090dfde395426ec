"""The admin pages of `notifications`: what customers are owed and were sent, and who is told of troubles. Read only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from accounts.admin.base import HistoryAdmin, RoleAdmin
from notifications.models import (
    Alert,
    AlertMessage,
    AlertRoute,
    Attempt,
    Dispatcher,
    Endpoint,
    Push,
    Replay,
    ShardLease,
)


@admin.register(Endpoint)
class EndpointAdmin(RoleAdmin):
    """Where pushes go; paused, resumed and disabled on its page in the console."""

    inner = ("state_by",)
    hidden = ("url",)
    list_display = ("__str__", "application", "state", "state_since", "last_success_at", "last_failure_at")
    readonly_fields = ("shown_url",)
    list_filter = ("state",)
    list_select_related = ("application",)
    search_fields = ("url__exact",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the columns, the URL with its numbers masked."""
        return ["shown_url", *super().get_fields(request, obj)]

    @admin.display(description=_("URL"))
    def shown_url(self, endpoint: Endpoint) -> str:
        """Return the URL with its numbers masked."""
        return str(endpoint)


@admin.register(Push)
class PushAdmin(HistoryAdmin):
    """What is due; a body is never shown."""

    list_display = ("id", "kind", "endpoint", "state", "attempt", "due_at", "created_at")
    list_filter = ("state", "kind", ("account", AutocompleteSelectFilter))
    list_select_related = ("endpoint",)
    ordering = ("-id",)


@admin.register(Attempt)
class AttemptAdmin(HistoryAdmin):
    """Each request made; neither bodies nor answers are shown."""

    list_display = ("id", "kind", "endpoint", "result", "http_status", "duration_us", "number", "replay")
    list_filter = ("result", "kind", "question", ("account", AutocompleteSelectFilter))
    list_select_related = ("endpoint",)
    ordering = ("-id",)


@admin.register(Replay)
class ReplayAdmin(HistoryAdmin):
    """What was sent again, by whom and why."""

    inner = ("asked_by",)
    list_display = ("asked_at", "account", "application", "state", "total", "queued", "asked_by", "reason")
    list_filter = ("state", ("account", AutocompleteSelectFilter))
    list_select_related = ("account", "application")
    ordering = ("-asked_at",)


@admin.register(ShardLease)
class ShardLeaseAdmin(RoleAdmin):
    """Which dispatcher sends which share of the outbox."""

    look = "configure"
    list_display = ("shard", "owner", "epoch", "expires_at")
    list_filter = ("owner",)
    list_per_page = 64


@admin.register(Dispatcher)
class DispatcherAdmin(RoleAdmin):
    """The dispatchers and their last signs of life."""

    look = "configure"
    list_display = ("name", "started_at", "seen_at")


@admin.register(Alert)
class AlertAdmin(HistoryAdmin):
    """Every trouble there was; acknowledged and silenced on its page in the console."""

    # Amounts are for those who may see money: the console's page knows who reads.
    hidden = ("values",)
    inner = ("acknowledged_by", "closed_by")
    list_display = ("kind", "severity", "account", "first_seen_at", "last_seen_at", "count", "closed_at")
    list_filter = ("severity", "kind", ("account", AutocompleteSelectFilter))
    list_select_related = ("account",)
    ordering = ("-id",)


@admin.register(AlertRoute)
class AlertRouteAdmin(RoleAdmin):
    """Who is told; made and changed in the console."""

    look = "configure"
    list_display = ("name", "account", "kind", "severity", "channel", "enabled")
    list_filter = ("channel", "enabled")
    list_select_related = ("account",)


@admin.register(AlertMessage)
class AlertMessageAdmin(HistoryAdmin):
    """What was told by which route, and what could not be."""

    look = "configure"
    list_display = ("id", "alert", "route", "crossing", "state", "attempts", "due_at", "sent_at", "reason")
    list_filter = ("state",)
    list_select_related = ("alert", "route")
    ordering = ("-id",)

"""The admin pages of `notifications`: endpoints and what waits for them. Nothing is changed here."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from accounts.admin.base import HistoryAdmin, RoleAdmin
from notifications.models import Endpoint, Push


@admin.register(Endpoint)
class EndpointAdmin(RoleAdmin):
    """Where pushes go."""

    list_display = ("url", "application", "state", "created_at")
    list_filter = ("state",)
    list_select_related = ("application",)
    search_fields = ("url__exact",)


@admin.register(Push)
class PushAdmin(HistoryAdmin):
    """What is due; a body is never shown."""

    list_display = ("id", "kind", "endpoint", "state", "attempt", "due_at", "created_at")
    list_filter = ("state", "kind", ("account", AutocompleteSelectFilter))
    list_select_related = ("endpoint",)
    ordering = ("-id",)

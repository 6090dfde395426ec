"""Admin pages of bindings and API requests, read-only: they are made, ended and explained on the console's pages."""

from django.contrib import admin

from accounts.admin.base import HistoryAdmin, ReadOnlyInline
from privacy.admin.records import BY_ACCOUNT, SEARCH_HELP, PeriodFilter
from privacy.models import (
    ApiRequest,
    Availability,
    Binding,
    BindingVersion,
    Cooling,
    IdempotentAnswer,
    PartyLoad,
    Route,
    TemporaryCallee,
)


class RouteInline(ReadOnlyInline):
    """The ways into a binding."""

    model = Route
    fields = readonly_fields = ("number", "kind", "expires_at")


@admin.register(Binding)
class BindingAdmin(HistoryAdmin):
    """Bindings, numbers masked; the console's page has the whole story."""

    inner = ("bound_by", "ended_by", "reason")
    list_display = ("id", "account", "application", "kind", "number", "valid_from", "valid_to", "end_cause", "step")
    list_select_related = ("account", "application", "number")
    list_filter = ("kind", "end_cause", BY_ACCOUNT)
    search_fields = ("id__exact", "foreign_id__exact")
    search_help_text = SEARCH_HELP
    inlines = (RouteInline,)


@admin.register(BindingVersion)
class BindingVersionAdmin(HistoryAdmin):
    """What bindings said before they were modified."""

    list_display = ("binding", "version", "valid_from", "valid_to")
    list_select_related = ("binding",)
    search_fields = ("binding__id__exact",)
    search_help_text = SEARCH_HELP


@admin.register(Route)
class RouteAdmin(HistoryAdmin):
    """The ways in that calls are routed by; keys are hashes."""

    list_display = ("number", "kind", "binding", "expires_at")
    list_select_related = ("number", "binding")
    search_fields = ("number__number__exact", "binding__id__exact")
    search_help_text = SEARCH_HELP


@admin.register(Availability)
class AvailabilityAdmin(HistoryAdmin):
    """What can still be bound on each number."""

    list_display = ("number", "application", "area_code", "ready", "role", "used", "most", "last_bound_at")
    list_select_related = ("number", "application")
    list_filter = ("role", "ready")
    search_fields = ("number__number__exact",)
    search_help_text = SEARCH_HELP


@admin.register(TemporaryCallee)
class TemporaryCalleeAdmin(HistoryAdmin):
    """Whom the A of an AX reaches for a short time, masked."""

    list_display = ("binding", "set_at", "expires_at")
    list_select_related = ("binding",)
    search_fields = ("binding__id__exact",)
    search_help_text = SEARCH_HELP


@admin.register(Cooling)
class CoolingAdmin(HistoryAdmin):
    """Who was released on which number lately; parties are hashes."""

    list_display = ("number", "released_at")
    list_select_related = ("number",)
    search_fields = ("number__number__exact",)
    search_help_text = SEARCH_HELP


@admin.register(PartyLoad)
class PartyLoadAdmin(HistoryAdmin):
    """How many X each A has; parties are hashes."""

    list_display = ("id", "application", "numbers")
    list_select_related = ("application",)


@admin.register(IdempotentAnswer)
class IdempotentAnswerAdmin(HistoryAdmin):
    """Answers kept for requests that carried Idempotency-Key."""

    list_display = ("id", "application", "http_status", "created_at")
    list_select_related = ("application",)


@admin.register(ApiRequest)
class ApiRequestAdmin(HistoryAdmin):
    """Requests to the northbound API; their bodies are read on the console's page."""

    list_display = ("id", "account", "application", "operation", "http_status", "code", "step", "parameter", "address")
    list_select_related = ("account", "application")
    list_filter = (PeriodFilter, "operation", "step", BY_ACCOUNT)
    search_fields = ("id__exact", "binding_id__exact")
    search_help_text = SEARCH_HELP

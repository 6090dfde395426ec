"""Admin pages of our numbers: who holds them, what state they are in."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from accounts import scope
from accounts.admin.base import HistoryAdmin, ReadOnlyInline, RoleAdmin
from privacy.models import (
    Holding,
    Number,
    NumberChange,
    NumberOrder,
    NumberReason,
    NumberStatus,
    NumberTransfer,
)


class HoldingInline(ReadOnlyInline):
    """Who held a number when."""

    model = Holding
    fields = ("application", "valid_from", "valid_to")


@admin.register(Number)
class NumberAdmin(RoleAdmin):
    """The numbers we own. The console's pages, the commands and provision change them, each change with its cause.

    A row says how the number is now and for which order it was issued first: a bound person sees only those his
    account holds now, and no order, which may be another account's.
    """

    inner = ("order", "upstream")
    list_display = ("number", "area_code", "kind", "state", "cause", "sms", "reserved", "upstream", "issued_at")
    list_filter = ("kind", "state", "reserved")
    list_select_related = ("upstream",)
    search_fields = ("number__exact",)
    inlines = (HoldingInline,)
    sortable_by = ("number",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows in the person's scope, for a bound person only what his account holds now."""
        rows, account_id = super().get_queryset(request), scope.for_user(request.user).account_id
        if account_id is None:
            return rows
        held = Holding.objects.filter(application__account=account_id, valid_to=None)
        return rows.filter(pk__in=held.values("number"))


@admin.register(Holding)
class HoldingAdmin(RoleAdmin):
    """Who held which number when."""

    list_display = ("number", "application", "valid_from", "valid_to")
    list_select_related = ("number", "application")
    search_fields = ("number__number__exact",)


@admin.register(NumberStatus)
class NumberStatusAdmin(HistoryAdmin):
    """What state numbers were in."""

    list_display = ("at", "number", "status", "cause", "reason", "received_at")
    list_filter = (("at", RangeDateTimeFilter),)
    list_select_related = ("number",)
    search_fields = ("number__number__exact",)


@admin.register(NumberOrder)
class NumberOrderAdmin(HistoryAdmin):
    """Orders of numbers; they are made and filled on the console's pages and by command."""

    inner = ("ordered_by",)
    list_display = ("reference", "account", "application", "area_code", "kind", "quantity", "issued", "state")
    list_filter = ("state", ("account", AutocompleteSelectFilter))
    list_select_related = ("account", "application")
    search_fields = ("reference__exact",)


@admin.register(NumberChange)
class NumberChangeAdmin(HistoryAdmin):
    """What happened to numbers."""

    inner = ("by",)
    list_display = ("at", "number", "kind", "before", "after", "cause", "by")
    list_filter = ("kind", ("account", AutocompleteSelectFilter))
    list_select_related = ("number",)
    search_fields = ("number__number__exact",)


@admin.register(NumberReason)
class NumberReasonAdmin(HistoryAdmin):
    """Why numbers are not normal. A former holder has nothing to do with them, so no customer looks here."""

    look = "audit"
    list_display = ("number", "source", "state", "cause", "opened_at", "closed_at")
    list_filter = ("source", "state")
    list_select_related = ("number",)
    search_fields = ("number__number__exact",)


@admin.register(NumberTransfer)
class NumberTransferAdmin(HistoryAdmin):
    """Transfers between accounts, and who agreed."""

    look = "audit"
    list_display = ("asked_at", "source_account", "target_account", "target", "state", "asked_by", "finance_agreed")
    list_filter = ("state",)
    list_select_related = ("source_account", "target_account", "target")

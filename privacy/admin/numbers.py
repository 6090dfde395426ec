"""Admin pages of our numbers: who holds them, what state they are in."""

from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateTimeFilter

from accounts.admin.base import HistoryAdmin, ReadOnlyInline, RoleAdmin
from privacy.models import Holding, Number, NumberStatus


class HoldingInline(ReadOnlyInline):
    """Who held a number when."""

    model = Holding
    fields = ("application", "valid_from", "valid_to")


@admin.register(Number)
class NumberAdmin(RoleAdmin):
    """The numbers we own; provision issues and moves them."""

    list_display = ("number", "area_code", "kind", "state", "sms", "upstream", "issued_at")
    list_filter = ("kind", "state")
    list_select_related = ("upstream",)
    search_fields = ("number__exact",)
    inlines = (HoldingInline,)
    sortable_by = ("number",)


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

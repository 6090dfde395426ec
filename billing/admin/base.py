"""What the admin pages of booked money share."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from accounts.admin.base import HistoryAdmin
from privacy.models import Usage

BY_ACCOUNT = ("account", AutocompleteSelectFilter)
BOOKED = ("booked_hour", RangeDateTimeFilter)


class MoneyAdmin(HistoryAdmin):
    """Booked money: shown to those who may see it, never changed."""

    look = "money"

    @admin.display(description=_("item"))
    def item_name(self, row: Any) -> str:
        """Return what was booked, in words."""
        return str(Usage.Item(row.item).label) if row.item in Usage.Item.values else str(row.item)


class ItemFilter(admin.SimpleListFilter):
    """Limits lines to one item. A plain filter would look through the whole table for the items there are."""

    title = _("item")
    parameter_name = "item"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the items."""
        return [(item.value, item.label) for item in (Usage.Item.CALL, Usage.Item.SMS)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the lines of the chosen item."""
        return queryset.filter(item=self.value()) if self.value() else queryset

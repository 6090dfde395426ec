"""The admin pages of `billing`. Packages can be edited and prices added; everything booked is only shown."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from accounts.admin.base import HistoryAdmin, ReadOnlyInline, RoleAdmin
from accounts.admin.customers import AccountAdmin
from accounts.models import Account
from billing import arrears, ledger, tariffs
from billing.locks import shard_lock
from billing.models import (
    Balance,
    Charge,
    ClosedMonth,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    Package,
    Purchase,
    SettlementRun,
    SettlementTotal,
    Tariff,
    UnansweredCount,
)  # fmt: skip
from common.errors import MasklineError
from privacy.models import Usage

BY_ACCOUNT = ("account", AutocompleteSelectFilter)
BOOKED = ("booked_hour", RangeDateTimeFilter)


class PayingAccountAdmin(AccountAdmin):
    """Accounts, whose state follows when the credit limit or the threshold is changed (billing.md 7)."""

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        """Save what was changed, and nothing a settlement may have written meanwhile; then let the state follow."""
        with transaction.atomic():
            if not change:
                super().save_model(request, obj, form, change)
            shard_lock(obj.shard)
            if change and form.changed_data:
                obj.save(update_fields=form.changed_data)
            arrears.follow(obj, ledger.balance(obj), timezone.now())


admin.site.unregister(Account)
admin.site.register(Account, PayingAccountAdmin)


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


class TariffForm(forms.ModelForm[Tariff]):
    """A new price. It is set by billing.tariffs.set_price, which cuts the older one and refuses what was charged."""

    class Meta:
        """What a price says."""

        model = Tariff
        fields = ("item", "number_kind", "price", "currency", "account", "valid_from", "valid_to")

    def clean(self) -> dict[str, Any]:
        """Set the price, or say why it cannot be set."""
        asked = super().clean() or self.cleaned_data
        if self.errors:
            return asked
        try:
            with transaction.atomic():
                price: dict[str, Any] = {name: asked.get(name) for name in self.Meta.fields}
                self.instance = tariffs.set_price(**price)
        except MasklineError as problem:
            raise ValidationError(str(problem)) from problem
        return asked


@admin.register(Tariff)
class TariffAdmin(RoleAdmin):
    """Prices. One is never edited: a new row cuts the older one."""

    look, edit = "money", "configure"
    form = TariffForm
    list_display = ("item", "number_kind", "account", "price", "currency", "valid_from", "valid_to")
    list_filter = ("item", "number_kind", "currency")
    list_select_related = ("account",)
    autocomplete_fields = ("account",)
    sortable_by = ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A price is history once it is set."""
        return False

    def save_model(self, request: HttpRequest, obj: Tariff, form: Any, change: bool) -> None:
        """Do nothing: the form has set the price."""


@admin.register(Package)
class PackageAdmin(RoleAdmin):
    """Bundles on offer. A purchase keeps what it bought, whatever happens to the package."""

    look, edit = "money", "configure"
    list_display = ("code", "name", "minutes", "messages", "price", "currency", "months")
    search_fields = ("code__exact",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what cannot be changed."""
        return [*super().get_readonly_fields(request, obj), *(("code", "currency") if obj else ())]


@admin.register(Purchase)
class PurchaseAdmin(MoneyAdmin):
    """What was bought and what is left of it."""

    list_display = (
        "account",
        "package",
        "reference",
        "starts_at",
        "ends_at",
        "minutes_used",
        "minutes",
        "messages_used",
        "messages",
    )
    list_filter = (BY_ACCOUNT,)
    list_select_related = ("account", "package")
    search_fields = ("reference__exact",)


@admin.register(Charge)
class ChargeAdmin(MoneyAdmin):
    """Charge lines."""

    list_display = (
        "id",
        "account",
        "item_name",
        "units",
        "package_units",
        "overage_units",
        "unit_price",
        "amount",
        "booked_hour",
        "late",
    )
    list_filter = (BY_ACCOUNT, ItemFilter, "late", BOOKED)
    list_select_related = ("account",)
    ordering = ("-id",)


@admin.register(SettlementRun)
class SettlementRunAdmin(MoneyAdmin):
    """Settlements."""

    list_display = ("hour", "shard", "finished_at", "usage_lines", "late_lines", "unanswered", "blocked", "amount")
    list_filter = (("hour", RangeDateTimeFilter),)


@admin.register(SettlementTotal)
class SettlementTotalAdmin(MoneyAdmin):
    """What each settlement booked."""

    list_display = ("run", "account", "application", "item_name", "booked_hour", "lines", "units", "amount")
    list_filter = (BY_ACCOUNT, BOOKED)
    list_select_related = ("run", "account", "application")
    ordering = ("-id",)


@admin.register(UnansweredCount)
class UnansweredCountAdmin(MoneyAdmin):
    """Unanswered calls that settlements counted."""

    list_display = ("run", "account", "application", "number", "booked_hour", "calls", "late_calls")
    list_filter = (BY_ACCOUNT, BOOKED)
    list_select_related = ("run", "account", "application", "number")
    ordering = ("-id",)


@admin.register(ClosedMonth)
class ClosedMonthAdmin(MoneyAdmin):
    """Months nothing more can be booked into."""

    list_display = ("account", "starts_at", "ends_at", "closed_at")
    list_select_related = ("account",)


@admin.register(LedgerAccount)
class LedgerAccountAdmin(MoneyAdmin):
    """The accounts of the ledger."""

    list_display = ("code", "account", "currency")
    list_select_related = ("account",)
    search_fields = ("code__exact",)


class LedgerEntryInline(ReadOnlyInline):
    """The sides of a transaction."""

    model = LedgerEntry
    look = "money"
    fields = ("ledger_account", "amount")


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(MoneyAdmin):
    """Postings."""

    list_display = ("key", "kind", "account", "booked_at", "posted_at")
    list_filter = ("kind", BY_ACCOUNT, ("booked_at", RangeDateTimeFilter))
    list_select_related = ("account",)
    search_fields = ("key__exact",)
    inlines = (LedgerEntryInline,)
    ordering = ("-id",)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(MoneyAdmin):
    """Sides of transactions."""

    list_display = ("transaction", "ledger_account", "amount")
    list_select_related = ("transaction", "ledger_account")
    ordering = ("-id",)


@admin.register(Balance)
class BalanceAdmin(MoneyAdmin):
    """What each account has left."""

    list_display = ("account", "amount")
    list_select_related = ("account",)
    ordering = ("account__code",)

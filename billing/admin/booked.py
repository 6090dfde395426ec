"""Charges, settlements and the ledger: shown, never changed."""

from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateTimeFilter

from accounts.admin.base import ReadOnlyInline
from billing.admin.base import BOOKED, BY_ACCOUNT, ItemFilter, MoneyAdmin
from billing.models import (
    Balance,
    Charge,
    ClosedMonth,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    SettlementRun,
    SettlementTotal,
    UnansweredCount,
)


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

"""Prices, packages, purchases, and the account as it stands. Packages can be edited and prices added."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import RoleAdmin
from accounts.admin.customers import AccountAdmin
from accounts.models import Account
from billing import arrears, ledger, tariffs
from billing.admin.base import BY_ACCOUNT, MoneyAdmin
from billing.locks import shard_lock
from billing.models import Package, Purchase, Tariff
from common.errors import BadInput, Conflict, MasklineError

CHARGED = _("This price is set already, or usage has been charged with the older one.")
REFUSED = _("This price cannot be set.")
# What billing.tariffs refuses, by field, for people; its own texts are for programs.
PROBLEMS = {
    "price": _("Give a price from 0 to 1,000,000 with at most six decimals."),
    "currency": _("This is not the currency of the account, or not one that is known."),
    "valid_to": _("This is not later than the beginning."),
}


class PayingAccountAdmin(AccountAdmin):
    """Accounts, whose state follows when the credit limit or the threshold is changed, not by hand (billing.md 7)."""

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        """Save what was changed; then let the state follow, unless a person has just set it."""
        with transaction.atomic():
            if not change:
                super().save_model(request, obj, form, change)
            shard_lock(obj.shard)
            if change:
                super().save_model(request, obj, form, change)
            if not form.state_is_set:
                arrears.follow(obj, ledger.balance(obj), timezone.now())


admin.site.unregister(Account)
admin.site.register(Account, PayingAccountAdmin)


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
        except Conflict as problem:
            raise ValidationError(CHARGED) from problem
        except BadInput as problem:
            told = PROBLEMS.get(problem.field)
            raise ValidationError({problem.field: told} if told else REFUSED) from problem
        except MasklineError as problem:
            raise ValidationError(REFUSED) from problem
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

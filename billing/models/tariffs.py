"""Prices and packages (billing.md 2 and 3). A price is never edited: a new row cuts the older one."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account


class Item(models.TextChoices):
    """What is priced."""

    CALL = "call", _("Call minute")
    SMS = "sms", _("SMS part")
    RENTAL = "rental", _("Number rental")


class NumberKind(models.TextChoices):
    """Which numbers a price is for."""

    VIRTUAL = "virtual", _("Virtual operator")
    CARRIER = "carrier", _("Carrier")
    ANY = "any", _("Any")


class Tariff(models.Model):
    """A price during [valid_from, valid_to); at most one of a rank at an instant (migration 0002 excludes overlaps)."""

    item = models.CharField(_("item"), max_length=8, choices=Item.choices)
    number_kind = models.CharField(
        _("kind of number"), max_length=8, choices=NumberKind.choices, default=NumberKind.ANY
    )
    price = models.DecimalField(_("price"), max_digits=18, decimal_places=6)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, verbose_name=_("account"))
    valid_from = models.DateTimeField(_("valid from"))
    valid_to = models.DateTimeField(_("valid to"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("tariff")
        verbose_name_plural = _("tariffs")
        ordering = ["item", "number_kind", "account", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(price__gte=0),
                name="tariff_price_not_negative",
                violation_error_message=_("A price is not negative."),
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gt=models.F("valid_from")),
                name="tariff_from_before_to",
                violation_error_message=_("A price ends later than it begins."),
            ),
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"),
                name="tariff_currency_iso",
                violation_error_message=_("A currency is three capital letters, such as CNY."),
            ),
            models.UniqueConstraint(
                fields=["item", "number_kind", "account", "currency", "valid_from"],
                nulls_distinct=False,
                name="tariff_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.price} {self.currency}"


class Package(models.Model):
    """A bundle of minutes and message parts that can be bought (套餐包)."""

    code = models.CharField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=128)
    minutes = models.PositiveIntegerField(_("minutes"), default=0)
    messages = models.PositiveIntegerField(_("message parts"), default=0)
    price = models.DecimalField(_("price"), max_digits=18, decimal_places=6)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    months = models.PositiveSmallIntegerField(_("months"), default=12)

    class Meta:
        verbose_name = _("package")
        verbose_name_plural = _("packages")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(price__gte=0),
                name="package_price_not_negative",
                violation_error_message=_("A price is not negative."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Purchase(models.Model):
    """A package bought by an account: its window [starts_at, ends_at) and what is left. Used never exceeds quota."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="purchases", verbose_name=_("account"))
    package = models.ForeignKey(Package, models.PROTECT, related_name="purchases", verbose_name=_("package"))
    reference = models.CharField(_("reference"), max_length=64)
    purchased_at = models.DateTimeField(_("purchased"))
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    minutes = models.PositiveIntegerField(_("minutes"))
    messages = models.PositiveIntegerField(_("message parts"))
    minutes_used = models.PositiveIntegerField(_("minutes used"), default=0)
    messages_used = models.PositiveIntegerField(_("message parts used"), default=0)
    priority = models.SmallIntegerField(_("priority"), default=100)
    price = models.DecimalField(_("price paid"), max_digits=18, decimal_places=6)
    charged = models.BooleanField(_("price booked"), default=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        ordering = ["account", "priority", "ends_at", "starts_at", "purchased_at", "reference"]
        constraints = [
            models.UniqueConstraint(fields=["account", "reference"], name="purchase_reference"),
            models.CheckConstraint(
                condition=models.Q(minutes_used__lte=models.F("minutes")), name="purchase_minutes_within_quota"
            ),
            models.CheckConstraint(
                condition=models.Q(messages_used__lte=models.F("messages")), name="purchase_messages_within_quota"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="purchase_start_before_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.package_id} {self.reference}"

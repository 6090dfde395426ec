"""The double-entry ledger (billing.md 5): append-only, each transaction adds up to 0 per currency.

The database refuses UPDATE, DELETE and TRUNCATE, an entry of 0, and a transaction that does not balance at COMMIT.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account


class LedgerAccount(models.Model):
    """customer:CODE (what we owe; positive = prepaid), cash:CUR, revenue:ITEM:CUR, adjustment:CUR, goodwill:CUR."""

    code = models.CharField(_("code"), max_length=64, unique=True)
    account = models.OneToOneField(
        Account, models.PROTECT, null=True, blank=True, related_name="ledger_account", verbose_name=_("customer")
    )
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class LedgerTransaction(models.Model):
    """One posting with a unique key: the same key with the same content is a repeat, with other content an error."""

    class Kind(models.TextChoices):
        """Why it was posted."""

        TOPUP = "topup", _("Top-up")
        USAGE = "usage", _("Usage")
        RENTAL = "rental", _("Rental")
        PACKAGE = "package", _("Package")
        ADJUSTMENT = "adjust", _("Adjustment")
        REVERSAL = "reverse", _("Reversal")

    key = models.CharField(_("key"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, verbose_name=_("account"))
    booked_at = models.DateTimeField(_("booked"))
    posted_at = models.DateTimeField(_("posted"), db_default=Now())
    run = models.ForeignKey(
        "billing.SettlementRun", models.PROTECT, null=True, db_index=False, verbose_name=_("settlement")
    )
    reverses = models.ForeignKey("self", models.PROTECT, null=True, db_index=False, verbose_name=_("reverses"))
    note = models.CharField(_("note"), max_length=500, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("ledger transaction")
        verbose_name_plural = _("ledger transactions")
        ordering = ["-id"]
        indexes = [models.Index(fields=["account", "booked_at"], name="ledgertransaction_booked")]

    def __str__(self) -> str:
        return self.key


class LedgerEntry(models.Model):
    """One side of a transaction; its currency is its ledger account's."""

    transaction = models.ForeignKey(
        LedgerTransaction, models.PROTECT, related_name="entries", verbose_name=_("transaction")
    )
    ledger_account = models.ForeignKey(
        LedgerAccount, models.PROTECT, related_name="entries", verbose_name=_("ledger account")
    )
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6)

    account_path = "transaction__account"

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~models.Q(amount=0), name="ledgerentry_not_zero")]

    def __str__(self) -> str:
        return f"{self.ledger_account} {self.amount}"


class Balance(models.Model):
    """The sum of a customer's entries, updated in the transaction that posts them."""

    account = models.OneToOneField(
        Account, models.PROTECT, primary_key=True, related_name="balance", verbose_name=_("account")
    )
    amount = models.DecimalField(_("balance"), max_digits=18, decimal_places=6, default=0, db_default=0)

    class Meta:
        verbose_name = _("balance")
        verbose_name_plural = _("balances")

    def __str__(self) -> str:
        return str(self.amount)

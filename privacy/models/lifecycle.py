"""What happened to the numbers themselves: ordered, issued, moved, suspended, returned, and why."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application
from privacy.models.numbers import Number, while_held


class NumberOrder(models.Model):
    """So many numbers of a city, ordered for an application; issuing names them."""

    class State(models.TextChoices):
        """Where the order stands."""

        OPEN = "open", _("Open")
        ISSUED = "issued", _("Issued")
        CANCELLED = "cancelled", _("Cancelled")

    account = models.ForeignKey(Account, models.PROTECT, related_name="number_orders", verbose_name=_("account"))
    application = models.ForeignKey(
        Application, models.PROTECT, related_name="number_orders", verbose_name=_("application")
    )
    area_code = models.CharField(_("area code"), max_length=8)
    kind = models.CharField(_("kind"), max_length=16, choices=Number.Kind.choices, default=Number.Kind.VIRTUAL)
    sms = models.BooleanField(_("SMS"), default=True)
    quantity = models.PositiveIntegerField(_("quantity"))
    issued = models.PositiveIntegerField(_("issued"), default=0)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OPEN)
    reference = models.CharField(_("reference"), max_length=64)
    note = models.CharField(_("note"), max_length=500, blank=True)
    ordered_by = models.CharField(_("ordered by"), max_length=150)
    ordered_at = models.DateTimeField(_("ordered"), db_default=Now(), editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        verbose_name = _("number order")
        verbose_name_plural = _("number orders")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "reference"], name="numberorder_reference_once"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1) & models.Q(issued__lte=models.F("quantity")),
                name="numberorder_within_quantity",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class NumberReason(models.Model):
    """Why a number is not normal: at most one open reason of each source; its state is the worst of them."""

    class Source(models.TextChoices):
        """Who says so."""

        ARREARS = "arrears", _("Arrears")
        OPERATOR = "operator", _("Operator")
        CARRIER = "carrier", _("Carrier")
        REAL_NAME = "real_name", _("Real name")
        MOVING = "moving", _("Moving")

    number = models.ForeignKey(Number, models.CASCADE, related_name="reasons", verbose_name=_("number"))
    source = models.CharField(_("source"), max_length=16, choices=Source.choices)
    state = models.CharField(_("state"), max_length=24, choices=Number.State.choices)
    cause = models.CharField(_("cause"), max_length=8, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    opened_by = models.CharField(_("opened by"), max_length=150, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    closed_by = models.CharField(_("closed by"), max_length=150, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        verbose_name = _("reason of a number's state")
        verbose_name_plural = _("reasons of numbers' states")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["number", "source"], condition=models.Q(closed_at__isnull=True), name="numberreason_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number_id} {self.source}"

    @classmethod
    def account_rows(cls, account_id: int) -> models.Q:
        """Return the condition for reasons that were opened while an account held the number."""
        return while_held(account_id, "opened_at")


class NumberChange(models.Model):
    """One step in a number's life, with its cause: insert-only."""

    class Kind(models.TextChoices):
        """What happened."""

        ISSUED = "issued", _("Issued")
        TRANSFERRED = "transferred", _("Transferred")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        STATE = "state", _("State changed")
        SMS = "sms", _("SMS capability changed")
        RESERVED = "reserved", _("Reserved or released for selection")
        BLACKLISTED = "blacklisted", _("Blacklisted or taken off the blacklist")

    number = models.ForeignKey(Number, models.PROTECT, related_name="changes", verbose_name=_("number"))
    at = models.DateTimeField(_("time"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    before = models.CharField(_("before"), max_length=128, blank=True)
    after = models.CharField(_("after"), max_length=128, blank=True)
    cause = models.CharField(_("cause"), max_length=200, blank=True)
    by = models.CharField(_("by"), max_length=150, blank=True)
    # Whose number it was when it happened: the other side of a transfer does not see it.
    account = models.ForeignKey(Account, models.PROTECT, null=True, db_index=False, verbose_name=_("account"))

    class Meta:
        verbose_name = _("change of a number")
        verbose_name_plural = _("changes of numbers")
        ordering = ["-id"]
        indexes = [models.Index(fields=["number", "-id"], name="numberchange_newest")]

    def __str__(self) -> str:
        return f"{self.number_id} {self.kind}"


class NumberTransfer(models.Model):
    """Numbers to be moved to another application; between accounts finance and operator both agree first."""

    class State(models.TextChoices):
        """Where it stands."""

        ASKED = "asked", _("Waiting for agreement")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    numbers = models.JSONField(_("numbers"))
    target = models.ForeignKey(Application, models.PROTECT, related_name="+", verbose_name=_("to application"))
    source_account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name=_("from account"))
    target_account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name=_("to account"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.ASKED)
    reason = models.CharField(_("reason"), max_length=500)
    asked_by = models.CharField(_("asked by"), max_length=150)
    asked_at = models.DateTimeField(_("asked"), db_default=Now(), editable=False)
    operator_agreed = models.CharField(_("operator who agreed"), max_length=150, blank=True)
    finance_agreed = models.CharField(_("finance who agreed"), max_length=150, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=150, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    account_path = "source_account"

    class Meta:
        verbose_name = _("number transfer")
        verbose_name_plural = _("number transfers")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.pk}"

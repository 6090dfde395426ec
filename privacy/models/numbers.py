"""The virtual numbers (X) we own, who held each of them when, and what state each was in."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Application, Upstream

# The cause of a number that was returned (pushes.md 5).
DELETED = "1"


class Number(models.Model):
    """One X. It is no real number and is kept in clear; a number that came back and is issued again is a new row."""

    class Kind(models.TextChoices):
        """Whose number it is: decides SMS price, package use and rental."""

        VIRTUAL = "virtual", _("Virtual operator")
        CARRIER = "carrier", _("Carrier")

    class State(models.TextChoices):
        """The worst of the number's open reasons, kept here for lists (pushes.md 5, 8; billing.md 7)."""

        NORMAL = "normal", _("Normal")
        SUSPENDED = "suspended", _("Suspended")
        UNUSABLE = "unusable", _("Unusable")
        BINDING_FROZEN = "binding_frozen", _("Binding frozen")
        MOVING = "moving", _("Moving")
        AWAITING_REAL_NAME = "awaiting_real_name", _("Awaiting real name")
        RETURNED = "returned", _("Returned")

    number = models.CharField(_("number"), max_length=32)
    area_code = models.CharField(_("area code"), max_length=8, blank=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.VIRTUAL)
    sms = models.BooleanField(_("SMS"), default=True)
    state = models.CharField(_("state"), max_length=24, choices=State.choices, default=State.NORMAL)
    cause = models.CharField(_("cause of being unusable"), max_length=8, blank=True, db_default="", default="")
    reserved = models.BooleanField(_("reserved: only bound when named"), default=False, db_default=False)
    blacklisted_at = models.DateTimeField(_("blacklisted"), null=True, blank=True)
    order = models.ForeignKey(
        "privacy.NumberOrder", models.PROTECT, null=True, blank=True, related_name="numbers", verbose_name=_("order")
    )
    upstream = models.ForeignKey(Upstream, models.PROTECT, null=True, blank=True, verbose_name=_("upstream"))
    issued_at = models.DateTimeField(_("issued"))
    rental_from = models.DateField(_("rental from"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    account_path = "holdings__application__account"

    class Meta:
        verbose_name = _("number")
        verbose_name_plural = _("numbers")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["number"], condition=~models.Q(state="returned"), name="number_once_unless_returned"
            )
        ]
        indexes = [models.Index(fields=["number"], name="number_text")]

    def __str__(self) -> str:
        return self.number


class Holding(models.Model):
    """`application` held `number` during [valid_from, valid_to). The database refuses two at once (migration 0002)."""

    number = models.ForeignKey(Number, models.PROTECT, related_name="holdings", verbose_name=_("number"))
    application = models.ForeignKey(Application, models.PROTECT, related_name="holdings", verbose_name=_("application"))
    valid_from = models.DateTimeField(_("from"))
    valid_to = models.DateTimeField(_("to"), null=True, blank=True)

    account_path = "application__account"

    class Meta:
        verbose_name = _("holding")
        verbose_name_plural = _("holdings")
        ordering = ["number", "valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gt=models.F("valid_from")),
                name="holding_from_before_to",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.application}"


class NumberStatus(models.Model):
    """One change of a number's status, with its cause: insert-only history (pushes.md 5)."""

    number = models.ForeignKey(Number, models.PROTECT, related_name="statuses", verbose_name=_("number"))
    at = models.DateTimeField(_("time"))
    status = models.PositiveSmallIntegerField(_("status"))
    cause = models.CharField(_("cause"), max_length=8, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    source = models.ForeignKey("privacy.Source", models.PROTECT, null=True, verbose_name=_("source"))
    received_at = models.DateTimeField(_("received"), db_default=Now())

    class Meta:
        verbose_name = _("number status")
        verbose_name_plural = _("number statuses")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["number", "-id"], name="numberstatus_newest"),
            models.Index(fields=["at"], name="numberstatus_at"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.status}"

    @classmethod
    def account_rows(cls, account_id: int) -> models.Q:
        """Return the condition for what happened to numbers while an account held them, their end with it.

        A number that is returned ends at the instant its last holding ends, and nobody holds that row afterwards. A
        move is no end: what stands at its instant is the next holder's alone.
        """
        returned = models.Q(
            number__state=Number.State.RETURNED, cause=DELETED, number__holdings__valid_to=models.F("at")
        )
        return while_held(account_id, "at") | (_of(account_id) & returned)


def while_held(account_id: int, column: str) -> models.Q:
    """Return the condition for rows of numbers whose `column` is a time at which an account held the number."""
    started = models.Q(number__holdings__valid_from__lte=models.F(column))
    open_ended = models.Q(number__holdings__valid_to__isnull=True)
    return _of(account_id) & started & (open_ended | models.Q(number__holdings__valid_to__gt=models.F(column)))


def _of(account_id: int) -> models.Q:
    return models.Q(number__holdings__application__account=account_id)

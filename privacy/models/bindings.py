"""Bindings: who is reached through which X, and who was (northbound.md 3-6; design.md 2.1).

A binding is never deleted: [valid_from, valid_to) says when it held. The ways into it are in privacy.models.routes.
"""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application
from common.phone import PhoneNumberField
from common.sealed import SealedTextField
from privacy.models.numbers import Number

HASH_BYTES = 16


class Terms(models.Model):
    """What a binding may be told: shared by the binding and its earlier versions."""

    class Display(models.TextChoices):
        """Which number A sees when somebody calls X (calleeNumDisplay, displayNumMode)."""

        X = "0", "X"
        CALLER = "1", _("The real caller")

    a_number = PhoneNumberField(_("A"), max_length=32)
    b_number = PhoneNumberField(_("B"), max_length=32, null=True)
    extension = models.CharField(_("extension"), max_length=4, blank=True)
    call_direction = models.SmallIntegerField(_("direction"), default=0)
    expires_at = models.DateTimeField(_("expires"), null=True)
    # As it is shown on the wire: seconds, in AXE the unit of time_unit; null = never said.
    duration = models.IntegerField(_("duration"), null=True)
    yb_duration = models.IntegerField(_("duration of YB, s"), null=True)
    time_unit = models.CharField(_("time unit"), max_length=1, blank=True)
    # In minutes, whatever the unit it was told in.
    callback_duration = models.IntegerField(_("duration of call-back records"), null=True)
    max_minutes = models.SmallIntegerField(_("longest call, minutes"), default=0)
    last_minute_voice = models.CharField(_("last-minute voice file"), max_length=128, blank=True)
    record = models.BooleanField(_("record"), default=False)
    record_voice = models.CharField(_("recording announcement"), max_length=128, blank=True)
    sms = models.BooleanField(_("SMS"), default=True)
    display = models.CharField(_("number A sees"), max_length=1, choices=Display.choices, default=Display.X)
    power = models.BooleanField(_("switched on"), default=True)
    # The waiting tones: for A's call and for the others' (preVoice); AXYB has one of X, YB one of Y.
    caller_voice = models.CharField(_("waiting tone of A's call"), max_length=128, blank=True)
    callee_voice = models.CharField(_("waiting tone of the others' calls"), max_length=128, blank=True)
    callback_voice = models.CharField(_("call-back voice file"), max_length=128, blank=True)
    callback_number = PhoneNumberField(_("call-back number"), max_length=32, null=True)
    user_data = SealedTextField(_("user data"), max_length=256, null=True)

    class Meta:
        abstract = True


class Binding(Terms):
    """One subscriptionId. `number` is X, of a YB it is Y and `parent` the AX it hangs on."""

    class Kind(models.TextChoices):
        """What it binds: the five modes have four of them, AXYB has two."""

        AX = "AX", "AX"
        AXB = "AXB", "AXB"
        AXE = "AXE", "AXE"
        AXYB = "AXYB", _("AX of AXYB")
        YB = "YB", _("YB of AXYB")

    class Step(models.TextChoices):
        """How X was chosen."""

        NAMED = "named", _("named by the customer")
        SAME = "same", _("the pair's last number")
        CITY = "city", _("same city")
        PROVINCE = "province", _("same province")
        FALLBACK = "fallback", _("a fallback city")
        ANY = "any", _("any city")
        UPSTREAM = "upstream", _("bound at an upstream")

    class End(models.TextChoices):
        """Why it ended."""

        UNBOUND = "unbound", _("unbound by the customer")
        EXPIRED = "expired", _("expired")
        CONSOLE = "console", _("ended in the console")
        TRANSFERRED = "transferred", _("number transferred")
        UNSUBSCRIBED = "unsubscribed", _("number unsubscribed")
        WITH_AX = "with_ax", _("ended with its AX")
        UPSTREAM = "upstream", _("ended at the upstream")

    id = models.UUIDField(_("binding id"), primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("account"))
    application = models.ForeignKey(Application, models.PROTECT, db_index=False, verbose_name=_("application"))
    number = models.ForeignKey(Number, models.PROTECT, db_index=False, verbose_name=_("number"))
    parent = models.ForeignKey("self", models.PROTECT, null=True, db_index=False, related_name="children")
    kind = models.CharField(_("kind"), max_length=4, choices=Kind.choices)
    # The subscriptionId of a binding that an upstream platform made; ours have the id.
    foreign_id = models.CharField(_("binding id at the upstream"), max_length=64, null=True)
    valid_from = models.DateTimeField(_("from"))
    valid_to = models.DateTimeField(_("to"), null=True)
    changed_at = models.DateTimeField(_("bound or last modified"))
    version = models.PositiveIntegerField(_("version"), default=1)
    step = models.CharField(_("how X was chosen"), max_length=12, choices=Step.choices, default=Step.NAMED)
    end_cause = models.CharField(_("why it ended"), max_length=16, choices=End.choices, blank=True)
    bound_by = models.CharField(_("bound by"), max_length=150, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=150, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    request_id = models.UUIDField(_("request"), null=True)

    class Meta:
        verbose_name = _("binding")
        verbose_name_plural = _("bindings")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "foreign_id"],
                condition=models.Q(foreign_id__isnull=False),
                name="binding_foreign_once",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
                name="binding_from_before_to",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "id"], name="binding_account"),
            models.Index(
                fields=["application", "id"], name="binding_holding", condition=models.Q(valid_to__isnull=True)
            ),
            models.Index(
                fields=["application", "valid_to"],
                include=["end_cause"],
                name="binding_ended",
                condition=models.Q(valid_to__isnull=False),
            ),
            models.Index(fields=["number", "valid_from"], name="binding_number"),
            models.Index(fields=["a_number", "id"], name="binding_a"),
            models.Index(fields=["b_number", "id"], name="binding_b", condition=models.Q(b_number__isnull=False)),
            models.Index(fields=["parent"], name="binding_parent", condition=models.Q(parent__isnull=False)),
            models.Index(
                fields=["parent", "b_number"],
                name="binding_relation",
                condition=models.Q(parent__isnull=False, valid_to__isnull=True),
            ),
            models.Index(
                fields=["expires_at"],
                name="binding_expires",
                condition=models.Q(valid_to__isnull=True, expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.subscription_id

    @property
    def subscription_id(self) -> str:
        """Return the id the customer knows it by."""
        return self.foreign_id or str(self.pk)


class BindingVersion(Terms):
    """What a binding said during [valid_from, valid_to), before a modify. Rows are only added."""

    binding = models.ForeignKey(Binding, models.PROTECT, related_name="versions", verbose_name=_("binding"))
    version = models.PositiveIntegerField(_("version"))
    valid_from = models.DateTimeField(_("from"))
    valid_to = models.DateTimeField(_("to"))

    account_path = "binding__account"

    class Meta:
        verbose_name = _("earlier version of a binding")
        verbose_name_plural = _("earlier versions of bindings")
        ordering = ["binding", "version"]
        constraints = [models.UniqueConstraint(fields=["binding", "version"], name="bindingversion_once")]
        indexes = [
            models.Index(fields=["a_number"], name="bindingversion_a"),
            models.Index(fields=["b_number"], name="bindingversion_b", condition=models.Q(b_number__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.binding_id} {self.version}"


class TemporaryCallee(models.Model):
    """Whom A of an AX binding reaches by calling X, for a short time (northbound.md 4.6)."""

    binding = models.OneToOneField(
        Binding, models.CASCADE, primary_key=True, related_name="temporary_callee", verbose_name=_("binding")
    )
    callee_number = PhoneNumberField(_("callee"), max_length=32)
    callee_key = models.BinaryField(_("keyed hash of the callee"), max_length=HASH_BYTES)
    set_at = models.DateTimeField(_("set"))
    expires_at = models.DateTimeField(_("expires"))
    user_data = SealedTextField(_("user data"), max_length=256, null=True)

    account_path = "binding__account"

    class Meta:
        verbose_name = _("temporary callee")
        verbose_name_plural = _("temporary callees")

    def __str__(self) -> str:
        return str(self.binding_id)

"""What the switch was told: each decision with the rule it followed, and what decisions need to remember."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application, Upstream
from common.phone import PhoneNumberField
from common.sealed import SealedBodyField, SealedTextField
from common.timeid import TimeIdManager
from privacy.models.bindings import HASH_BYTES, Binding
from privacy.models.numbers import Number


class RoutingDecision(models.Model):
    """One answer to "where does this go?": insert-only. The id's time is the database's when it was decided."""

    partition_interval = "week"

    class Kind(models.TextChoices):
        """What was asked about."""

        CALL = "call", _("call")
        MESSAGE = "message", _("message")

    id = models.UUIDField(_("id"), primary_key=True, editable=False)
    upstream = models.ForeignKey(
        Upstream, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("upstream")
    )
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, db_index=False, db_constraint=False, verbose_name=_("account")
    )
    application = models.ForeignKey(
        Application, models.PROTECT, null=True, db_index=False, db_constraint=False, verbose_name=_("application")
    )
    number = models.ForeignKey(
        Number, models.PROTECT, null=True, db_index=False, db_constraint=False, verbose_name=_("number")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    # sessionId of a call, smsIdentifier of a message.
    session_id = models.CharField(_("session or SMS id"), max_length=256)
    binding_id = models.UUIDField(_("binding id"), null=True)
    outcome = models.CharField(_("outcome"), max_length=16)
    # stateCode of a call, sendResult of a message.
    code = models.IntegerField(_("code"), default=0)
    rule = models.CharField(_("rule"), max_length=40)
    caller_key = models.BinaryField(_("keyed hash of the caller"), max_length=HASH_BYTES)
    callee_key = models.BinaryField(_("keyed hash of the callee"), max_length=HASH_BYTES, null=True)
    # The ended binding that a former caller was matched to (a near miss).
    ended_binding_id = models.UUIDField(_("ended binding"), null=True)
    # JSON: what was asked (numbers too) and the answer given.
    detail = SealedBodyField(_("asked and answered"))

    objects = TimeIdManager()

    class Meta:
        verbose_name = _("routing decision")
        verbose_name_plural = _("routing decisions")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["application", "caller_key", "id"], name="decision_caller"),
            models.Index(fields=["application", "callee_key", "id"], name="decision_callee"),
            models.Index(fields=["number", "id"], name="decision_number"),
            models.Index(fields=["session_id"], name="decision_session"),
            models.Index(fields=["id"], name="decision_near_miss", condition=models.Q(ended_binding_id__isnull=False)),
            # What blacklists, frequencies and hours stopped (pushes.md 6.1).
            models.Index(
                fields=["id"],
                name="decision_blocked",
                condition=models.Q(code__in=[7004, 7005, 8047, 8048, 8049, 8050]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.outcome} {self.rule}"


class MessageAnswer(models.Model):
    """What the switch was told about one SMS, kept a day: asked again it is told the same."""

    upstream = models.ForeignKey(Upstream, models.CASCADE, db_index=False, verbose_name=_("upstream"))
    key = models.BinaryField(_("SHA-256 of the SMS id"), max_length=16)
    asked = models.BinaryField(_("SHA-256 of what was asked"), max_length=16)
    answer = SealedBodyField(_("answer"), null=True)
    decided_at = models.DateTimeField(_("decided"), db_index=True)

    class Meta:
        verbose_name = _("answer about an SMS")
        verbose_name_plural = _("answers about SMS")
        constraints = [models.UniqueConstraint(fields=["upstream", "key"], name="messageanswer_once")]

    def __str__(self) -> str:
        return str(self.pk)


class CallbackRecord(models.Model):
    """Who called A by his extension: A calling X reaches the last of them (northbound.md 5.1). Rows are only added."""

    binding = models.ForeignKey(
        Binding, models.CASCADE, related_name="callbacks", db_index=False, verbose_name=_("binding")
    )
    caller_number = PhoneNumberField(_("caller"), max_length=32)
    at = models.DateTimeField(_("time"))
    expires_at = models.DateTimeField(_("expires"), null=True)

    account_path = "binding__account"

    class Meta:
        verbose_name = _("call-back record")
        verbose_name_plural = _("call-back records")
        ordering = ["-id"]
        indexes = [models.Index(fields=["binding", "at"], name="callback_binding")]

    def __str__(self) -> str:
        return str(self.pk)


class TemporaryCalleeVersion(models.Model):
    """Every temporary callee that was ever set, by a trigger: history tells whom A would have reached then."""

    binding = models.ForeignKey(
        Binding, models.CASCADE, related_name="temporary_callees", db_index=False, verbose_name=_("binding")
    )
    callee_number = PhoneNumberField(_("callee"), max_length=32)
    set_at = models.DateTimeField(_("set"))
    expires_at = models.DateTimeField(_("expires"))
    user_data = SealedTextField(_("user data"), max_length=256, null=True)

    account_path = "binding__account"

    class Meta:
        verbose_name = _("earlier temporary callee")
        verbose_name_plural = _("earlier temporary callees")
        indexes = [models.Index(fields=["binding", "set_at"], name="calleeversion_binding")]

    def __str__(self) -> str:
        return str(self.pk)


class UnknownCode(models.Model):
    """A cause code that no table of ours has: shown raw, listed for the operator, counted."""

    table = models.CharField(_("table"), max_length=16)
    code = models.IntegerField(_("code"))
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    seen = models.BigIntegerField(_("times seen"), default=1)

    class Meta:
        verbose_name = _("unknown code")
        verbose_name_plural = _("unknown codes")
        ordering = ["-last_seen_at"]
        constraints = [models.UniqueConstraint(fields=["table", "code"], name="unknowncode_once")]

    def __str__(self) -> str:
        return f"{self.table} {self.code}"

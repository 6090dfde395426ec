"""SMS: one row per message reported, and the history of its result, which may change later (billing.md 1)."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application, Upstream
from common.phone import PhoneNumberField
from common.sealed import SealedBodyField, SealedTextField
from common.timeid import TimeIdManager
from privacy.models.arrivals import Source
from privacy.models.numbers import Number


class Message(models.Model):
    """One SMS notification (pushes.md 4.2). `parts` is what a successful message is charged; None = unknown.

    `content_hash` is a keyed hash of the text, there also where the text is not kept: another text under the same id
    is a contradiction.
    """

    partition_interval = "month"

    id = models.UUIDField(_("id"), primary_key=True, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("account"))
    application = models.ForeignKey(
        Application, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("application")
    )
    number = models.ForeignKey(Number, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("number"))
    upstream = models.ForeignKey(
        Upstream, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("upstream")
    )
    source = models.ForeignKey(Source, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("source"))
    source_line = models.PositiveIntegerField(_("line"))
    sms_id = models.CharField(_("SMS id"), max_length=64)
    notification_mode = models.CharField(_("notification mode"), max_length=8)
    calling_number = PhoneNumberField(_("sender"), max_length=32, null=True)
    called_number = PhoneNumberField(_("receiver"), max_length=32, null=True)
    event = models.CharField(_("event"), max_length=32, blank=True)
    occurred_at = models.DateTimeField(_("time"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    subscription_id = models.CharField(_("binding id"), max_length=64, blank=True)
    content = SealedTextField(_("text"), max_length=70_000, null=True)
    content_hash = models.BinaryField(max_length=16, null=True, editable=False)
    send_result = models.SmallIntegerField(_("result"), null=True)
    area_code = models.CharField(_("area code"), max_length=32, blank=True)
    direction = models.CharField(_("direction"), max_length=8, blank=True)
    parts = models.PositiveIntegerField(_("parts"), null=True)
    parts_sent = models.PositiveIntegerField(_("parts sent"), null=True)
    user_data = SealedTextField(_("user data"), max_length=256, null=True)
    unknown_fields = SealedBodyField(_("unknown fields"), null=True)
    received_at = models.DateTimeField(_("received"), db_default=Now())

    objects = TimeIdManager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["account", "id"], name="message_account"),
            models.Index(fields=["number", "id"], name="message_number"),
            models.Index(fields=["calling_number", "id"], name="message_calling"),
            models.Index(fields=["called_number", "id"], name="message_called"),
            models.Index(fields=["sms_id"], name="message_sms_id"),
        ]

    def __str__(self) -> str:
        return self.sms_id


class MessageResult(models.Model):
    """One result a message was reported with: insert-only, unique, so that a repeat changes nothing."""

    message_id = models.UUIDField(_("message"))
    send_result = models.SmallIntegerField(_("result"), null=True)
    ordinal = models.PositiveSmallIntegerField(_("ordinal"))
    occurred_at = models.DateTimeField(_("time"))
    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("source"))
    received_at = models.DateTimeField(_("received"), db_default=Now())

    class Meta:
        verbose_name = _("message result")
        verbose_name_plural = _("message results")
        ordering = ["message_id", "ordinal"]
        constraints = [models.UniqueConstraint(fields=["message_id", "ordinal"], name="messageresult_ordinal")]

    def __str__(self) -> str:
        return f"{self.message_id} {self.send_result}"

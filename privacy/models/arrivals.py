"""How records arrive: sources, the identity of every record ever accepted, the queue of usage, and quarantine."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application, Upstream
from common.sealed import SealedBodyField


class Kind(models.IntegerChoices):
    """What a record is. The numbers stand in privacy_record's key: never change one."""

    CDR = 1, _("CDR")
    EVENT = 2, _("Call event")
    SMS = 3, _("SMS")
    NUMBER_STATUS = 4, _("Number status")


class Source(models.Model):
    """Where records came from: one request, or one import file. received = stored + repeated + quarantined, always."""

    class Door(models.TextChoices):
        """The way in."""

        REQUEST = "request", _("Request")
        IMPORT = "import", _("Imported file")
        RETRY = "retry", _("Taken out of quarantine")

    door = models.CharField(_("door"), max_length=8, choices=Door.choices)
    upstream = models.ForeignKey(Upstream, models.PROTECT, verbose_name=_("upstream"))
    received_at = models.DateTimeField(_("received at"), db_default=Now())
    request_id = models.UUIDField(_("request id"), null=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    file_name = models.CharField(_("file name"), max_length=255, blank=True)
    file_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("person"))
    person = models.CharField(_("person"), max_length=150, blank=True)
    received = models.PositiveIntegerField(_("received"), default=0)
    stored = models.PositiveIntegerField(_("stored"), default=0)
    repeated = models.PositiveIntegerField(_("repeated"), default=0)
    quarantined = models.PositiveIntegerField(_("quarantined"), default=0)
    newest_at = models.DateTimeField(_("newest record"), null=True)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(received=models.F("stored") + models.F("repeated") + models.F("quarantined")),
                name="source_nothing_lost",
            )
        ]
        indexes = [models.Index(fields=["upstream", "received_at"], name="source_upstream_received")]

    def __str__(self) -> str:
        return f"{self.get_door_display()} {self.pk}"


class Record(models.Model):
    """The identity of a record: inserted first, ON CONFLICT DO NOTHING, so that each is stored once however often sent.

    `record_key` is the first 16 bytes of SHA-256 of the record id (design.md 3), in which no number stands in clear;
    `fingerprint` is a keyed hash of its normalised charging and party fields, for it is made of real numbers;
    `usage_id` is the id of the stored row (call, event, message).
    """

    pk = models.CompositePrimaryKey("upstream_id", "kind", "record_key")
    upstream = models.ForeignKey(Upstream, models.PROTECT, db_index=False)
    kind = models.PositiveSmallIntegerField(choices=Kind.choices)
    record_key = models.BinaryField(max_length=16)
    usage_id = models.UUIDField()
    fingerprint = models.BinaryField(max_length=16)
    source = models.ForeignKey(Source, models.PROTECT, db_index=False)

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")


class Usage(models.Model):
    """The queue of settlement: one narrow row per record that waits to be settled. No phone number but X's id.

    Written by ingest, deleted by settlement in its own transaction. The charge's primary key is `usage_id`.
    """

    class Item(models.TextChoices):
        """What waits."""

        CALL = "call", _("Call")
        SMS = "sms", _("SMS")
        UNANSWERED = "unanswered", _("Unanswered call")
        REVERSAL = "reversal", _("Reversal")

    usage_id = models.UUIDField(_("usage id"), primary_key=True)
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, verbose_name=_("account"))
    shard = models.PositiveSmallIntegerField(_("shard"))
    hour = models.DateTimeField(_("hour (UTC)"))
    item = models.CharField(_("item"), max_length=16, choices=Item.choices)
    application = models.ForeignKey(Application, models.PROTECT, db_index=False, verbose_name=_("application"))
    number = models.ForeignKey("privacy.Number", models.PROTECT, db_index=False, verbose_name=_("number"))
    number_kind = models.CharField(_("kind of number"), max_length=16)
    rated_at = models.DateTimeField(_("answered or sent"), null=True)
    ended_at = models.DateTimeField(_("ended"))
    seconds = models.PositiveIntegerField(_("talk seconds"), default=0)
    units = models.PositiveIntegerField(_("units"), null=True)
    session_id = models.CharField(_("session id"), max_length=256, blank=True)
    reverses = models.UUIDField(_("reverses"), null=True)
    blocked_reason = models.CharField(_("why it waits"), max_length=64, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("usage")
        verbose_name_plural = _("usage queue")
        indexes = [
            models.Index(fields=["shard", "hour"], name="usage_due"),
            models.Index(fields=["account", "hour"], name="usage_account_hour"),
            models.Index(fields=["blocked_reason"], name="usage_blocked", condition=~models.Q(blocked_reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.usage_id}"


class Quarantined(models.Model):
    """A record that could not be stored, with the reason. Never dropped: a person corrects or discards it.

    `body_digest` is SHA-256 over a keyed hash of the item, a number's status with its source and line: under it an item
    that comes again is known.
    """

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", _("Open")
        STORED = "stored", _("Stored later")
        DISCARDED = "discarded", _("Discarded")

    id = models.UUIDField(_("id"), primary_key=True, default=uuid.uuid4)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OPEN)
    reason = models.CharField(_("reason"), max_length=64)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    field = models.CharField(_("field"), max_length=64, blank=True)
    retryable = models.BooleanField(_("tried again by itself"), default=False)
    kind = models.PositiveSmallIntegerField(_("kind"), choices=Kind.choices)
    upstream = models.ForeignKey(Upstream, models.PROTECT, verbose_name=_("upstream"))
    signed_app_key = models.CharField(_("signed by app_key"), max_length=128, blank=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, verbose_name=_("account"))
    source = models.ForeignKey(Source, models.PROTECT, related_name="+", verbose_name=_("source"))
    line = models.PositiveIntegerField(_("line"), default=0)
    body_digest = models.BinaryField(_("SHA-256 of the item"), max_length=32)
    body = SealedBodyField(_("item as sent"))
    conflicts_with = models.UUIDField(_("id of the stored record"), null=True)
    occurred_at = models.DateTimeField(_("time of the record"), null=True)
    units_at_stake = models.PositiveIntegerField(_("units at stake"), default=0)
    times_received = models.PositiveIntegerField(_("times received"), default=1)
    received_at = models.DateTimeField(_("received at"), db_default=Now())
    resolved_at = models.DateTimeField(_("resolved"), null=True)
    resolved_by = models.CharField(_("resolved by"), max_length=150, blank=True)
    resolution = models.CharField(_("reason given"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("quarantined record")
        verbose_name_plural = _("quarantine")
        ordering = ["-received_at"]
        constraints = [models.UniqueConstraint(fields=["upstream", "kind", "body_digest"], name="quarantined_once")]
        indexes = [
            models.Index(fields=["state", "reason", "received_at"], name="quarantined_open"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.id}"

"""The outbox: one row per push that is due, written in the transaction of its cause.

A row is the queue; nothing else remembers that a push is due. Bodies are the exact bytes to be sent, sealed.
Order: pushes of one (endpoint, order_key) leave in the order of `sequence`.
"""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import SHARDS, Account, Application
from common.phone import mask_in_url
from common.sealed import SealedBodyField


class QueuedBy(models.Func):
    """The id of the transaction that writes a row."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class Endpoint(models.Model):
    """One (application, URL exactly as configured): kinds that share a URL share its order, cap and health."""

    class State(models.TextChoices):
        """Whether pushes are sent there."""

        ACTIVE = "active", _("Active")
        FAILING = "failing", _("Failing")
        PAUSED = "paused", _("Paused")
        DISABLED = "disabled", _("Disabled")

    account = models.ForeignKey(Account, models.PROTECT, verbose_name=_("account"))
    application = models.ForeignKey(
        Application, models.PROTECT, related_name="endpoints", verbose_name=_("application")
    )
    url = models.CharField(_("URL"), max_length=1024)
    url_digest = models.BinaryField(_("SHA-256 of the URL"), max_length=32)
    shard = models.PositiveSmallIntegerField(_("shard"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.ACTIVE)
    state_since = models.DateTimeField(_("state since"), db_default=Now())
    # Why it is paused or disabled, and by whom; "" where the dispatcher did it.
    state_reason = models.CharField(_("reason of the state"), max_length=300, blank=True, default="", db_default="")
    state_by = models.CharField(_("state set by"), max_length=150, blank=True, default="", db_default="")
    # HTTP 200 alone is success, unless this says any 2xx.
    any_2xx = models.BooleanField(_("any 2xx is success"), default=False, db_default=False)
    failing_since = models.DateTimeField(_("failing since"), null=True)
    misses = models.PositiveIntegerField(_("failures in a row"), default=0, db_default=0)
    last_success_at = models.DateTimeField(_("last success"), null=True)
    last_failure_at = models.DateTimeField(_("last failure"), null=True)
    last_reason = models.CharField(_("last reason"), max_length=300, blank=True, default="", db_default="")
    # While it is in the future nothing is sent but one probe when it is over (the breaker).
    closed_until = models.DateTimeField(_("left alone until"), null=True)
    # Nothing is sent to what an application left; what waits there is handed to its new URLs (privacy.stranded).
    left_at = models.DateTimeField(_("not configured since"), null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("endpoint")
        verbose_name_plural = _("endpoints")
        constraints = [
            models.UniqueConstraint(fields=["application", "url_digest"], name="endpoint_application_url"),
            models.CheckConstraint(condition=models.Q(shard__lt=SHARDS), name="endpoint_shard_in_range"),
        ]

    def __str__(self) -> str:
        return mask_in_url(self.url)


class Push(models.Model):
    """One message to one endpoint. Its id is made of its cause and endpoint, so that the same cause queues it once."""

    class Kind(models.TextChoices):
        """What the push tells (pushes.md 1-5)."""

        EVENT = "event", _("Call event")
        CDR = "fee", _("CDR")
        SMS = "sms", _("SMS")
        NUMBER_STATUS = "numStatus", _("Number status")

    class State(models.IntegerChoices):
        """Waiting, or given up. A push that arrived leaves the table for the attempt log."""

        PENDING = 0, _("Pending")
        DEAD = 1, _("Dead")
        PARKED = 2, _("Parked")

    id = models.UUIDField(_("id"), primary_key=True, default=uuid.uuid4)
    endpoint = models.ForeignKey(
        Endpoint, models.PROTECT, related_name="pushes", db_index=False, verbose_name=_("endpoint")
    )
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, verbose_name=_("account"))
    application = models.ForeignKey(Application, models.PROTECT, db_index=False, verbose_name=_("application"))
    shard = models.PositiveSmallIntegerField(_("shard"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    cause_id = models.UUIDField(_("cause"))
    order_key = models.BigIntegerField(_("order key"))
    sequence = models.BigIntegerField(_("sequence"))
    body = SealedBodyField(_("body"))
    state = models.PositiveSmallIntegerField(
        _("state"), choices=State.choices, default=State.PENDING, db_default=State.PENDING
    )
    attempt = models.PositiveSmallIntegerField(_("attempts made"), default=0, db_default=0)
    due_at = models.DateTimeField(_("due"), db_default=Now())
    first_failed_at = models.DateTimeField(_("first failed"), null=True)
    lease_epoch = models.BigIntegerField(_("lease epoch"), default=0, db_default=0)
    # Why it is dead or parked, in words without numbers.
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="", db_default="")
    replay = models.ForeignKey(
        "notifications.Replay", models.SET_NULL, null=True, blank=True, db_index=False, verbose_name=_("replay")
    )
    # The transaction that queued it: lists go by it, and only as far as nothing older can still be committed.
    queued_xid = models.BigIntegerField(_("queued by transaction"), db_default=QueuedBy())
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("push")
        verbose_name_plural = _("pushes")
        constraints = [models.UniqueConstraint(fields=["endpoint", "order_key", "sequence"], name="push_order")]
        indexes = [
            models.Index(fields=["shard", "due_at", "id"], name="push_due", condition=models.Q(state=0)),
            models.Index(fields=["cause_id"], name="push_cause"),
            models.Index(fields=["application", "queued_xid", "id"], name="push_queued"),
            models.Index(fields=["endpoint", "state", "due_at"], name="push_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

"""The outbox: one row per push that is due, written in the transaction of its cause.

A row is the queue; nothing else remembers that a push is due. Bodies are the exact bytes to be sent, sealed.
Order: pushes of one (endpoint, order_key) leave in the order of `sequence`.
"""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import SHARDS, Account, Application
from common.sealed import SealedBodyField
from common.timeid import TimeIdManager


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
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("endpoint")
        verbose_name_plural = _("endpoints")
        constraints = [
            models.UniqueConstraint(fields=["application", "url_digest"], name="endpoint_application_url"),
            models.CheckConstraint(condition=models.Q(shard__lt=SHARDS), name="endpoint_shard_in_range"),
        ]

    def __str__(self) -> str:
        return self.url


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
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("push")
        verbose_name_plural = _("pushes")
        constraints = [models.UniqueConstraint(fields=["endpoint", "order_key", "sequence"], name="push_order")]
        indexes = [
            models.Index(fields=["shard", "due_at", "id"], name="push_due", condition=models.Q(state=0)),
            models.Index(fields=["cause_id"], name="push_cause"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Attempt(models.Model):
    """One request really made to a customer's server, or one that was not let out, and why. Insert-only.

    Of a push it has the push's id; a question to the customer (X mode, Block SMS) is one attempt with an id of its own.
    """

    partition_interval = "week"

    class Result(models.TextChoices):
        """What became of it."""

        DELIVERED = "delivered", _("Delivered")
        REFUSED = "refused", _("Refused by the server")
        TIMEOUT = "timeout", _("No answer in time")
        UNREACHABLE = "unreachable", _("Not reachable")
        TLS = "tls", _("No secure connection")
        FORBIDDEN = "forbidden", _("Address not allowed")
        BAD_ANSWER = "bad_answer", _("Answer not understood")
        NOT_ASKED = "not_asked", _("Not asked: too many are waiting, or the server failed before")

    id = models.UUIDField(_("id"), primary_key=True, editable=False)
    push_id = models.UUIDField(_("push"))
    endpoint = models.ForeignKey(
        Endpoint, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("endpoint")
    )
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("account"))
    application = models.ForeignKey(
        Application, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("application")
    )
    kind = models.CharField(_("kind"), max_length=16)
    cause_id = models.UUIDField(_("cause"))
    # sessionId or smsIdentifier of a question: the call's page finds it by that.
    session_id = models.CharField(_("session or SMS id"), max_length=256, blank=True)
    question = models.BooleanField(_("question"), default=False)
    number = models.PositiveSmallIntegerField(_("attempt"))
    result = models.CharField(_("result"), max_length=16, choices=Result.choices)
    http_status = models.SmallIntegerField(_("HTTP status"), null=True)
    duration_us = models.IntegerField(_("duration, microseconds"))
    # Plain words without numbers: "TLS certificate expired 3 days ago".
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    # As sent, once it left the outbox; the first 4 KiB of the answer.
    body = SealedBodyField(_("body"), null=True)
    answer = SealedBodyField(_("answer"), null=True)

    objects = TimeIdManager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["push_id"], name="attempt_push"),
            models.Index(fields=["endpoint", "id"], name="attempt_endpoint"),
            models.Index(fields=["account", "id"], name="attempt_account"),
            models.Index(fields=["cause_id"], name="attempt_cause"),
            models.Index(fields=["session_id"], name="attempt_session", condition=~models.Q(session_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.result}"

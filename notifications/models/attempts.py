"""The log of requests to customers' servers: delivered, failed, not let out. Insert-only, partitioned by week."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application
from common.sealed import SealedBodyField
from common.timeid import TimeIdManager
from notifications.models.outbox import Endpoint


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
    # A message id without numbers, an instant in it in UTC; shown by notifications.reasons.
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    # Of the last attempt of a push: its place in the lists, which it had in the outbox; null while it is queued there.
    queued_xid = models.BigIntegerField(_("queued by transaction"), null=True)
    order_key = models.BigIntegerField(_("order key"), null=True)
    sequence = models.BigIntegerField(_("sequence"), null=True)
    queued_at = models.DateTimeField(_("queued"), null=True)
    replay = models.BooleanField(_("replay"), default=False, db_default=False)
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
            models.Index(
                fields=["application", "queued_xid", "push_id"],
                name="attempt_queued",
                condition=models.Q(queued_xid__isnull=False),
            ),
            models.Index(fields=["session_id"], name="attempt_session", condition=~models.Q(session_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.result}"

"""Who sends which share of the outbox, and what is sent again because somebody asked."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import SHARDS, Account, Application


class ShardLease(models.Model):
    """One of 64 shares of the outbox: whose it is, until when. A row is there once a dispatcher asked for it.

    `epoch` grows with each new owner: what an old one still writes names its own epoch and changes nothing.
    """

    shard = models.PositiveSmallIntegerField(_("shard"), primary_key=True)
    owner = models.CharField(_("owner"), max_length=128, blank=True)
    epoch = models.BigIntegerField(_("epoch"), default=0, db_default=0)
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("shard lease")
        verbose_name_plural = _("shard leases")
        ordering = ["shard"]
        constraints = [models.CheckConstraint(condition=models.Q(shard__lt=SHARDS), name="shardlease_in_range")]

    def __str__(self) -> str:
        return f"{self.shard} {self.owner}"


class Dispatcher(models.Model):
    """One process that sends pushes, and its last sign of life. It says so each second, and is gone when it stops."""

    name = models.CharField(_("name"), max_length=128, primary_key=True)
    started_at = models.DateTimeField(_("started"), db_default=Now())
    seen_at = models.DateTimeField(_("last sign of life"), db_default=Now())

    class Meta:
        verbose_name = _("dispatcher")
        verbose_name_plural = _("dispatchers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Replay(models.Model):
    """Pushes that are sent again: which, who asked, why, how far it is. The same key is the same replay."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    id = models.UUIDField(_("id"), primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, verbose_name=_("account"))
    application = models.ForeignKey(
        Application, models.PROTECT, null=True, db_index=False, verbose_name=_("application")
    )
    key = models.BinaryField(_("SHA-256 of the request's key"), max_length=32)
    chosen = models.JSONField(_("what is chosen"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    asked_by = models.CharField(_("asked by"), max_length=150, blank=True)
    asked_at = models.DateTimeField(_("asked"), db_default=Now(), editable=False)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    total = models.PositiveIntegerField(_("pushes"), default=0)
    queued = models.PositiveIntegerField(_("queued so far"), default=0)
    # How far the choice was gone through: the last (transaction, push) that was queued.
    place = models.JSONField(_("place"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("replay")
        verbose_name_plural = _("replays")
        ordering = ["-asked_at"]
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="replay_once")]
        indexes = [
            models.Index(fields=["asked_at"], name="replay_open", condition=models.Q(state__in=["waiting", "running"]))
        ]

    def __str__(self) -> str:
        return str(self.pk)

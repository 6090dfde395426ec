"""What the people's pages keep of their own: long jobs, and signs of life."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account


class Job(models.Model):
    """A long piece of work someone asked for in the console. The row is the queue; Celery is only told to look."""

    class State(models.TextChoices):
        """Where it stands."""

        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    id = models.UUIDField(_("id"), primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=32)
    parameters = models.JSONField(_("parameters"), default=dict)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, verbose_name=_("account"))
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("requested by"))
    requested_at = models.DateTimeField(_("requested"), db_default=Now())
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.QUEUED)
    progress = models.PositiveBigIntegerField(_("rows done"), default=0)
    total = models.PositiveBigIntegerField(_("rows expected"), default=0)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True)
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)
    finished_at = models.DateTimeField(_("finished"), null=True)
    error = models.CharField(_("error"), max_length=500, blank=True)
    result_file = models.CharField(_("file"), max_length=255, blank=True)
    result_rows = models.PositiveBigIntegerField(_("rows"), default=0)
    result_bytes = models.PositiveBigIntegerField(_("bytes"), default=0)
    result_sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    expires_at = models.DateTimeField(_("link expires"), null=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-requested_at"]
        indexes = [models.Index(fields=["state", "requested_at"], name="job_state")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Heartbeat(models.Model):
    """When a background process last gave a sign of life; /readyz reads it."""

    name = models.CharField(_("name"), max_length=32, primary_key=True)
    at = models.DateTimeField(_("time"), db_default=Now())

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name

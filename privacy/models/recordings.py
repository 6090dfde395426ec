"""The files of recordings that are kept, and calls played for trying out."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application, Upstream
from common.sealed import SealedTextField


class RecordingFile(models.Model):
    """One recording in the storage "recordings", or one to be fetched from an upstream, or one that is gone."""

    class State(models.TextChoices):
        """Where it is."""

        AWAITED = "awaited", _("to be fetched")
        STORED = "stored", _("stored")
        FAILED = "failed", _("could not be fetched")
        DELETED = "deleted", _("deleted")

    account = models.ForeignKey(Account, models.PROTECT, db_index=False, verbose_name=_("account"))
    application = models.ForeignKey(Application, models.PROTECT, db_index=False, verbose_name=_("application"))
    upstream = models.ForeignKey(Upstream, models.PROTECT, db_index=False, verbose_name=_("upstream"))
    session_id = models.CharField(_("session id"), max_length=256, blank=True)
    # The CDR's, once there is one.
    call_id = models.UUIDField(_("call"), null=True)
    domain = models.CharField(_("domain"), max_length=128)
    name = models.CharField(_("name"), max_length=256)
    path = models.CharField(_("path in the storage"), max_length=400)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.STORED)
    size = models.BigIntegerField(_("size, bytes"), null=True)
    sha256 = models.BinaryField(_("SHA-256"), max_length=32, null=True)
    # Where it is fetched from, until it is here.
    source_url = SealedTextField(_("address at the upstream"), max_length=1024, null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts to fetch"), default=0)
    problem = models.CharField(_("problem"), max_length=200, blank=True)
    due_at = models.DateTimeField(_("next attempt"), null=True)
    stored_at = models.DateTimeField(_("stored"), null=True)
    # Retention counts from the CDR's arrival, without one from the storing.
    delete_at = models.DateTimeField(_("deleted after"), null=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["account", "domain", "name"], name="recordingfile_once")]
        indexes = [
            models.Index(fields=["call_id"], name="recordingfile_call", condition=models.Q(call_id__isnull=False)),
            models.Index(fields=["delete_at"], name="recordingfile_term", condition=models.Q(deleted_at__isnull=True)),
            models.Index(fields=["due_at"], name="recordingfile_due", condition=models.Q(state="awaited")),
        ]

    def __str__(self) -> str:
        return self.name


class TestCall(models.Model):
    """A call played for a customer's developer: its pushes are real, nothing else is. It costs and counts nothing."""

    account = models.ForeignKey(Account, models.PROTECT, verbose_name=_("account"))
    application = models.ForeignKey(Application, models.PROTECT, db_index=False, verbose_name=_("application"))
    scenario = models.CharField(_("scenario"), max_length=40)
    session_id = models.CharField(_("session id"), max_length=256, unique=True)
    asked_by = models.CharField(_("asked by"), max_length=150, blank=True)
    # What makes a repeat harmless: Idempotency-Key, or the form's token.
    key = models.BinaryField(_("SHA-256 of the request's key"), max_length=32, null=True)
    pushes = models.PositiveSmallIntegerField(_("pushes queued"), default=0)
    answer = models.JSONField(_("the customer's answer"), null=True)
    asked_at = models.DateTimeField(_("asked"), db_default=Now(), db_index=True)

    class Meta:
        verbose_name = _("test call")
        verbose_name_plural = _("test calls")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "key"], condition=models.Q(key__isnull=False), name="testcall_once"
            )
        ]

    def __str__(self) -> str:
        return self.session_id

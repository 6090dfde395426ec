"""Every request to the northbound API, refused ones too, for 31 days; answers that are given again."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application
from common.sealed import SealedBodyField
from common.timeid import TimeIdManager


class ApiRequest(models.Model):
    """One request and what it was answered; the id is the X-Request-Id of the answer."""

    partition_interval = "week"

    id = models.UUIDField(_("request id"), primary_key=True, editable=False)
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, db_index=False, db_constraint=False, verbose_name=_("account")
    )
    application = models.ForeignKey(
        Application, models.PROTECT, null=True, db_index=False, db_constraint=False, verbose_name=_("application")
    )
    app_key = models.CharField(_("app_key as sent"), max_length=128, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    method = models.CharField(_("method"), max_length=16)
    path = models.CharField(_("path"), max_length=128)
    operation = models.CharField(_("operation"), max_length=40, blank=True)
    http_status = models.SmallIntegerField(_("HTTP status"))
    code = models.CharField(_("result code"), max_length=16, blank=True)
    parameter = models.CharField(_("parameter at fault"), max_length=64, blank=True)
    # Of a refused signature: which check failed, and what is known of it ("the clock is off by 28,800 s").
    step = models.CharField(_("failed check"), max_length=16, blank=True)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    duration_us = models.IntegerField(_("duration, microseconds"))
    binding_id = models.UUIDField(_("binding id"), null=True)
    # JSON {"query": ..., "body": ...}: a body is cut at 64 KiB.
    request = SealedBodyField(_("request"), null=True)
    answer = SealedBodyField(_("answer"), null=True)

    objects = TimeIdManager()

    class Meta:
        verbose_name = _("API request")
        verbose_name_plural = _("API requests")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["account", "id"], name="apirequest_account"),
            models.Index(
                fields=["binding_id"], name="apirequest_binding", condition=models.Q(binding_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class IdempotentAnswer(models.Model):
    """The answer to a request that carried Idempotency-Key, kept 24 h: the same key and body get it again."""

    application = models.ForeignKey(Application, models.CASCADE, db_index=False, verbose_name=_("application"))
    key = models.BinaryField(_("SHA-256 of the key"), max_length=32)
    body = models.BinaryField(_("SHA-256 of method, path and body"), max_length=32)
    http_status = models.SmallIntegerField(_("HTTP status"), null=True)
    answer = SealedBodyField(_("answer"), null=True)
    created_at = models.DateTimeField(_("created"), db_index=True)

    account_path = "application__account"

    class Meta:
        verbose_name = _("idempotent answer")
        verbose_name_plural = _("idempotent answers")
        constraints = [models.UniqueConstraint(fields=["application", "key"], name="idempotent_once")]

    def __str__(self) -> str:
        return str(self.pk)

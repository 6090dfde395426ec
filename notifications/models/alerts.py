"""What somebody must look at: one row each time a thing goes wrong, however often it is noticed; and who is told."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from common.sealed import SealedTextField


class Alert(models.Model):
    """One trouble from when it was first seen until it was over. The same again while it is open only counts."""

    class Severity(models.TextChoices):
        """How bad it is."""

        INFO = "info", _("Information")
        WARNING = "warning", _("Warning")
        CRITICAL = "critical", _("Critical")

    kind = models.CharField(_("kind"), max_length=40)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices)
    account = models.ForeignKey(Account, models.PROTECT, null=True, verbose_name=_("account"))
    # What it is about, as the page that shows it knows it: "endpoint:12", "package:acme/p-1". No phone number.
    subject = models.CharField(_("subject"), max_length=160)
    title = models.CharField(_("title"), max_length=200)
    # Values of the sentence that tells it; no phone number.
    values = models.JSONField(_("values"), default=dict)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    count = models.PositiveIntegerField(_("times seen"), default=1)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    acknowledged_by = models.CharField(_("acknowledged by"), max_length=150, blank=True)
    silenced_until = models.DateTimeField(_("silenced until"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.CharField(_("closed by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-last_seen_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=models.Q(closed_at__isnull=True), name="alert_open_once"
            )
        ]
        indexes = [
            models.Index(fields=["account", "-last_seen_at"], name="alert_account"),
            # Each look asks for the last silence of its subjects.
            models.Index(fields=["kind", "subject", "-id"], name="alert_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class AlertRoute(models.Model):
    """Where alerts go: by kind and account, as mail or to a signed webhook (a chat robot's body, or our own)."""

    class Channel(models.TextChoices):
        """How it is told."""

        MAIL = "mail", _("Mail")
        WEBHOOK = "webhook", _("Webhook")

    name = models.CharField(_("name"), max_length=80)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, verbose_name=_("account"))
    # "" = every kind; least severity that is told.
    kind = models.CharField(_("kind"), max_length=40, blank=True)
    severity = models.CharField(_("from severity"), max_length=8, choices=Alert.Severity.choices, default="warning")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    # Mail addresses, one a line; empty: the account's contacts.
    addresses = models.TextField(_("addresses"), blank=True)
    url = SealedTextField(_("URL"), max_length=1024, null=True, blank=True)
    secret = SealedTextField(_("secret"), max_length=128, null=True, blank=True)
    template = models.CharField(_("body"), max_length=16, default="maskline")
    language = models.CharField(_("language"), max_length=8, default="zh-hans")
    enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("alert route")
        verbose_name_plural = _("alert routes")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AlertMessage(models.Model):
    """One alert told by one route, once a crossing: it opened, it closed, or a test. The row is the queue."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    alert = models.ForeignKey(
        Alert, models.CASCADE, null=True, related_name="messages", db_index=False, verbose_name=_("alert")
    )
    route = models.ForeignKey(AlertRoute, models.CASCADE, related_name="messages", verbose_name=_("route"))
    crossing = models.CharField(_("crossing"), max_length=8)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"), db_default=Now())
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    # The mail addresses that took it, so that another try leaves them alone.
    reached = models.JSONField(_("arrived at"), default=list, db_default=models.Value([], models.JSONField()))
    created_at = models.DateTimeField(_("created"), db_default=Now())
    sent_at = models.DateTimeField(_("sent"), null=True)

    account_path = "route__account"

    class Meta:
        verbose_name = _("alert message")
        verbose_name_plural = _("alert messages")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "route", "crossing"], condition=~models.Q(crossing="test"), name="alertmessage_once"
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="alertmessage_due", condition=models.Q(state="waiting"))]

    def __str__(self) -> str:
        return str(self.pk)

"""Who we serve and who works here.

An account pays; its applications (app_key, mode, URLs) use numbers; an upstream (a switch or another platform) delivers
records. Secrets are sealed with the data key. The audit trail is append-only: the database refuses anything but INSERT.
"""

import hashlib
from typing import Any

from django.conf import settings
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from common.sealed import SealedBodyField, SealedTextField

SHARDS = 64

CODE = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}\Z", _("Use 1-32 letters, digits, - or _."))


def shard_of(code: str) -> int:
    """Return the settlement shard of an account: fixed at its creation, the same for the same code."""
    return hashlib.sha256(code.encode()).digest()[0] % SHARDS


class Account(models.Model):
    """A paying customer: one currency, one time zone, one prepaid balance."""

    class State(models.TextChoices):
        """Where the balance stands (billing.md 7)."""

        GOOD = "good", _("In good standing")
        LOW = "low", _("Low balance")
        ARREARS = "arrears", _("In arrears")

    code = models.CharField(_("code"), max_length=32, unique=True, validators=[CODE])
    name = models.CharField(_("name"), max_length=128)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    credit_limit = models.DecimalField(_("credit limit"), max_digits=18, decimal_places=6, default=0)
    low_balance = models.DecimalField(_("low balance threshold"), max_digits=18, decimal_places=6, default=0)
    contacts = models.JSONField(_("contacts"), default=list, blank=True)
    shard = models.PositiveSmallIntegerField(_("shard"), editable=False)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.GOOD)
    state_since = models.DateTimeField(_("state since"), db_default=Now())
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(credit_limit__gte=0),
                name="account_credit_limit_not_negative",
                violation_error_message=_("A credit limit is not negative."),
            ),
            models.CheckConstraint(condition=models.Q(shard__lt=SHARDS), name="account_shard_in_range"),
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Fix the shard at creation: it never changes, or two settlements could meet on one account."""
        if self._state.adding:
            self.shard = shard_of(self.code)
        super().save(*args, **kwargs)


class Application(models.Model):
    """One app_key of an account: its mode, its URLs and its switches (pushes.md 8, contract: provision file)."""

    class Mode(models.TextChoices):
        """The five modes of privacy numbers."""

        AX = "AX", "AX"
        AXB = "AXB", "AXB"
        AXE = "AXE", "AXE"
        AXYB = "AXYB", "AXYB"
        X = "X", "X"

    class State(models.TextChoices):
        """Whether the app_key may be used."""

        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")

    class PairPreference(models.TextChoices):
        """Which number two parties get who had one before."""

        NONE = "none", _("The least recently used")
        SAME = "same", _("The same again, if it is free")
        OTHER = "other", _("Another one, if there is one")

    account = models.ForeignKey(Account, models.PROTECT, related_name="applications", verbose_name=_("account"))
    app_key = models.CharField(_("app_key"), max_length=128, unique=True)
    app_secret = SealedTextField(_("app_secret"), max_length=128, validators=[MinLengthValidator(8)])
    # The secret before, with which pushes are signed as well until then.
    previous_secret = SealedTextField(_("previous app_secret"), max_length=128, null=True, blank=True)
    previous_secret_until = models.DateTimeField(_("previous app_secret until"), null=True, blank=True)
    name = models.CharField(_("name"), max_length=128)
    mode = models.CharField(_("mode"), max_length=4, choices=Mode.choices, default=Mode.AXB)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.ACTIVE)
    call_status_url = models.CharField(_("call-status URL"), max_length=1024, null=True, blank=True)
    callin_url = models.CharField(_("callin URL"), max_length=1024, null=True, blank=True)
    cdr_url = models.CharField(_("CDR URL"), max_length=1024, null=True, blank=True)
    sms_url = models.CharField(_("SMS notification URL"), max_length=1024, null=True, blank=True)
    sms_control_url = models.CharField(_("SMS control URL"), max_length=1024, null=True, blank=True)
    number_status_url = models.CharField(_("number status URL"), max_length=1024, null=True, blank=True)
    recording = models.BooleanField(_("recording"), default=True)
    sms = models.BooleanField(_("SMS"), default=True)
    keep_sms_content = models.BooleanField(_("keep and push SMS content"), default=False)
    push_number_status = models.BooleanField(_("push number status"), default=True)
    wsse_pushes = models.BooleanField(_("sign pushes in the older WSSE form"), default=False)
    lenient_headers = models.BooleanField(_("accept dsl= for type= in Authorization"), default=False)
    strict_nonces = models.BooleanField(_("refuse a nonce used before"), default=False)
    allowed_ips = models.JSONField(_("allowed addresses"), default=list, blank=True)
    extension_digits = models.PositiveSmallIntegerField(_("extension digits"), default=4)
    cool_down_hours = models.PositiveSmallIntegerField(_("cool-down, hours"), default=24, db_default=24)
    pair_preference = models.CharField(
        _("number for a pair that had one"),
        max_length=8,
        choices=PairPreference.choices,
        default=PairPreference.NONE,
        db_default=PairPreference.NONE,
    )
    fallback_cities = models.JSONField(_("fallback cities (area codes, in order)"), default=list, blank=True)
    risk_control = models.BooleanField(_("risk control"), default=False, db_default=False)
    require_content_digest = models.BooleanField(_("require X-Content-SHA256"), default=False, db_default=False)
    tags = models.JSONField(_("tags"), default=dict, blank=True)
    no_permission_voice = models.CharField(_("'no permission' voice file"), max_length=128, null=True, blank=True)
    abnormal_voice = models.CharField(_("'business abnormal' voice file"), max_length=128, null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["app_key"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(extension_digits__gte=1, extension_digits__lte=4),
                name="application_extension_digits_1_to_4",
                violation_error_message=_("An extension has 1 to 4 digits."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.app_key} ({self.name})"


class Upstream(models.Model):
    """A switch or an upstream platform that delivers records, known by its key (or an app_key listed for it)."""

    code = models.CharField(_("code"), max_length=32, unique=True, validators=[CODE])
    key = models.CharField(_("key"), max_length=128, unique=True)
    secret = SealedTextField(_("secret"), max_length=128, validators=[MinLengthValidator(8)])
    allowed_ips = models.JSONField(_("allowed addresses"), default=list, blank=True)
    every_account = models.BooleanField(_("serves every account"), default=True)
    # Recordings are fetched only from these hosts (host or host:port).
    recording_hosts = models.JSONField(_("hosts of recordings"), default=list, blank=True)
    # Where orders to stop a call are posted; without it the switch asks for them.
    stop_url = models.CharField(_("URL for stop orders"), max_length=1024, null=True, blank=True)
    accounts = models.ManyToManyField(Account, blank=True, related_name="upstreams", verbose_name=_("accounts"))
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("upstream")
        verbose_name_plural = _("upstreams")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class UpstreamApplication(models.Model):
    """An app_key that a vendor knows us by: records that carry it belong to our application."""

    upstream = models.ForeignKey(Upstream, models.CASCADE, related_name="applications", verbose_name=_("upstream"))
    app_key = models.CharField(_("vendor's app_key"), max_length=128, unique=True)
    app_secret = SealedTextField(_("vendor's app_secret"), max_length=128, validators=[MinLengthValidator(8)])
    application = models.ForeignKey(Application, models.PROTECT, related_name="relayed", verbose_name=_("application"))

    class Meta:
        verbose_name = _("upstream application")
        verbose_name_plural = _("upstream applications")
        ordering = ["app_key"]

    def __str__(self) -> str:
        return self.app_key


class StaffProfile(models.Model):
    """What Django's user lacks: the account a customer's user is bound to, and how times are shown."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile", verbose_name=_("user")
    )
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="staff", verbose_name=_("account")
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")

    class Meta:
        verbose_name = _("staff profile")
        verbose_name_plural = _("staff profiles")

    def __str__(self) -> str:
        return str(self.user)


class AuditEntry(models.Model):
    """One thing a person did or looked at: who, when, from where, what, why. Rows are only ever added."""

    at = models.DateTimeField(_("time"), db_default=Now(), db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, db_constraint=False, verbose_name=_("user")
    )
    username = models.CharField(_("user name"), max_length=150)
    action = models.CharField(_("action"), max_length=64, db_index=True)
    subject_kind = models.CharField(_("kind of subject"), max_length=64, blank=True)
    subject = models.CharField(_("subject"), max_length=256, blank=True)
    account = models.ForeignKey(Account, models.DO_NOTHING, null=True, db_constraint=False, verbose_name=_("account"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    detail = models.JSONField(_("detail"), default=dict)
    address = models.GenericIPAddressField(_("address"), null=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject_kind", "subject"], name="audit_subject")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.username} {self.action}"


class Lockout(models.Model):
    """Wrong digests of one (address, key) inside the window, and until when the pair is refused (1020176)."""

    address = models.GenericIPAddressField(_("address"))
    key = models.CharField(_("key"), max_length=128)
    failures = models.PositiveIntegerField(_("failures"), default=0)
    window_started_at = models.DateTimeField(_("window started"))
    locked_until = models.DateTimeField(_("locked until"), null=True)

    class Meta:
        verbose_name = _("lock-out")
        verbose_name_plural = _("lock-outs")
        constraints = [models.UniqueConstraint(fields=["address", "key"], name="lockout_address_key")]

    def __str__(self) -> str:
        return f"{self.address} {self.key}"


class UsedNonce(models.Model):
    """A header that must not be good again: always for clocks 8 hours ahead, for all of a key when it is strict."""

    key = models.CharField(_("key"), max_length=128)
    digest = models.BinaryField(_("digest of key, nonce and Created"), max_length=32, unique=True)
    first_used_at = models.DateTimeField(_("first used"))
    forget_at = models.DateTimeField(_("forget after"), db_index=True)

    class Meta:
        verbose_name = _("used nonce")
        verbose_name_plural = _("used nonces")

    def __str__(self) -> str:
        return self.key


class EarlierState(models.Model):
    """What decides calls and messages, as it was until `valid_to`: written by triggers, whoever changes the row.

    The state at an instant is the row with the least `valid_to` after it; where there is none, as it is now.
    """

    class Kind(models.TextChoices):
        """Of which table the row is."""

        ACCOUNT = "account", _("account")
        APPLICATION = "application", _("application")
        NUMBER = "number", _("number")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    row_id = models.BigIntegerField(_("row"))
    valid_to = models.DateTimeField(_("to"))
    state = models.JSONField(_("state"))

    class Meta:
        verbose_name = _("earlier state")
        verbose_name_plural = _("earlier states")
        indexes = [models.Index(fields=["kind", "row_id", "valid_to"], name="earlierstate_until")]

    def __str__(self) -> str:
        return f"{self.kind} {self.row_id}"


class LookupKey(models.Model):
    """The key of all keyed hashes (accounts/lookup.py): it outlives the data keys and is sealed under the first."""

    id = models.PositiveSmallIntegerField(_("id"), primary_key=True, default=1, editable=False)
    secret = SealedBodyField(_("secret"))

    class Meta:
        verbose_name = _("lookup key")
        verbose_name_plural = _("lookup keys")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="lookupkey_one_row")]

    def __str__(self) -> str:
        return str(self.pk)


class DataKey(models.Model):
    """A data key this database was written with: its id and a fingerprint, so that a wrong key stops the start."""

    kid = models.CharField(_("key id"), max_length=16, unique=True)
    fingerprint = models.BinaryField(_("fingerprint"), max_length=32)
    first_seen_at = models.DateTimeField(_("first seen"), db_default=Now())

    class Meta:
        verbose_name = _("data key")
        verbose_name_plural = _("data keys")

    def __str__(self) -> str:
        return self.kid

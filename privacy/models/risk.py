"""What an application may be told to hold back: frequencies, hours, blacklists; and what an account's SMS must say.

Nothing is edited: a row that changes is closed and a new one begins, so that "what held then?" stays answerable.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application
from common.phone import PhoneNumberField
from privacy.models.bindings import HASH_BYTES
from privacy.models.numbers import Number


class Ruled(models.Model):
    """What holds during [valid_from, valid_to), and who said so."""

    valid_from = models.DateTimeField(_("from"), db_default=Now())
    valid_to = models.DateTimeField(_("to"), null=True)
    made_by = models.CharField(_("made by"), max_length=150, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=150, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        abstract = True


class RiskRule(Ruled):
    """At most so many connected calls in a window, or calls only within these hours (pushes.md 6.1, 8047-8050)."""

    class Kind(models.TextChoices):
        """What is counted; hours count nothing."""

        CALLER = "caller", _("calls of a caller")
        CALLEE = "callee", _("calls to a callee")
        NUMBER = "number", _("calls through an X")
        PAIR = "pair", _("calls of a caller to a callee")
        HOURS = "hours", _("calling hours")

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="risk_rules", db_index=False, verbose_name=_("application")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    most = models.PositiveIntegerField(_("at most"), null=True, blank=True)
    window_seconds = models.PositiveIntegerField(_("within, s"), null=True, blank=True)
    # In the account's zone; from later than to spans midnight.
    hours_from = models.TimeField(_("calls from"), null=True, blank=True)
    hours_to = models.TimeField(_("calls until"), null=True, blank=True)

    account_path = "application__account"

    class Meta:
        verbose_name = _("risk rule")
        verbose_name_plural = _("risk rules")
        ordering = ["application", "kind", "window_seconds", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="hours", hours_from__isnull=False, hours_to__isnull=False)
                | (~models.Q(kind="hours") & models.Q(most__gte=1, window_seconds__gte=1)),
                name="riskrule_complete",
            )
        ]
        indexes = [models.Index(fields=["application", "valid_to"], name="riskrule_application")]

    def __str__(self) -> str:
        return f"{self.kind} {self.most}/{self.window_seconds}"


class RiskPardon(models.Model):
    """Calls of a caller, to a callee, through an X or of a pair until then count no more: it was let through again.

    `subject`: the keyed hash of the caller or callee, of a pair both, of an X its id in 8 bytes. Rows are only added.
    """

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="risk_pardons", db_index=False, verbose_name=_("application")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=RiskRule.Kind.choices)
    subject = models.BinaryField(_("who or what, hashed"), max_length=2 * HASH_BYTES)
    at = models.DateTimeField(_("time"), db_default=Now())
    made_by = models.CharField(_("made by"), max_length=150, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    account_path = "application__account"

    class Meta:
        verbose_name = _("risk pardon")
        verbose_name_plural = _("risk pardons")
        ordering = ["-id"]
        indexes = [models.Index(fields=["application", "kind", "subject", "at"], name="riskpardon_subject")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class RiskPass(models.Model):
    """A call that was let through while Redis was away: it counts before its decision is written. Kept a day."""

    application = models.ForeignKey(
        Application, models.CASCADE, related_name="+", db_index=False, verbose_name=_("application")
    )
    number = models.ForeignKey(Number, models.CASCADE, related_name="+", db_index=False, verbose_name=_("number"))
    caller_key = models.BinaryField(_("keyed hash of the caller"), max_length=HASH_BYTES)
    callee_key = models.BinaryField(_("keyed hash of the callee"), max_length=HASH_BYTES)
    member = models.CharField(_("hash of the session"), max_length=24)
    at = models.DateTimeField(_("time"))

    account_path = "application__account"

    class Meta:
        verbose_name = _("call let through without Redis")
        verbose_name_plural = _("calls let through without Redis")
        indexes = [models.Index(fields=["application", "at"], name="riskpass_application")]

    def __str__(self) -> str:
        return str(self.pk)


class BlacklistEntry(Ruled):
    """A number that may not call (7005), may not be called (7004), or may not call one other, on any X of a pool."""

    class Side(models.TextChoices):
        """What is forbidden."""

        CALLER = "caller", _("may not call")
        CALLEE = "callee", _("may not be called")
        PAIR = "pair", _("may not call this number")

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="blacklist", db_index=False, verbose_name=_("application")
    )
    side = models.CharField(_("forbidden"), max_length=8, choices=Side.choices)
    number = PhoneNumberField(_("number"), max_length=32)
    key = models.BinaryField(_("keyed hash"), max_length=HASH_BYTES)
    counterpart = PhoneNumberField(_("other number"), max_length=32, null=True)
    counterpart_key = models.BinaryField(_("keyed hash of the other"), max_length=HASH_BYTES, default=b"", blank=True)

    account_path = "application__account"

    class Meta:
        verbose_name = _("blacklist entry")
        verbose_name_plural = _("blacklist")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "key", "side", "counterpart_key"],
                condition=models.Q(valid_to__isnull=True),
                name="blacklist_open_once",
            )
        ]
        indexes = [models.Index(fields=["application", "key", "valid_to"], name="blacklist_key")]

    def __str__(self) -> str:
        return f"{self.side} {self.pk}"


class KeywordRule(Ruled):
    """A word that an account's SMS must hold (one of them: sendResult 12), or must not (13)."""

    class Kind(models.TextChoices):
        """Whether the word is wanted."""

        REQUIRED = "required", _("one of these must be there")
        FORBIDDEN = "forbidden", _("must not be there")

    account = models.ForeignKey(Account, models.PROTECT, related_name="keyword_rules", verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    word = models.CharField(_("word"), max_length=64)

    class Meta:
        verbose_name = _("keyword rule")
        verbose_name_plural = _("keyword rules")
        ordering = ["account", "kind", "word"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "word"],
                condition=models.Q(valid_to__isnull=True),
                name="keywordrule_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

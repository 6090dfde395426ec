"""Bindings: who is reached through which X, by which ways in, and who was (northbound.md 3-6; design.md 2.1).

A binding is never deleted: [valid_from, valid_to) says when it held. `Route` rows exist only while it holds; the unique
index on (number, key) is what refuses a second one. Keys are keyed hashes (accounts.lookup).
"""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application
from common.phone import PhoneNumberField
from common.sealed import SealedBodyField, SealedTextField
from privacy.models.numbers import Number

MOST_PAIRS, MOST_RELATIONS, MOST_NUMBERS_OF_A, MOST_EXTENSIONS = 5000, 1000, 5, 9999
HASH_BYTES = 16
# What was never bound comes first.
LEAST_RECENT, FREE = models.F("last_bound_at").asc(nulls_first=True), models.Q(free=True)


class Terms(models.Model):
    """What a binding may be told: shared by the binding and its earlier versions."""

    class Display(models.TextChoices):
        """Which number A sees when somebody calls X (calleeNumDisplay, displayNumMode)."""

        X = "0", "X"
        CALLER = "1", _("The real caller")

    a_number = PhoneNumberField(_("A"), max_length=32)
    b_number = PhoneNumberField(_("B"), max_length=32, null=True)
    extension = models.CharField(_("extension"), max_length=4, blank=True)
    call_direction = models.SmallIntegerField(_("direction"), default=0)
    expires_at = models.DateTimeField(_("expires"), null=True)
    # As it is shown on the wire: seconds, in AXE the unit of time_unit; null = never said.
    duration = models.IntegerField(_("duration"), null=True)
    yb_duration = models.IntegerField(_("duration of YB, s"), null=True)
    time_unit = models.CharField(_("time unit"), max_length=1, blank=True)
    callback_duration = models.IntegerField(_("duration of call-back records"), null=True)
    max_minutes = models.SmallIntegerField(_("longest call, minutes"), default=0)
    last_minute_voice = models.CharField(_("last-minute voice file"), max_length=128, blank=True)
    record = models.BooleanField(_("record"), default=False)
    record_voice = models.CharField(_("recording announcement"), max_length=128, blank=True)
    sms = models.BooleanField(_("SMS"), default=True)
    display = models.CharField(_("number A sees"), max_length=1, choices=Display.choices, default=Display.X)
    power = models.BooleanField(_("switched on"), default=True)
    # The waiting tones: for A's call and for the others' (preVoice); AXYB has one of X, YB one of Y.
    caller_voice = models.CharField(_("waiting tone of A's call"), max_length=128, blank=True)
    callee_voice = models.CharField(_("waiting tone of the others' calls"), max_length=128, blank=True)
    callback_voice = models.CharField(_("call-back voice file"), max_length=128, blank=True)
    callback_number = PhoneNumberField(_("call-back number"), max_length=32, null=True)
    user_data = SealedTextField(_("user data"), max_length=256, null=True)

    class Meta:
        abstract = True


class Binding(Terms):
    """One subscriptionId. `number` is X, of a YB it is Y and `parent` the AX it hangs on."""

    class Kind(models.TextChoices):
        """What it binds: the five modes have four of them, AXYB has two."""

        AX = "AX", "AX"
        AXB = "AXB", "AXB"
        AXE = "AXE", "AXE"
        AXYB = "AXYB", _("AX of AXYB")
        YB = "YB", _("YB of AXYB")

    class Step(models.TextChoices):
        """How X was chosen."""

        NAMED = "named", _("named by the customer")
        SAME = "same", _("the pair's last number")
        CITY = "city", _("same city")
        PROVINCE = "province", _("same province")
        FALLBACK = "fallback", _("a fallback city")
        ANY = "any", _("any city")
        UPSTREAM = "upstream", _("bound at an upstream")

    class End(models.TextChoices):
        """Why it ended."""

        UNBOUND = "unbound", _("unbound by the customer")
        EXPIRED = "expired", _("expired")
        CONSOLE = "console", _("ended in the console")
        TRANSFERRED = "transferred", _("number transferred")
        UNSUBSCRIBED = "unsubscribed", _("number unsubscribed")
        WITH_AX = "with_ax", _("ended with its AX")
        UPSTREAM = "upstream", _("ended at the upstream")

    id = models.UUIDField(_("binding id"), primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("account"))
    application = models.ForeignKey(Application, models.PROTECT, db_index=False, verbose_name=_("application"))
    number = models.ForeignKey(Number, models.PROTECT, db_index=False, verbose_name=_("number"))
    parent = models.ForeignKey("self", models.PROTECT, null=True, db_index=False, related_name="children")
    kind = models.CharField(_("kind"), max_length=4, choices=Kind.choices)
    # The subscriptionId of a binding that an upstream platform made; ours have the id.
    foreign_id = models.CharField(_("binding id at the upstream"), max_length=64, null=True)
    valid_from = models.DateTimeField(_("from"))
    valid_to = models.DateTimeField(_("to"), null=True)
    changed_at = models.DateTimeField(_("bound or last modified"))
    version = models.PositiveIntegerField(_("version"), default=1)
    step = models.CharField(_("how X was chosen"), max_length=12, choices=Step.choices, default=Step.NAMED)
    end_cause = models.CharField(_("why it ended"), max_length=16, choices=End.choices, blank=True)
    bound_by = models.CharField(_("bound by"), max_length=150, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=150, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    request_id = models.UUIDField(_("request"), null=True)

    class Meta:
        verbose_name = _("binding")
        verbose_name_plural = _("bindings")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "foreign_id"],
                condition=models.Q(foreign_id__isnull=False),
                name="binding_foreign_once",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
                name="binding_from_before_to",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "id"], name="binding_account"),
            models.Index(fields=["number", "valid_from"], name="binding_number"),
            models.Index(fields=["a_number", "id"], name="binding_a"),
            models.Index(fields=["b_number", "id"], name="binding_b", condition=models.Q(b_number__isnull=False)),
            models.Index(fields=["parent"], name="binding_parent", condition=models.Q(parent__isnull=False)),
            models.Index(
                fields=["expires_at"],
                name="binding_expires",
                condition=models.Q(valid_to__isnull=True, expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.subscription_id

    @property
    def subscription_id(self) -> str:
        """Return the id the customer knows it by."""
        return self.foreign_id or str(self.pk)


class BindingVersion(Terms):
    """What a binding said during [valid_from, valid_to), before a modify. Rows are only added."""

    binding = models.ForeignKey(Binding, models.PROTECT, related_name="versions", verbose_name=_("binding"))
    version = models.PositiveIntegerField(_("version"))
    valid_from = models.DateTimeField(_("from"))
    valid_to = models.DateTimeField(_("to"))

    account_path = "binding__account"

    class Meta:
        verbose_name = _("earlier version of a binding")
        verbose_name_plural = _("earlier versions of bindings")
        ordering = ["binding", "version"]
        constraints = [models.UniqueConstraint(fields=["binding", "version"], name="bindingversion_once")]
        indexes = [
            models.Index(fields=["a_number"], name="bindingversion_a"),
            models.Index(fields=["b_number"], name="bindingversion_b", condition=models.Q(b_number__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.binding_id} {self.version}"


class Route(models.Model):
    """One way into a binding: who calls X (or dials which extension) reaches it. One probe routes a call."""

    class Kind(models.TextChoices):
        """What the key was made of."""

        A = "A", _("A calls")
        B = "B", _("B calls")
        ANYONE = "anyone", _("anyone calls")
        EXTENSION = "extension", _("this extension is dialled")

    number = models.ForeignKey(Number, models.PROTECT, db_index=False, verbose_name=_("number"))
    key = models.BinaryField(_("keyed hash"), max_length=HASH_BYTES)
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices)
    binding = models.ForeignKey(Binding, models.PROTECT, related_name="routes", verbose_name=_("binding"))
    expires_at = models.DateTimeField(_("expires"), null=True)

    account_path = "binding__account"

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        constraints = [models.UniqueConstraint(fields=["number", "key"], name="route_once")]

    def __str__(self) -> str:
        return f"{self.number_id} {self.kind}"


class Availability(models.Model):
    """What can still be bound on one number: a narrow row that binds lock, count on and pick by.

    `application`, `area_code` and `ready` follow the number and its holdings by triggers (migration 0007).
    """

    class Role(models.TextChoices):
        """What the number serves as while anything is bound on it."""

        NONE = "", "-"
        AX = "AX", "AX"
        AXB = "AXB", "AXB"
        AXE = "AXE", "AXE"
        X = "X", _("X of AXYB")
        Y = "Y", _("Y of AXYB")

    number = models.OneToOneField(Number, models.CASCADE, primary_key=True, verbose_name=_("number"))
    application = models.ForeignKey(
        Application, models.PROTECT, null=True, db_index=False, db_constraint=False, verbose_name=_("application")
    )
    area_code = models.CharField(_("area code"), max_length=8, blank=True)
    ready = models.BooleanField(_("may be selected"), default=True)
    role = models.CharField(_("role"), max_length=4, choices=Role.choices, default="", blank=True)
    used = models.IntegerField(_("bound"), default=0, db_default=0)
    most = models.IntegerField(_("at most"), default=MOST_PAIRS, db_default=MOST_PAIRS)
    last_bound_at = models.DateTimeField(_("last bound"), null=True)
    free = models.GeneratedField(
        expression=models.ExpressionWrapper(
            models.Q(ready=True) & models.Q(used__lt=models.F("most")), output_field=models.BooleanField()
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    account_path = "application__account"

    class Meta:
        verbose_name = _("availability")
        verbose_name_plural = _("availabilities")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(used__gte=0) & models.Q(used__lte=models.F("most")), name="availability_within"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["", "AXB"], most__lte=MOST_PAIRS)
                | models.Q(role__in=["AX", "X"], most=1)
                | models.Q(role="AXE", most__lte=MOST_EXTENSIONS)
                | models.Q(role="Y", most__lte=MOST_RELATIONS),
                name="availability_role_limits",
            ),
        ]
        indexes = [
            models.Index("application", "area_code", LEAST_RECENT, "number", name="availability_city", condition=FREE),
            models.Index("application", LEAST_RECENT, "number", name="availability_any", condition=FREE),
        ]

    def __str__(self) -> str:
        return str(self.number_id)


class PartyLoad(models.Model):
    """How many X one A has in an AX or AXYB application: the database refuses a sixth."""

    application = models.ForeignKey(Application, models.PROTECT, db_index=False, verbose_name=_("application"))
    party = models.BinaryField(_("keyed hash of A"), max_length=HASH_BYTES)
    numbers = models.SmallIntegerField(_("numbers"), default=0)

    account_path = "application__account"

    class Meta:
        verbose_name = _("numbers of a party")
        verbose_name_plural = _("numbers of parties")
        constraints = [
            models.UniqueConstraint(fields=["application", "party"], name="partyload_once"),
            models.CheckConstraint(
                condition=models.Q(numbers__gte=0, numbers__lte=MOST_NUMBERS_OF_A), name="partyload_at_most_5"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Cooling(models.Model):
    """`key` was released on `number` from `counterpart`: for a time the platform gives it to no other counterpart.

    AXB: key = the party, counterpart = the other party (a row each way). AX, AXYB: key = anyone, counterpart = A.
    AXE: key = the extension, counterpart = A. Also tells which X a pair had last.
    """

    number = models.ForeignKey(Number, models.CASCADE, db_index=False, verbose_name=_("number"))
    key = models.BinaryField(_("keyed hash"), max_length=HASH_BYTES)
    counterpart = models.BinaryField(_("keyed hash of the counterpart"), max_length=HASH_BYTES)
    released_at = models.DateTimeField(_("released"))

    account_path = "number__holdings__application__account"

    class Meta:
        verbose_name = _("cool-down")
        verbose_name_plural = _("cool-downs")
        constraints = [models.UniqueConstraint(fields=["number", "key", "counterpart"], name="cooling_once")]
        indexes = [
            models.Index(fields=["key", "counterpart"], name="cooling_pair"),
            models.Index(fields=["released_at"], name="cooling_age"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class TemporaryCallee(models.Model):
    """Whom A of an AX binding reaches by calling X, for a short time (northbound.md 4.6)."""

    binding = models.OneToOneField(
        Binding, models.CASCADE, primary_key=True, related_name="temporary_callee", verbose_name=_("binding")
    )
    callee_number = PhoneNumberField(_("callee"), max_length=32)
    callee_key = models.BinaryField(_("keyed hash of the callee"), max_length=HASH_BYTES)
    set_at = models.DateTimeField(_("set"))
    expires_at = models.DateTimeField(_("expires"))
    user_data = SealedTextField(_("user data"), max_length=256, null=True)

    account_path = "binding__account"

    class Meta:
        verbose_name = _("temporary callee")
        verbose_name_plural = _("temporary callees")

    def __str__(self) -> str:
        return str(self.binding_id)


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

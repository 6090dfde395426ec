"""The ways into bindings, and what can still be bound: what the database itself holds the rules with (design.md 2.1).

`Route` rows exist only while a binding holds; the unique index on (number, key) is what refuses a second one. Keys are
keyed hashes (accounts.lookup).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Application
from privacy.models.bindings import HASH_BYTES, Binding
from privacy.models.numbers import Number, while_held

MOST_PAIRS, MOST_RELATIONS, MOST_NUMBERS_OF_A, MOST_EXTENSIONS = 5000, 1000, 5, 9999
# What was never bound comes first.
LEAST_RECENT, FREE = models.F("last_bound_at").asc(nulls_first=True), models.Q(free=True)


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
    AXE: key = the extension, counterpart = A. Also tells which X a pair had last. It lasts the cool-down of the
    application it was released in or of the one that holds the number now, whichever is longer.
    """

    number = models.ForeignKey(Number, models.CASCADE, db_index=False, verbose_name=_("number"))
    key = models.BinaryField(_("keyed hash"), max_length=HASH_BYTES)
    counterpart = models.BinaryField(_("keyed hash of the counterpart"), max_length=HASH_BYTES)
    released_at = models.DateTimeField(_("released"))
    # Null: released before this was kept.
    application = models.ForeignKey(
        Application, models.PROTECT, null=True, db_index=False, db_constraint=False, verbose_name=_("application")
    )

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

    @classmethod
    def account_rows(cls, account_id: int) -> models.Q:
        """Return the condition for what was released while an account held the number."""
        return while_held(account_id, "released_at")

"""Charges and the settlement that wrote them (billing.md 4)."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application
from billing.models.tariffs import Tariff
from common.timeid import TimeIdManager
from privacy.models import Number


class SettlementRun(models.Model):
    """One settlement of one (shard, hour): what it booked. `hour` is the one that was due; late lines go elsewhere."""

    shard = models.PositiveSmallIntegerField(_("shard"))
    hour = models.DateTimeField(_("hour (UTC)"))
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), db_default=Now())
    usage_lines = models.PositiveIntegerField(_("usage lines"), default=0)
    late_lines = models.PositiveIntegerField(_("late lines"), default=0)
    unanswered = models.PositiveIntegerField(_("unanswered calls"), default=0)
    minutes = models.BigIntegerField(_("minutes"), default=0)
    message_parts = models.BigIntegerField(_("message parts"), default=0)
    package_units = models.BigIntegerField(_("from packages"), default=0)
    overage_units = models.BigIntegerField(_("overage"), default=0)
    blocked = models.PositiveIntegerField(_("waiting"), default=0)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6, default=0)

    class Meta:
        verbose_name = _("settlement run")
        verbose_name_plural = _("settlement runs")
        ordering = ["-id"]
        indexes = [models.Index(fields=["hour", "shard"], name="settlementrun_hour")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00}Z #{self.pk}"


class SettledHour(models.Model):
    """(account, hour) is settled: a settlement booked usage that belongs to it. It never gains a line afterwards."""

    pk = models.CompositePrimaryKey("account_id", "hour")
    account = models.ForeignKey(Account, models.PROTECT, db_index=False)
    hour = models.DateTimeField()
    run = models.ForeignKey(SettlementRun, models.PROTECT, db_index=False)

    class Meta:
        verbose_name = _("settled hour")
        verbose_name_plural = _("settled hours")


class ClosedMonth(models.Model):
    """A month of an account whose statement was closed: nothing more can be booked into [starts_at, ends_at)."""

    account = models.ForeignKey(Account, models.PROTECT, verbose_name=_("account"))
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    closed_at = models.DateTimeField(_("closed"), db_default=Now())

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")
        constraints = [models.UniqueConstraint(fields=["account", "starts_at"], name="closedmonth_once")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.starts_at:%Y-%m}"


class Charge(models.Model):
    """One charge line. Its id is the usage id, so the same usage is charged once. Append-only.

    It keeps every fact its rating used and no phone number but X. `splits` is [[purchase id, units], ...] in the order
    drawn. amount = overage_units * unit_price, exactly. A line that takes back another has negative units and names it
    in `reverses`.
    """

    partition_interval = "month"

    id = models.UUIDField(_("id"), primary_key=True, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("account"))
    application = models.ForeignKey(
        Application, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("application")
    )
    number = models.ForeignKey(Number, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("number"))
    number_kind = models.CharField(_("kind of number"), max_length=16)
    item = models.CharField(_("item"), max_length=16)
    booked_hour = models.DateTimeField(_("booked hour (UTC)"))
    usage_hour = models.DateTimeField(_("usage hour (UTC)"))
    late = models.BooleanField(_("late"), default=False)
    rated_at = models.DateTimeField(_("answered or sent"))
    ended_at = models.DateTimeField(_("ended"))
    seconds = models.PositiveIntegerField(_("talk seconds"))
    units = models.IntegerField(_("units"))
    package_units = models.IntegerField(_("from packages"))
    overage_units = models.IntegerField(_("overage"))
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=6)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6)
    currency = models.CharField(_("currency"), max_length=3)
    tariff = models.ForeignKey(Tariff, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("tariff"))
    splits = models.JSONField(_("package splits"), null=True)
    session_id = models.CharField(_("session id"), max_length=256, blank=True)
    reverses = models.UUIDField(_("reverses"), null=True)
    run = models.ForeignKey(
        SettlementRun, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("settlement")
    )

    objects = TimeIdManager()

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        ordering = ["-id"]
        indexes = [models.Index(fields=["account", "booked_hour"], name="charge_account_booked")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(units=models.F("package_units") + models.F("overage_units")),
                name="charge_units_add_up",
            ),
            models.CheckConstraint(
                condition=models.Q(amount=models.F("overage_units") * models.F("unit_price")),
                name="charge_amount_is_overage_at_price",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class UnansweredCount(models.Model):
    """Unanswered calls of an account, application, number and booked hour that one settlement counted."""

    run = models.ForeignKey(SettlementRun, models.PROTECT, verbose_name=_("settlement"))
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, verbose_name=_("account"))
    application = models.ForeignKey(Application, models.PROTECT, db_index=False, verbose_name=_("application"))
    number = models.ForeignKey(Number, models.PROTECT, db_index=False, verbose_name=_("number"))
    booked_hour = models.DateTimeField(_("booked hour (UTC)"))
    calls = models.PositiveIntegerField(_("calls"))
    late_calls = models.PositiveIntegerField(_("late calls"), default=0)

    class Meta:
        verbose_name = _("unanswered calls")
        verbose_name_plural = _("unanswered calls")
        constraints = [
            models.UniqueConstraint(
                fields=["run", "account", "application", "number", "booked_hour"], name="unansweredcount_once"
            )
        ]
        indexes = [models.Index(fields=["account", "booked_hour"], name="unanswered_account_booked")]

    def __str__(self) -> str:
        return f"{self.number_id} {self.calls}"


class SettlementTotal(models.Model):
    """What one settlement booked per account, application, item and booked hour. Dashboards read these, never lines."""

    run = models.ForeignKey(SettlementRun, models.PROTECT, verbose_name=_("settlement"))
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, verbose_name=_("account"))
    application = models.ForeignKey(Application, models.PROTECT, db_index=False, verbose_name=_("application"))
    booked_hour = models.DateTimeField(_("booked hour (UTC)"))
    item = models.CharField(_("item"), max_length=16)
    lines = models.PositiveIntegerField(_("lines"))
    seconds = models.BigIntegerField(_("talk seconds"))
    units = models.BigIntegerField(_("units"))
    package_units = models.BigIntegerField(_("from packages"))
    overage_units = models.BigIntegerField(_("overage"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6)

    class Meta:
        verbose_name = _("settlement total")
        verbose_name_plural = _("settlement totals")
        constraints = [
            models.UniqueConstraint(
                fields=["run", "account", "application", "item", "booked_hour"], name="settlementtotal_once"
            )
        ]
        indexes = [
            models.Index(fields=["account", "booked_hour"], name="settlementtotal_account_hour"),
            models.Index(fields=["booked_hour"], name="settlementtotal_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.units}"

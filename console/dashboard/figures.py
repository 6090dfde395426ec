"""Figures per hour, from settlement totals and the usage queue, folded into hours and days. No call is read."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.db.models import Count, ExpressionWrapper, F, IntegerField, Sum

from accounts.scope import Scope
from billing.models import SettlementTotal, UnansweredCount
from privacy.models import Usage


@dataclass
class Figures:
    """What happened in an hour, or in several added together. `unsettled` are minutes that are not charged yet."""

    answered: int = 0
    unanswered: int = 0
    package: int = 0
    overage: int = 0
    unsettled: int = 0
    messages: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        """Return answered and unanswered calls together."""
        return self.answered + self.unanswered

    @property
    def minutes(self) -> int:
        """Return billed minutes, settled or not."""
        return self.package + self.overage + self.unsettled

    def add(self, other: "Figures") -> None:
        """Add another hour's figures to these."""
        for name in ("answered", "unanswered", "package", "overage", "unsettled", "messages"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for currency, amount in other.amounts.items():
            self.spend(currency, amount)

    def spend(self, currency: str, amount: Decimal) -> None:
        """Add an amount."""
        self.amounts[currency] = self.amounts.get(currency, Decimal(0)) + amount


def per_hour(scope: Scope, start: datetime) -> dict[datetime, Figures]:
    """Return figures by UTC hour from `start` on: settled ones by booked hour, waiting ones by usage hour."""
    hours: dict[datetime, Figures] = defaultdict(Figures)
    for row in _settled(scope, start):
        hour = hours[row["booked_hour"]]
        hour.spend(row["account__currency"], row["total"])
        if row["item"] == "call":
            hour.answered += row["count"]
            hour.package += row["from_packages"]
            hour.overage += row["over"]
        elif row["item"] == "sms":
            hour.messages += row["count"]
    missed = scope.rows(UnansweredCount).filter(booked_hour__gte=start).values("booked_hour").annotate(n=Sum("calls"))
    for counted in missed:
        hours[counted["booked_hour"]].unanswered += counted["n"]
    for row in _waiting(scope, start):
        hour = hours[row["hour"]]
        hour.answered += row["n"] if row["item"] == "call" else 0
        hour.unsettled += row["minutes"] if row["item"] == "call" else 0
        hour.unanswered += row["n"] if row["item"] == "unanswered" else 0
        hour.messages += row["n"] if row["item"] == "sms" else 0
    return dict(hours)


def per_day(hours: dict[datetime, Figures], zone: tzinfo) -> dict[Any, Figures]:
    """Return figures by local day: an hour belongs to the day in which it starts."""
    days: dict[Any, Figures] = defaultdict(Figures)
    for hour, figures in hours.items():
        days[hour.astimezone(zone).date()].add(figures)
    return dict(days)


def together(parts: Iterable[Figures]) -> Figures:
    """Return the sum of several figures."""
    total = Figures()
    for part in parts:
        total.add(part)
    return total


def _settled(scope: Scope, start: datetime) -> Iterable[Any]:
    rows = scope.rows(SettlementTotal).filter(booked_hour__gte=start).values("booked_hour", "item", "account__currency")
    return rows.annotate(
        count=Sum("lines"), from_packages=Sum("package_units"), over=Sum("overage_units"), total=Sum("amount")
    )


def _waiting(scope: Scope, start: datetime) -> Iterable[Any]:
    started = ExpressionWrapper((F("seconds") + 59) / 60, output_field=IntegerField())
    rows = scope.rows(Usage).filter(hour__gte=start).values("hour", "item")
    return rows.annotate(n=Count("pk"), minutes=Sum(started))

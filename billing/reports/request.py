"""What one charge report is asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from billing.reports.period import Period
from common.periods import hour_of


@dataclass(frozen=True)
class ChargeRequest:
    """A period, the account it is limited to (None = all), the zone of its local times, and who asks when."""

    period: Period
    zone: str
    made_by: str
    made_at: datetime
    account_id: int | None = None
    account_code: str = ""
    settled_only: bool = False

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of every query in billing/sql/reports.sql."""
        return {
            "start": self.period.start,
            "end": self.period.end,
            "account": self.account_id,
            "settled_only": self.settled_only,
            "open_from": self.open_from(),
        }

    def open_from(self) -> datetime:
        """Return the first hour whose settlement is not due yet (billing.md 4)."""
        return hour_of(self.made_at - timedelta(minutes=settings.MASKLINE["settlement_delay_minutes"]))

    def open_hours(self) -> int:
        """Return how many hours of the period are not due yet."""
        start = max(self.open_from(), self.period.start)
        return Period(start, self.period.end).hours() if start < self.period.end else 0

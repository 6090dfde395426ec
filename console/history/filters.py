"""The filters of a history page, read from its query string. None of them holds a real number."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from accounts.models import Account, Application
from accounts.scope import Scope

DEFAULT_DAYS = 7


@dataclass
class Filters:
    """What is asked for; `problems` are sentences for the person."""

    start: datetime | None = None
    end: datetime | None = None
    account: Account | None = None
    application: Application | None = None
    outcome: str = ""
    direction: str = ""
    problems: list[str] = field(default_factory=list)

    def rows(self) -> dict[str, Any]:
        """Return the account and application as keyword arguments of filter(): the account leads the index."""
        return {**self.of_account(), "application": self.application} if self.application else self.of_account()

    def of_account(self) -> dict[str, Any]:
        """Return the account alone, also an application's: for what belongs to the account as a whole."""
        account = self.account or (self.application.account if self.application else None)
        return {"account": account} if account else {}


def read(query: QueryDict, scope: Scope) -> Filters:
    """Return the filters of a query string; times are local to the viewer."""
    filters = Filters(outcome=query.get("outcome", ""), direction=query.get("direction", ""))
    filters.start = instant(query.get("from", ""), filters)
    filters.end = instant(query.get("to", ""), filters, end=True)
    if filters.start and filters.end and filters.start >= filters.end:
        filters.problems.append(_("The end of the range must be later than its start."))
    if code := query.get("account", "").strip():
        filters.account = scope.rows(Account).filter(code=code).first()
        if filters.account is None:
            filters.problems.append(_("There is no account with this code."))
    if app_key := query.get("application", "").strip():
        found = scope.rows(Application).filter(app_key=app_key).select_related("account")
        filters.application = found.first()
        if filters.application is None:
            filters.problems.append(_("There is no application with this app_key."))
    return filters


def default_range(filters: Filters, now: datetime) -> None:
    """Limit filters that have no range to the last days."""
    if filters.start is None and filters.end is None:
        filters.start = now - timedelta(days=DEFAULT_DAYS)


def instant(text: str, filters: Filters, *, end: bool = False) -> datetime | None:
    """Return the instant of a local date or time as an input gives it; a date as the end means all of that day.

    What cannot be read adds a problem.
    """
    if not text.strip():
        return None
    try:
        at = parse_datetime(text.strip()) if "T" in text or " " in text.strip() else None
        day = parse_date(text.strip()) if at is None else None
    except ValueError:
        at = day = None
    if day is not None and day.year < 9999:
        at = datetime(day.year, day.month, day.day) + timedelta(days=1 if end else 0)
    if at is None or not 1971 <= at.year <= 9000:
        filters.problems.append(_("A time could not be read; write it like 2026-03-01 10:00."))
        return None
    return at if timezone.is_aware(at) else timezone.make_aware(at)

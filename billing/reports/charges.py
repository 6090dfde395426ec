"""What the hourly and the detail report have in common."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from django.db import connection

from billing.reports import columns
from billing.reports.copying import copied, snapshot
from billing.reports.extract import Extract
from billing.reports.request import ChargeRequest
from billing.reports.sidecar import charge_facts
from billing.reports.statements import statement


class ChargeExtract(Extract):
    """A report whose rows are the results of named queries, one after the other."""

    queries: tuple[str, ...]

    def __init__(self, request: ChargeRequest) -> None:
        self.request = request
        self.zone = request.zone

    def opened(self) -> AbstractContextManager[None]:
        """Return the snapshot that rows and totals share."""
        return snapshot(self.zone)

    def blocks(self) -> Iterator[bytes]:
        """Yield the machine CSV, header first, in blocks of about 256 KB."""
        self.rows = 0
        yield columns.header(self.columns)
        for name in self.queries:
            yield from copied(statement(name), self.request.parameters(), self._count)

    def facts(self) -> dict[str, Any]:
        """Return the control totals and the completeness of the report."""
        return charge_facts(self.request)

    def estimate(self) -> int:
        """Return how many lines the settlements say they booked in the period."""
        with connection.cursor() as cursor:
            cursor.execute(statement("report_estimate"), self.request.parameters())
            (lines,) = cursor.fetchone()
        return int(lines)

    def stem(self) -> str:
        """Return e.g. charges-hourly_acme_20260301T00Z_20260308T00Z."""
        scope = self.request.account_code or "all"
        return f"{self.name}_{scope}_{_short(self.request.period.start)}_{_short(self.request.period.end)}"

    def _count(self, rows: int) -> None:
        self.rows += rows

    @abstractmethod
    def __str__(self) -> str:
        """Return what it is, for people."""


def _short(at: datetime) -> str:
    return f"{at:%Y%m%dT%HZ}"

"""The benchmarks that billing and its reports bring along, told in the words of the table."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from accounts.models import Upstream
from bench import detail_report as detail
from bench import settlement as hour
from bench.result import Result
from billing.models import Charge
from billing.settlement import settle
from common import partitions, sql
from privacy.models import Call, Source

ACCOUNTS, PACKAGES = 20_000, 35_000
# Growth is measured on hours of this size, before and after the history has become ten times as long.
GROWTH_CALLS, GROWTH_ACCOUNTS, GROWTH_PACKAGES = 100_000, 2_000, 3_500
GROWTH_BUDGET = 1.15
DETAIL_BUDGET, DETAIL_MEGABYTES = 0.5, 200


def settlement(rows: int) -> list[Result]:
    """One hour of `rows` calls: seconds against those of the bare INSERT and DELETE."""
    told = hour.run(connection, rows, ACCOUNTS, PACKAGES)
    return [
        Result(
            name="settlement",
            figure=f"{told['settlement']:.1f} s, {rows / told['settlement']:,.0f} CDR/s",
            reference=f"{told['reference']:.1f} s",
            ratio=f"{told['ratio']:.2f}x",
            budget=f"{hour.BUDGET:.0f}x",
            met=told["ratio"] <= hour.BUDGET,
        )
    ]


def detail_report(rows: int) -> list[Result]:
    """The detail report of `rows` lines as CSV: rows a second against those of psql's COPY TO."""
    told = detail.run(connection, rows)
    return [
        Result(
            name="detail report",
            figure=f"{told['figure']:,} rows/s, {told['peak_rss_mb']} MB",
            reference=f"{told['reference']:,} rows/s",
            ratio=f"{told['ratio']:.0%}",
            budget=f"{DETAIL_BUDGET:.0%}, under {DETAIL_MEGABYTES} MB",
            met=told["ratio"] >= DETAIL_BUDGET and told["peak_rss_mb"] < DETAIL_MEGABYTES,
        )
    ]


def growth(rows: int) -> list[Result]:
    """Settlement of an hour after the history (calls, records, charges, ledger) has grown tenfold to `rows`."""
    first = datetime(2026, 3, 2, 8, tzinfo=UTC)
    _settle_hour(first)
    past = _Past(first - timedelta(days=1), rows)
    past.add(1, rows // 10)
    before = min(_settle_hour(first + timedelta(hours=count)) for count in (1, 2, 3))
    past.add(rows // 10 + 1, rows)
    after = min(_settle_hour(first + timedelta(hours=count)) for count in (4, 5, 6))
    return [
        Result(
            name="10x the history",
            figure=f"{GROWTH_CALLS / after:,.0f} CDR/s at {rows:,} calls",
            reference=f"{GROWTH_CALLS / before:,.0f} CDR/s at {rows // 10:,}",
            ratio=f"{after / before:.2f}x",
            budget=f"{GROWTH_BUDGET}x",
            met=after / before <= GROWTH_BUDGET,
        )
    ]


def _settle_hour(start: datetime) -> float:
    """Return the seconds that one hour takes, with packages as full as in every other hour."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM billing_purchase")
    hour.make(connection, start, GROWTH_CALLS, GROWTH_ACCOUNTS, GROWTH_PACKAGES)
    due = start + timedelta(hours=2)
    began = time.perf_counter()
    settle(until=due, now=due, parallel=hour.SHARDS_AT_A_TIME)
    return time.perf_counter() - began


class _Past:
    """A made-up history of the five months before `until`."""

    def __init__(self, until: datetime, rows: int) -> None:
        upstream = Upstream.objects.create(code="bench", key="bench", secret="bench-secret")
        source = Source.objects.create(door=Source.Door.IMPORT, upstream=upstream)
        self._parameters = {"upstream": upstream.pk, "source": source.pk}
        months = [until - timedelta(days=days) for days in range(0, 160, 15)]
        for model in (Call, Charge):
            partitions.ensure(model, model.partition_interval, months)
        self._run("past_made", {"rows": rows, "until": until})

    def add(self, first: int, last: int) -> None:
        """Add the calls `first` to `last` of it, with all that follows from a call; leave the tables vacuumed."""
        bounds = {**self._parameters, "first": first, "last": last}
        for name in ("past_calls", "past_records", "past_charges", "past_transactions", "past_entries"):
            self._run(name, bounds)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")

    def _run(self, name: str, parameters: dict[str, Any]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql.query("bench", name), parameters)

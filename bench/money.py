"""The benchmarks that billing and its reports bring along, told in the words of the table."""

from django.db import connection

from bench import detail_report as detail
from bench import settlement as hour
from bench.result import Result

ACCOUNTS, PACKAGES = 20_000, 35_000
# Growth is measured on hours of this size, before and after the history has become ten times as long.
GROWTH_CALLS = 100_000
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

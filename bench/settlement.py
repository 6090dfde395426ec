"""Settlement of one hour against the floor: INSERT ... SELECT of as many charges and DELETE of as many queue rows.

Made by SQL in the given database, which must be empty of usage: 1,000,000 calls of one hour, 20,000 accounts, 35,000
packages whose windows also begin and end inside the hour, prices that change inside it.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection as default_connection
from django.db import transaction

from accounts.models import SHARDS, Account
from billing import ledger
from billing.models import Charge
from billing.settlement import settle
from common import partitions

HOUR = datetime(2026, 3, 2, 10, tzinfo=UTC)
NOW = HOUR + timedelta(hours=2)
BUDGET = 3.0
SHARDS_AT_A_TIME = 2

ACCOUNTS = """
INSERT INTO accounts_account (code, name, time_zone, currency, credit_limit, low_balance, contacts, shard, state)
SELECT 'bench' || n, 'bench', 'Asia/Shanghai', 'CNY', 0, 0, '[]', n %% 64, 'good'
FROM generate_series(1, %(accounts)s) n
ON CONFLICT DO NOTHING
"""
APPLICATIONS = """
INSERT INTO accounts_application (account_id, app_key, app_secret, name, mode, state, recording, sms, keep_sms_content,
    push_number_status, wsse_pushes, lenient_headers, strict_nonces, allowed_ips, extension_digits, tags)
SELECT id, code, '\\x00', 'bench', 'AXB', 'active', true, true, false, true, false, false, false, '[]', 4, '{}'
FROM accounts_account WHERE code LIKE 'bench%%'
ON CONFLICT DO NOTHING
"""
NUMBERS = """
INSERT INTO privacy_number (number, area_code, kind, sms, state, issued_at)
SELECT 'bench' || id, '', 'virtual', true, 'normal', '2026-01-01Z' FROM accounts_account WHERE code LIKE 'bench%%'
ON CONFLICT DO NOTHING
"""
TARIFFS = """
INSERT INTO billing_tariff (item, number_kind, price, currency, valid_from, valid_to)
VALUES ('call', 'any', 0.06, 'CNY', '2026-01-01Z', %(hour)s::timestamptz + interval '20 minutes'),
    ('call', 'any', 0.07, 'CNY', %(hour)s::timestamptz + interval '20 minutes', NULL)
ON CONFLICT DO NOTHING
"""
PACKAGE = """
INSERT INTO billing_package (code, name, minutes, messages, price, currency, months)
VALUES ('bench', 'bench', 0, 0, 0, 'CNY', 12) ON CONFLICT DO NOTHING
"""
PURCHASES = """
INSERT INTO billing_purchase (account_id, package_id, reference, purchased_at, starts_at, ends_at, minutes, messages,
    minutes_used, messages_used, priority, price, charged)
SELECT a.id, p.id, %(round)s || '-' || n, %(hour)s::timestamptz - interval '30 days',
    CASE WHEN n %% 7 = 0 THEN %(hour)s::timestamptz + n %% 3600 * interval '1 second'
        ELSE %(hour)s::timestamptz - interval '20 days' END,
    CASE WHEN n %% 5 = 0 THEN %(hour)s::timestamptz + interval '1 hour' + n %% 600 * interval '1 second'
        ELSE %(hour)s::timestamptz + interval '300 days' END,
    10 + n * 7919 %% 200, 0, 0, 0, 100 + n %% 3, 0, false
FROM generate_series(1, %(packages)s) n
JOIN accounts_account a ON a.code = 'bench' || (n * 48271::bigint %% %(accounts)s + 1)
CROSS JOIN billing_package p WHERE p.code = 'bench'
"""
USAGE = """
INSERT INTO privacy_usage (usage_id, account_id, shard, hour, item, application_id, number_id, number_kind, rated_at,
    ended_at, seconds, session_id)
SELECT (lpad(to_hex((extract(epoch FROM ended - seconds * interval '1 second') * 1000)::bigint), 12, '0')
        || '7' || substr(md5(%(round)s || n), 1, 3) || '8' || substr(md5(%(round)s || n), 4, 15))::uuid,
    account_id, shard, %(hour)s, 'call', application_id, number_id, 'virtual', ended - seconds * interval '1 second',
    ended, seconds, 'bench-' || n
FROM (
    SELECT n, %(hour)s::timestamptz + n * 7907 %% 3600000 * interval '1 millisecond' AS ended,
        (30 * exp(2.5 * (n * 6007 %% 1000) / 1000.0))::int AS seconds,
        a.id AS account_id, a.shard, p.id AS application_id, x.id AS number_id
    FROM generate_series(1::bigint, %(calls)s) n
    JOIN accounts_account a ON a.code = 'bench' || (abs(hashint8(n)) %% %(accounts)s + 1)
    JOIN accounts_application p ON p.account_id = a.id
    JOIN privacy_number x ON x.number = 'bench' || a.id
) c
"""
REMEMBER = "CREATE UNLOGGED TABLE bench_usage AS SELECT * FROM privacy_usage WHERE hour = %(hour)s"
# The reference writes the lines that settlement wrote, an hour later: other ids, everything else alike.
LINES = """
CREATE UNLOGGED TABLE bench_line AS
SELECT u.shard, (lpad(to_hex(('x' || left(replace(c.id::text, '-', ''), 12))::bit(48)::bigint + 3600000), 12, '0')
        || substr(replace(c.id::text, '-', ''), 13))::uuid AS id, c.id AS usage_id,
    c.booked_hour + interval '1 hour' AS booked_hour, {other_columns}
FROM billing_charge c JOIN bench_usage u ON u.usage_id = c.id
ORDER BY u.shard
"""
INDEX = "CREATE INDEX ON bench_line (shard)"
REFILL = """
INSERT INTO privacy_usage (usage_id, hour, shard, account_id, item, application_id, number_id, number_kind, rated_at,
    ended_at, seconds, session_id)
SELECT l.id, l.booked_hour, u.shard, u.account_id, u.item, u.application_id, u.number_id, u.number_kind, u.rated_at,
    u.ended_at, u.seconds, u.session_id
FROM bench_usage u JOIN bench_line l ON l.usage_id = u.usage_id
"""
INSERT = "INSERT INTO billing_charge ({columns}) SELECT {columns} FROM bench_line WHERE shard = %s"
DELETE = "DELETE FROM privacy_usage WHERE shard = %s AND hour = %s"
TABLES = "privacy_usage", "billing_charge", "billing_purchase", "accounts_account", "billing_tariff", "bench_line"


def run(connection: Any, calls: int = 1_000_000, accounts: int = 20_000, packages: int = 35_000) -> dict[str, float]:
    """Settle `calls` calls of one hour, then do the reference with the same rows; return seconds and their ratio."""
    make(connection, HOUR, calls, accounts, packages)
    settlement = _seconds(lambda: settle(until=NOW, now=NOW, parallel=SHARDS_AT_A_TIME))
    reference = _reference(connection, HOUR)
    figures = {"settlement": settlement, "reference": reference, "ratio": settlement / reference}
    print(
        f"settlement: {calls} calls in {settlement:.1f} s ({calls / settlement:,.0f}/s), reference {reference:.1f} s,"
        f" ratio {figures['ratio']:.2f}, budget {BUDGET:.0f}"
    )
    return figures


def make(connection: Any, hour: datetime, calls: int, accounts: int, packages: int) -> None:
    """Fill the queue with calls that ended in `hour`, and add packages of which some begin and end inside it."""
    parameters = {"hour": hour, "calls": calls, "accounts": accounts, "packages": packages, "round": f"{hour:%Y%m%d%H}"}
    with connection.cursor() as cursor:
        for statement in (ACCOUNTS, APPLICATIONS, NUMBERS, TARIFFS, PACKAGE, PURCHASES, USAGE):
            cursor.execute(statement, parameters)
    partitions.ensure(Charge, Charge.partition_interval, [hour - timedelta(days=1), hour + timedelta(hours=2)])
    ledger.open_accounts(list(Account.objects.filter(code__startswith="bench").values_list("pk", flat=True)))
    _execute(connection, "DROP TABLE IF EXISTS bench_usage, bench_line", {})
    _execute(connection, REMEMBER, {"hour": hour})
    _vacuum(connection)


def _reference(connection: Any, hour: datetime) -> float:
    columns = [str(field.column) for field in Charge._meta.concrete_fields]
    others = ", ".join(f"c.{column}" for column in columns if column not in ("id", "booked_hour"))
    for statement in (LINES.format(other_columns=others), INDEX, REFILL):
        _execute(connection, statement, {})
    _vacuum(connection)
    insert = INSERT.format(columns=", ".join(columns))

    def shard(number: int) -> None:
        with transaction.atomic(), default_connection.cursor() as cursor:
            cursor.execute(insert, [number])
            cursor.execute(DELETE, [number, hour + timedelta(hours=1)])

    def everything() -> None:
        with ThreadPoolExecutor(SHARDS_AT_A_TIME) as pool:
            list(pool.map(shard, range(SHARDS)))
            list(pool.map(lambda _: default_connection.close(), range(SHARDS_AT_A_TIME)))

    return _seconds(everything)


def _vacuum(connection: Any) -> None:
    present = set(connection.introspection.table_names())
    for table in TABLES:
        if table in present:
            _execute(connection, f"VACUUM ANALYZE {table}", {})
    _execute(connection, "CHECKPOINT", {})


def _execute(connection: Any, statement: str, parameters: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started

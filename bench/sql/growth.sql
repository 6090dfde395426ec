-- name: past_calls
-- Adds calls %(first)s .. %(last)s of earlier months: ids, times and numbers as real ones have them.
INSERT INTO privacy_call (id, account_id, application_id, number_id, upstream_id, source_id, source_line, session_id,
    record_id, subscription_id, sp_id, wire_app_key, caller_number, destination_number, call_in_at, answered_at, ended_at,
    record_object, record_bucket, record_domain, mpty_id, service_type, host_name, notify_mode, extension, received_at)
SELECT h.id, h.account_id, h.application_id, h.number_id, %(upstream)s, %(source)s, 0, 'past-' || h.n, 'past-' || h.n,
    '', '', '', '\x01' || decode(md5((h.n %% 50000)::text), 'hex'), '\x01' || decode(md5((h.n %% 70000)::text), 'hex'),
    h.at, h.at, h.at + interval '70 seconds', '', '', '', '', '004', '', '', '', h.at
FROM bench_past h WHERE h.n BETWEEN %(first)s AND %(last)s

-- name: past_records
-- Adds the identities of the same calls.
INSERT INTO privacy_record (upstream_id, kind, record_key, usage_id, fingerprint, source_id)
SELECT %(upstream)s, 1, decode(md5('past-' || h.n), 'hex'), h.id, decode(md5(h.n::text), 'hex'), %(source)s
FROM bench_past h WHERE h.n BETWEEN %(first)s AND %(last)s

-- name: past_charges
-- Adds the charges of the same calls, two minutes each at a price of 0.06.
INSERT INTO billing_charge (id, account_id, application_id, number_id, number_kind, item, booked_hour, usage_hour, late,
    rated_at, ended_at, seconds, units, package_units, overage_units, unit_price, amount, currency, tariff_id, session_id,
    run_id)
SELECT h.id, h.account_id, h.application_id, h.number_id, 'virtual', 'call', date_trunc('hour', h.at, 'UTC'),
    date_trunc('hour', h.at, 'UTC'), false, h.at, h.at + interval '70 seconds', 70, 2, 0, 2, 0.06, 0.12, 'CNY',
    (SELECT min(id) FROM billing_tariff), 'past-' || h.n, (SELECT min(id) FROM billing_settlementrun)
FROM bench_past h WHERE h.n BETWEEN %(first)s AND %(last)s

-- name: past_transactions
-- Adds a ledger transaction for every tenth of the same calls.
INSERT INTO billing_ledgertransaction (key, kind, account_id, booked_at, posted_at)
SELECT 'past:' || h.n, 'usage', h.account_id, h.at, h.at
FROM bench_past h WHERE h.n BETWEEN %(first)s AND %(last)s AND h.n %% 10 = 0

-- name: past_entries
-- Adds both sides of those transactions.
INSERT INTO billing_ledgerentry (transaction_id, ledger_account_id, amount)
SELECT t.id, l.id, -1.20
FROM billing_ledgertransaction t JOIN billing_ledgeraccount l ON l.account_id = t.account_id
WHERE t.key LIKE 'past:%%' AND substr(t.key, 6)::bigint BETWEEN %(first)s AND %(last)s
UNION ALL
SELECT t.id, (SELECT id FROM billing_ledgeraccount WHERE code = 'revenue:call:CNY'), 1.20
FROM billing_ledgertransaction t
WHERE t.key LIKE 'past:%%' AND substr(t.key, 6)::bigint BETWEEN %(first)s AND %(last)s

-- name: past_made
-- Names the calls of the past: a deterministic id, an instant in the five months before, an account with its number.
CREATE UNLOGGED TABLE bench_past AS
SELECT n, at, a.account_id, a.application_id, a.number_id,
    (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid AS id
FROM generate_series(1::bigint, %(rows)s) n
CROSS JOIN LATERAL (SELECT %(until)s::timestamptz - (n * 104729 %% 12960000) * interval '1 second' AS at) t
JOIN (
    SELECT row_number() OVER (ORDER BY a.id) - 1 AS place, a.id AS account_id, p.id AS application_id, x.id AS number_id
    FROM accounts_account a
    JOIN accounts_application p ON p.account_id = a.id
    JOIN privacy_number x ON x.number = 'bench' || a.id
) a ON a.place = n * 7919 %% (SELECT count(*) FROM accounts_account)

-- name: history_calls
-- Made-up calls of five months, oldest first, each with two of the sealed numbers in bench_number.
INSERT INTO privacy_call (id, account_id, application_id, number_id, upstream_id, source_id, source_line, session_id,
    record_id, subscription_id, direction, sp_id, wire_app_key, caller_number, callee_number, display_number,
    destination_number, call_in_at, forward_started_at, alerting_at, answered_at, ended_at, unanswered_reason,
    release_reason, sip_status, recorded, record_object, record_bucket, record_domain, mpty_id, service_type, host_name,
    notify_mode, extension, received_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid,
    x.account_id, x.application_id, x.id, %(upstream)s, %(source)s, 0, 'bench-' || n, 'bench-' || n, md5(n::text)::uuid::text,
    n %% 2, 'bench', x.app_key, a.sealed, NULL, NULL, b.sealed, at, at + interval '1 second', at + interval '4 seconds',
    CASE WHEN n %% 5 < 3 THEN at + interval '9 seconds' END, at + interval '1 minute', 0, CASE WHEN n %% 5 < 3 THEN 0 ELSE 8101 END,
    0, false, '', '', '', '', '004', 'ce01', '', '', at
FROM generate_series(0::bigint, %(rows)s - 1) n
CROSS JOIN LATERAL (SELECT %(start)s::timestamptz + n * (%(days)s * interval '1 day' / %(rows)s) AS at) t
JOIN bench_x x ON x.place = n * 7919 %% (SELECT count(*) FROM bench_x)
JOIN bench_number a ON a.place = n * 104729 %% (SELECT count(*) FROM bench_number)
JOIN bench_number b ON b.place = n * 48271 %% (SELECT count(*) FROM bench_number)

-- name: history_x
-- The numbers with their owners, counted from 0.
CREATE UNLOGGED TABLE bench_x AS
SELECT row_number() OVER (ORDER BY n.id) - 1 AS place, n.id, p.id AS application_id, p.account_id, p.app_key
FROM privacy_number n JOIN privacy_holding h ON h.number_id = n.id JOIN accounts_application p ON p.id = h.application_id

-- name: history_numbers
-- Sealed real numbers, counted from 0.
CREATE UNLOGGED TABLE bench_number (place bigint PRIMARY KEY, sealed bytea NOT NULL)

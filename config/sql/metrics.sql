-- name: metric_pushes
-- Pushes in the outbox by their state and that of their endpoint.
SELECT e.state, CASE p.state WHEN 0 THEN 'pending' WHEN 1 THEN 'dead' ELSE 'parked' END, sum(p.n)
FROM (SELECT endpoint_id, state, count(*) AS n FROM notifications_push GROUP BY endpoint_id, state) AS p
JOIN notifications_endpoint AS e ON e.id = p.endpoint_id
GROUP BY e.state, p.state

-- name: metric_oldest_due
-- For how long the oldest push has been due, by the state of its endpoint; one index probe an endpoint.
SELECT e.state, extract(epoch FROM greatest(now() - min(oldest.due_at), interval '0'))
FROM notifications_endpoint AS e
JOIN LATERAL (
    SELECT p.due_at FROM notifications_push AS p WHERE p.endpoint_id = e.id AND p.state = 0 ORDER BY p.due_at LIMIT 1
) AS oldest ON true
GROUP BY e.state

-- name: metric_attempts
-- Requests to customers' servers of the last minute, by what they were and what became of them.
SELECT CASE WHEN question THEN 'question' ELSE 'push' END, result, count(*)
FROM notifications_attempt WHERE id >= %(since)s GROUP BY 1, 2

-- name: metric_attempt_seconds
-- How long the requests of the last minute took; sorted once for all levels.
SELECT q.level::text, q.took_us / 1e6
FROM (
    SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_us) AS levels
    FROM notifications_attempt WHERE id >= %(since)s AND result <> 'not_asked'
) AS lately
CROSS JOIN LATERAL unnest(ARRAY[0.5, 0.95, 0.99], lately.levels) AS q (level, took_us)
WHERE q.took_us IS NOT NULL

-- name: metric_shards
-- Shares of the outbox with and without a live lease.
SELECT CASE WHEN l.expires_at > now() THEN 'held' ELSE 'free' END, count(*)
FROM generate_series(0, 63) AS s (shard) LEFT JOIN notifications_shardlease AS l ON l.shard = s.shard GROUP BY 1

-- name: metric_dispatchers
-- How many processes hold shares.
SELECT count(DISTINCT owner) FROM notifications_shardlease WHERE expires_at > now() AND owner <> ''

-- name: metric_endpoints
-- Customers' endpoints by state.
SELECT state, count(*) FROM notifications_endpoint GROUP BY state

-- name: metric_breakers
-- Endpoints that are left alone for a while.
SELECT count(*) FROM notifications_endpoint WHERE closed_until > now()

-- name: metric_ingest_lag
-- How long ago records last came: of the upstream heard of last, and of the most silent one; one index probe each.
SELECT q.which, extract(epoch FROM greatest(now() - q.at, interval '0'))
FROM (
    SELECT max(last.received_at) AS newest, min(last.received_at) AS oldest
    FROM accounts_upstream AS u
    CROSS JOIN LATERAL (
        SELECT s.received_at FROM privacy_source AS s
        WHERE s.upstream_id = u.id AND s.door <> 'retry' ORDER BY s.received_at DESC LIMIT 1
    ) AS last
) AS heard
CROSS JOIN LATERAL (VALUES ('newest', heard.newest), ('most_silent', heard.oldest)) AS q (which, at)
WHERE q.at IS NOT NULL

-- name: metric_settlement_lag
-- For how long usage has been waiting since its hour ended, but for what waits for a price; one index probe a shard.
SELECT extract(epoch FROM greatest(now() - min(oldest.hour) - interval '1 hour', interval '0'))
FROM generate_series(0, 63) AS s (shard)
CROSS JOIN LATERAL (
    SELECT u.hour FROM privacy_usage AS u WHERE u.shard = s.shard AND u.blocked_reason = '' ORDER BY u.hour LIMIT 1
) AS oldest
HAVING count(*) > 0

-- name: metric_blocked_usage
-- Usage that waits uncharged, by reason.
SELECT blocked_reason, count(*) FROM privacy_usage WHERE blocked_reason <> '' GROUP BY blocked_reason

-- name: metric_quarantine
-- Records in quarantine that nobody dealt with.
SELECT count(*) FROM privacy_quarantined WHERE state = 'open'

-- name: metric_jobs
-- Jobs that wait or run, and those of the last day that failed.
SELECT state, count(*) FROM console_job
WHERE state IN ('queued', 'running') OR (state = 'failed' AND requested_at > now() - interval '1 day') GROUP BY state

-- name: metric_alerts
-- Open alerts by severity.
SELECT severity, count(*) FROM notifications_alert WHERE closed_at IS NULL GROUP BY severity

-- name: metric_heartbeats
-- How old the signs of life are.
SELECT name, extract(epoch FROM now() - at) FROM console_heartbeat

-- name: metric_transactions
-- For how long the oldest transaction of a client has been open: what was deleted since stays in the way till it ends,
-- and the list of pushes does not go on past one that writes.
SELECT coalesce(extract(epoch FROM max(now() - xact_start)), 0) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()

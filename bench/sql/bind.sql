-- name: bind_drawn
-- So many AXB bindings more, in turn on every number, between sealed people.
CREATE UNLOGGED TABLE bench_drawn AS
WITH x AS (
    SELECT row_number() OVER (ORDER BY n.id) - 1 AS place, count(*) OVER () AS numbers, n.id AS number_id,
        p.id AS application_id, p.account_id
    FROM privacy_number n JOIN privacy_holding h ON h.number_id = n.id
    JOIN accounts_application p ON p.id = h.application_id
)
SELECT gen_random_uuid() AS id, x.*, a.sealed AS a_number, b.sealed AS b_number, now() + interval '90 days' AS expires_at
FROM generate_series(0::bigint, %(count)s - 1) n
JOIN x ON x.place = n %% x.numbers
JOIN bench_person a ON a.place = n * 7919 %% %(people)s
JOIN bench_person b ON b.place = (n * 104729 + 1) %% %(people)s

-- name: bind_bindings
-- What was drawn, as bindings.
INSERT INTO privacy_binding (id, account_id, application_id, number_id, kind, a_number, b_number, extension,
    call_direction, duration, expires_at, time_unit, max_minutes, last_minute_voice, record, record_voice, sms, display,
    power, caller_voice, callee_voice, callback_voice, valid_from, changed_at, version, step, end_cause, bound_by,
    ended_by, reason)
SELECT id, account_id, application_id, number_id, 'AXB', a_number, b_number, '', 0, 7776000, expires_at, '', 0, '',
    false, '', true, '0', true, '', '', '', now(), now(), 1, 'city', '', '', '', ''
FROM bench_drawn

-- name: bind_routes
-- The two ways into each of them. The keys are nobody's, as spread as real ones.
INSERT INTO privacy_route (number_id, key, kind, binding_id, expires_at)
SELECT number_id, uuid_send(md5(id || side)::uuid), side, id, expires_at
FROM bench_drawn CROSS JOIN (VALUES ('A'), ('B')) sides (side)

-- name: bind_counters
-- What is bound on each number now.
UPDATE privacy_availability v
SET used = v.used + b.bound, role = 'AXB', last_bound_at = now() - random() * interval '1 hour'
FROM (SELECT number_id, count(*) AS bound FROM bench_drawn GROUP BY number_id) b
WHERE v.number_id = b.number_id

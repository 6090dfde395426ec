-- name: write_binding
-- Goes on after `WITH chosen AS (...)`: writes a binding with its routes on the number chosen, and counts it. A plain
-- INSERT of routes: who comes second at the same instant is refused by the unique index, with everything undone.
noted AS (
    SELECT c.*, i.at, i.at + nullif(%(seconds)s::int, 0) * interval '1 second' AS until
    FROM chosen c CROSS JOIN LATERAL (SELECT c.number_id, clock_timestamp() AS at OFFSET 0) i
),
made AS (
    INSERT INTO privacy_binding
        (id, account_id, application_id, number_id, parent_id, kind, valid_from, changed_at, version, step, end_cause,
         bound_by, ended_by, reason, request_id, a_number, b_number, extension, call_direction, expires_at, duration,
         yb_duration, time_unit, callback_duration, max_minutes, last_minute_voice, record, record_voice, sms, display,
         power, caller_voice, callee_voice, callback_voice, callback_number, user_data)
    SELECT %(id)s::uuid, %(account)s::bigint, %(application)s::bigint, n.number_id, %(parent)s::uuid, %(kind)s, n.at,
           n.at, 1, %(step)s, '', %(bound_by)s, '', %(reason)s, %(request_id)s::uuid, %(a_number)s::bytea,
           %(b_number)s::bytea, n.extension, %(call_direction)s::smallint,
           least(n.until, %(not_after)s::timestamptz), %(duration)s::int, %(yb_duration)s::int, %(time_unit)s,
           %(callback_duration)s::int, %(max_minutes)s::smallint, %(last_minute_voice)s, %(record)s::bool,
           %(record_voice)s, %(sms)s::bool, %(display)s, %(power)s::bool, %(caller_voice)s, %(callee_voice)s,
           %(callback_voice)s, %(callback_number)s::bytea, %(user_data)s::bytea
    FROM noted n
),
routed AS (
    INSERT INTO privacy_route (number_id, key, kind, binding_id, expires_at)
    SELECT n.number_id, r.key, r.kind, %(id)s::uuid, least(n.until, %(not_after)s::timestamptz)
    FROM noted n CROSS JOIN LATERAL (VALUES (%(a_key)s::bytea, 'A'), (n.key, %(second)s::text)) AS r (key, kind)
    WHERE r.key <> ''::bytea
),
counted AS (
    UPDATE privacy_availability a
    SET used = a.used + 1, most = %(most)s::int, role = %(role)s::text, last_bound_at = n.at
    FROM noted n WHERE a.number_id = n.number_id
)
SELECT n.number_id, n.number, n.area_code, n.extension, n.at, least(n.until, %(not_after)s::timestamptz) FROM noted n

-- name: load_party
-- Counts one more X of an A; no row when it has five.
INSERT INTO privacy_partyload AS l (application_id, party, numbers) VALUES (%(application)s::bigint, %(a_key)s::bytea, 1)
ON CONFLICT (application_id, party) DO UPDATE SET numbers = l.numbers + 1 WHERE l.numbers < %(most_of_a)s::smallint
RETURNING numbers

-- name: parent_of_relation
-- The AX if it still holds, until when, for how many seconds, begun ones too, and whether it has this B already. Asked
-- while its X is held.
SELECT p.expires_at, ceil(extract(epoch FROM p.expires_at - clock_timestamp()))::int,
       EXISTS (
           SELECT 1 FROM privacy_binding c
           WHERE c.parent_id = p.id AND c.valid_to IS NULL AND c.b_number = ANY(%(b_seals)s::bytea[])
             AND (c.expires_at IS NULL OR c.expires_at > clock_timestamp())
       )
FROM privacy_binding p
WHERE p.id = %(parent)s::uuid AND p.valid_to IS NULL AND (p.expires_at IS NULL OR p.expires_at > clock_timestamp())

-- name: binding_held
-- The number a binding holds on, and the key of its A. No row when it ended or expired.
SELECT b.number_id, r.key, b.kind FROM privacy_binding b
JOIN privacy_route r ON r.binding_id = b.id AND r.kind = 'A'
WHERE b.id = %(id)s::uuid AND b.application_id = %(application)s::bigint AND b.valid_to IS NULL
  AND (b.expires_at IS NULL OR b.expires_at > clock_timestamp())

-- name: unload_party
-- Counts one X less of an A; no row when it has none, for its binding ended meanwhile.
UPDATE privacy_partyload SET numbers = numbers - 1
WHERE application_id = %(application)s::bigint AND party = %(a_key)s::bytea AND numbers > 0
RETURNING numbers

-- name: keep_version
-- Copies what a binding says, before it is modified.
INSERT INTO privacy_bindingversion
    (binding_id, version, valid_from, valid_to, a_number, b_number, extension, call_direction, expires_at, duration,
     yb_duration, time_unit, callback_duration, max_minutes, last_minute_voice, record, record_voice, sms, display,
     power, caller_voice, callee_voice, callback_voice, callback_number, user_data)
SELECT id, version, changed_at, %(at)s::timestamptz, a_number, b_number, extension, call_direction, expires_at,
       duration, yb_duration, time_unit, callback_duration, max_minutes, last_minute_voice, record, record_voice, sms,
       display, power, caller_voice, callee_voice, callback_voice, callback_number, user_data
FROM privacy_binding WHERE id = %(id)s::uuid

-- name: clock
-- What time it is, after the locks.
SELECT clock_timestamp()

-- name: set_callee
-- Sets whom A of an AX reaches by calling X, over what was set before; no row when the binding ended, and none for one of
-- our own numbers: calls would go in circles.
INSERT INTO privacy_temporarycallee AS t (binding_id, callee_number, callee_key, set_at, expires_at, user_data)
SELECT b.id, %(callee)s::bytea, %(callee_key)s::bytea, i.at, i.at + %(seconds)s::int * interval '1 second',
       %(user_data)s::bytea
FROM (
    SELECT id FROM privacy_binding
    WHERE id = %(id)s::uuid AND valid_to IS NULL AND (expires_at IS NULL OR expires_at > statement_timestamp())
      AND NOT EXISTS (SELECT 1 FROM privacy_number WHERE number = %(number)s::text AND state <> 'returned')
    FOR SHARE
) b CROSS JOIN (SELECT clock_timestamp() AS at OFFSET 0) i
ON CONFLICT (binding_id) DO UPDATE SET
    callee_number = excluded.callee_number, callee_key = excluded.callee_key, set_at = excluded.set_at,
    expires_at = excluded.expires_at, user_data = excluded.user_data
RETURNING set_at, expires_at

-- name: call_facts
-- What decides most calls, by the database's clock: a fresh answer to the same question; X with its holder, as far as the
-- upstream serves it; the way into a binding. `near` is whether it is worth asking for an ended binding. The SELECT
-- around the array hides it from the planner, so that the kept plan looks no dearer than one made anew.
SELECT i.at, s.decision, x.*, r.kind,
       CASE WHEN coalesce(r.kind NOT IN ('A', 'B'), true) THEN
           EXISTS (
               SELECT 1 FROM privacy_cooling k
               WHERE k.number_id = x.id AND k.key IN (%(caller)s, %(anyone)s, %(extension)s)
                 AND k.released_at > i.at - interval '1 hour' * greatest(x.cool_down_hours, (
                     SELECT f.cool_down_hours FROM accounts_application f WHERE f.id = k.application_id
                 ))
           ) OR (x.mode NOT IN ('AXB', 'AXE') AND EXISTS (
               SELECT 1 FROM privacy_cooling k
               WHERE k.number_id = x.id
                 AND k.released_at > i.at - interval '1 hour' * greatest(x.cool_down_hours, (
                     SELECT f.cool_down_hours FROM accounts_application f WHERE f.id = k.application_id
                 ))
           )) OR EXISTS (
               SELECT 1 FROM privacy_route e
               WHERE e.number_id = x.id AND e.key IN (%(caller)s, %(anyone)s, %(extension)s) AND e.expires_at <= i.at
           ) OR EXISTS (
               SELECT 1 FROM privacy_binding w JOIN privacy_number m ON m.id = w.number_id
               WHERE w.a_number = ANY((SELECT %(seals)b::bytea[])::bytea[]) AND m.number = x.number AND w.valid_to <= i.at
           ) OR EXISTS (
               SELECT 1 FROM privacy_binding w JOIN privacy_number m ON m.id = w.number_id
               WHERE w.b_number = ANY((SELECT %(seals)b::bytea[])::bytea[]) AND m.number = x.number AND w.valid_to <= i.at
           )
       ELSE false END,
       b.id, b.kind, b.parent_id, b.foreign_id, b.a_number, b.b_number, b.extension, b.call_direction, b.max_minutes,
       b.last_minute_voice, b.record, b.record_voice, b.sms, b.display, b.power, b.caller_voice, b.callee_voice,
       b.callback_voice, b.callback_number, b.callback_duration, b.user_data, x.number
FROM (SELECT clock_timestamp() AS at OFFSET 0) i
LEFT JOIN LATERAL (
    SELECT d.decision, d.asked_key, d.decided_at FROM privacy_session d
    WHERE d.upstream_id = %(upstream)s AND d.session_key = %(session)s
    ORDER BY d.generation DESC LIMIT 1
) s ON s.asked_key = %(asked)s AND s.decided_at > i.at - %(repeat_seconds)s * interval '1 second'
LEFT JOIN LATERAL (
    SELECT n.id, n.number, n.state, n.cause, n.sms, n.area_code, a.id AS application_id,
           a.account_id, a.app_key, a.mode, a.state = 'active', c.state, c.time_zone, a.recording, a.sms,
           a.keep_sms_content, a.extension_digits, a.cool_down_hours, coalesce(a.no_permission_voice, ''),
           coalesce(a.abnormal_voice, ''), a.risk_control,
           coalesce(nullif(a.callin_url, ''), a.call_status_url, '') <> '', coalesce(a.sms_control_url, '') <> '',
           v.role
    FROM privacy_number n
    JOIN privacy_availability v ON v.number_id = n.id
    JOIN accounts_application a ON a.id = v.application_id
    JOIN accounts_account c ON c.id = a.account_id
    WHERE n.number = %(x)s AND n.state <> 'returned'
      AND (%(every_account)s OR EXISTS (
          SELECT 1 FROM accounts_upstream_accounts g WHERE g.upstream_id = %(upstream)s AND g.account_id = a.account_id
      ))
    LIMIT 1
) x ON true
LEFT JOIN LATERAL (
    SELECT e.binding_id, e.kind FROM privacy_route e
    WHERE e.number_id = x.id AND e.key IN (%(caller)s, %(anyone)s, %(extension)s)
      AND (e.expires_at IS NULL OR e.expires_at > i.at)
    ORDER BY array_position(ARRAY['A', 'B', 'extension', 'anyone'], e.kind::text) LIMIT 1
) r ON true
LEFT JOIN privacy_binding b ON b.id = r.binding_id

-- name: named_application
-- The application that an upstream's own app_key names.
SELECT application_id FROM accounts_upstreamapplication
WHERE upstream_id = %(upstream)s::bigint AND app_key = %(app_key)s::text

-- name: extension_bound
-- Whether any extension is bound on X.
SELECT EXISTS (
    SELECT 1 FROM privacy_route
    WHERE number_id = %(number)s::bigint AND kind = 'extension'
      AND (expires_at IS NULL OR expires_at > %(at)s::timestamptz)
)

-- name: ax_of
-- The AX that a YB hangs on.
SELECT b.id, b.kind, b.parent_id, b.foreign_id, b.a_number, b.b_number, b.extension, b.call_direction, b.max_minutes,
       b.last_minute_voice, b.record, b.record_voice, b.sms, b.display, b.power, b.caller_voice, b.callee_voice,
       b.callback_voice, b.callback_number, b.callback_duration, b.user_data, n.number
FROM privacy_binding b JOIN privacy_number n ON n.id = b.number_id
WHERE b.id = %(parent)s::uuid

-- name: yb_of
-- The YB that hangs on an AX for a B.
SELECT b.id, b.kind, b.parent_id, b.foreign_id, b.a_number, b.b_number, b.extension, b.call_direction, b.max_minutes,
       b.last_minute_voice, b.record, b.record_voice, b.sms, b.display, b.power, b.caller_voice, b.callee_voice,
       b.callback_voice, b.callback_number, b.callback_duration, b.user_data, n.number
FROM privacy_binding b JOIN privacy_number n ON n.id = b.number_id
WHERE b.parent_id = %(binding)s::uuid AND b.b_number = ANY((SELECT %(seals)b::bytea[])::bytea[])
  AND b.valid_from <= %(at)s::timestamptz AND b.valid_to IS NULL
  AND (b.expires_at IS NULL OR b.expires_at > %(at)s::timestamptz)
ORDER BY b.valid_from LIMIT 1

-- name: ended_binding
-- The binding on a number that ended last, by unbind or by its own term, within the cool-down of X's holder or of the
-- application it ended in, and that a caller can mean: he was one of its parties (in AXYB any B), or called, wrote or
-- was reached through it (where X has extensions, by this one), by what the switch was told or by CDRs in any spelling.
-- None of `now_of`, whose number or extension it is again; whoever held the number then, and in whichever of its rows. An
-- id begins with the milliseconds of its time; a minute on either side is for clocks, and for what was decided while the
-- binding ended.
SELECT b.id, b.kind, b.parent_id, b.foreign_id, b.a_number, b.b_number, b.extension, b.call_direction, b.max_minutes,
       b.last_minute_voice, b.record, b.record_voice, b.sms, b.display, b.power, b.caller_voice, b.callee_voice,
       b.callback_voice, b.callback_number, b.callback_duration, b.user_data, n.number
FROM (
    SELECT w.*, least(w.valid_to, w.expires_at) AS ended_at,
           (lpad(to_hex(floor(extract(epoch FROM w.valid_from) * 1000)::bigint - 60000), 12, '0') || repeat('0', 20))::uuid
               AS lo,
           (lpad(to_hex(floor(extract(epoch FROM least(w.valid_to, w.expires_at)) * 1000)::bigint + 60000), 12, '0')
               || repeat('0', 20))::uuid AS hi
    FROM privacy_binding w
    WHERE w.number_id IN (SELECT m.id FROM privacy_number m WHERE m.number = %(x)s::text)
) b
JOIN privacy_number n ON n.id = b.number_id
WHERE b.ended_at <= %(at)s::timestamptz
  AND (b.ended_at > %(since)s::timestamptz OR b.ended_at > %(at)s::timestamptz - interval '1 hour' * coalesce(
      (SELECT (s.state->>'cool_down_hours')::int FROM accounts_earlierstate s
       WHERE s.kind = 'application' AND s.row_id = b.application_id AND s.valid_to > %(at)s::timestamptz
       ORDER BY s.valid_to LIMIT 1),
      (SELECT a.cool_down_hours FROM accounts_application a WHERE a.id = b.application_id)
  ))
  AND b.a_number <> ALL(%(now_of)s::bytea[])
  AND (
      b.a_number = ANY(%(seals)s::bytea[])
      OR (b.kind IN ('AXB', 'YB') AND b.b_number = ANY(%(seals)s::bytea[]))
      OR (b.kind = 'AXYB' AND EXISTS (
          SELECT 1 FROM privacy_binding y WHERE y.parent_id = b.id AND y.b_number = ANY(%(seals)s::bytea[])
      ))
      OR (%(called)s::bool AND (
          b.kind IN ('AX', 'AXYB')
          OR (b.kind = 'AXE' AND (%(any_extension)s::bool OR b.extension = %(extension)s::text))
      ) AND (
          EXISTS (
              SELECT 1 FROM privacy_routingdecision d
              WHERE d.application_id = b.application_id AND d.caller_key = %(key)s::bytea
                AND d.id >= b.lo AND d.id < b.hi AND d.binding_id = b.id
          ) OR EXISTS (
              SELECT 1 FROM privacy_routingdecision d
              WHERE d.application_id = b.application_id AND d.callee_key = %(key)s::bytea
                AND d.id >= b.lo AND d.id < b.hi AND d.binding_id = b.id AND d.outcome IN ('connect', 'forward')
          ) OR EXISTS (
              SELECT 1 FROM privacy_call c
              WHERE c.number_id = b.number_id AND c.id >= b.lo AND c.id < b.hi
                AND c.subscription_id = coalesce(b.foreign_id, b.id::text)
                AND (c.caller_number = ANY(%(spelled)s::bytea[]) OR c.destination_number = ANY(%(spelled)s::bytea[]))
          )
      ))
  )
ORDER BY b.ended_at DESC
LIMIT 1

-- name: own_y
-- Whether a caller is B of a YB on the number dialled.
SELECT EXISTS (
    SELECT 1 FROM privacy_binding b
    WHERE b.b_number = ANY(%(seals)b::bytea[]) AND b.number_id = %(number)s::bigint AND b.kind = 'YB'
      AND b.valid_from <= %(at)s::timestamptz AND b.valid_to IS NULL
      AND (b.expires_at IS NULL OR b.expires_at > %(at)s::timestamptz)
)

-- name: keep_decision
-- Writes what a call's switch is told: into the session (made or prolonged as by sessions.upsert_sessions), and as a row
-- of its own; `keep_caller` and `kept_answer` go on. A twin's fresh answer to the same question stands, and nothing is
-- added. Does not wait for the disk: a crash of the database may lose the last moment.
WITH session AS (
    INSERT INTO privacy_session AS s
        (upstream_id, session_key, generation, session_id, account_id, application_id, number_id, subscription_id,
         push_sequence, first_at, last_at, decision, decided_at, asked_key)
    SELECT %(upstream)s::bigint, %(session_key)s::bytea, coalesce(g.near, g.newest + 1, 0), %(session)s::text,
           %(account)s::bigint, %(application)s::bigint, %(number)s::bigint, %(subscription)s::text, 0,
           %(at)s::timestamptz, %(at)s::timestamptz, %(answer)s::bytea, %(at)s::timestamptz, %(asked)s::bytea
    FROM (SELECT set_config('synchronous_commit', 'off', true) AS commit) AS lazily
    CROSS JOIN LATERAL (
        SELECT max(e.generation) FILTER (
                   WHERE %(at)s::timestamptz <= e.last_at + interval '24 hours'
                     AND %(at)s::timestamptz >= e.first_at - interval '24 hours'
               ) AS near,
               max(e.generation) AS newest
        FROM privacy_session e
        WHERE e.upstream_id = %(upstream)s::bigint AND e.session_key = %(session_key)s::bytea
    ) g
    WHERE lazily.commit = 'off'
    ON CONFLICT (upstream_id, session_key, generation) DO UPDATE SET
        account_id = coalesce(s.account_id, excluded.account_id),
        application_id = coalesce(s.application_id, excluded.application_id),
        number_id = coalesce(s.number_id, excluded.number_id),
        subscription_id = coalesce(nullif(s.subscription_id, ''), excluded.subscription_id),
        first_at = least(s.first_at, excluded.first_at),
        last_at = greatest(s.last_at, excluded.last_at),
        decision = CASE WHEN s.asked_key = excluded.asked_key
                         AND s.decided_at > excluded.decided_at - %(repeat_seconds)s::int * interval '1 second'
                        THEN s.decision ELSE excluded.decision END,
        decided_at = CASE WHEN s.asked_key = excluded.asked_key
                           AND s.decided_at > excluded.decided_at - %(repeat_seconds)s::int * interval '1 second'
                          THEN s.decided_at ELSE excluded.decided_at END,
        asked_key = excluded.asked_key
    RETURNING s.decision, s.decision = %(answer)s::bytea AS mine
),
kept AS (
    INSERT INTO privacy_routingdecision
        (id, upstream_id, account_id, application_id, number_id, kind, session_id, binding_id, outcome, code, rule,
         caller_key, callee_key, ended_binding_id, detail)
    SELECT %(id)s::uuid, %(upstream)s::bigint, %(account)s::bigint, %(application)s::bigint, %(number)s::bigint, 'call',
           %(session)s::text, %(binding)s::uuid, %(outcome)s::text, %(code)s::int, %(rule)s::text,
           %(caller_key)s::bytea, %(callee_key)s::bytea, %(ended_binding)s::uuid, %(answer)s::bytea
    FROM session WHERE session.mine
)

-- name: keep_caller
-- Goes on after `keep_decision`: A of the extension can call back whoever called, as long as he said.
, called AS (
    INSERT INTO privacy_callbackrecord (binding_id, caller_number, at, expires_at)
    SELECT %(binding)s::uuid, %(called_back)s::bytea, %(at)s::timestamptz,
           %(at)s::timestamptz + nullif(%(callback_minutes)s::int, 0) * interval '1 minute'
    FROM session WHERE session.mine
)

-- name: kept_answer
-- Goes on after `keep_decision`: the answer that stands, and whether it is the one that was to be kept.
SELECT session.decision, session.mine FROM session

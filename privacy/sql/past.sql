-- name: number_then
-- X with its holder at an instant, as they are now, and what each of the three was until after it (accounts_earlierstate).
SELECT n.id, n.number, n.area_code, n.state, n.cause, n.sms, ns.state,
       a.id, a.account_id, a.app_key, a.mode, a.state, a.recording, a.sms, a.keep_sms_content, a.extension_digits,
       a.cool_down_hours, a.no_permission_voice, a.abnormal_voice, a.risk_control, a.call_status_url, a.callin_url,
       a.sms_control_url, ps.state, c.state, c.time_zone, cs.state
FROM privacy_holding h
JOIN privacy_number n ON n.id = h.number_id
JOIN accounts_application a ON a.id = h.application_id
JOIN accounts_account c ON c.id = a.account_id
LEFT JOIN LATERAL (
    SELECT e.state FROM accounts_earlierstate e
    WHERE e.kind = 'number' AND e.row_id = n.id AND e.valid_to > %(at)s::timestamptz ORDER BY e.valid_to LIMIT 1
) ns ON true
LEFT JOIN LATERAL (
    SELECT e.state FROM accounts_earlierstate e
    WHERE e.kind = 'application' AND e.row_id = a.id AND e.valid_to > %(at)s::timestamptz ORDER BY e.valid_to LIMIT 1
) ps ON true
LEFT JOIN LATERAL (
    SELECT e.state FROM accounts_earlierstate e
    WHERE e.kind = 'account' AND e.row_id = c.id AND e.valid_to > %(at)s::timestamptz ORDER BY e.valid_to LIMIT 1
) cs ON true
WHERE n.number = %(x)s::text
  AND h.valid_from <= %(at)s::timestamptz AND (h.valid_to IS NULL OR h.valid_to > %(at)s::timestamptz)

-- name: bindings_then
-- The bindings that held at an instant, as they were told then: on a number those of a party, and in the modes where
-- others call too those of this extension or of anyone; or those of a set (YB of their AX, an AX of its YB).
SELECT b.id, b.kind, b.parent_id, b.foreign_id, t.a_number, t.b_number, t.extension, t.call_direction, t.max_minutes,
       t.last_minute_voice, t.record, t.record_voice, t.sms, t.display, t.power, t.caller_voice, t.callee_voice,
       t.callback_voice, t.callback_number, t.callback_duration, t.user_data, n.number, b.valid_from
FROM privacy_binding b
JOIN privacy_number n ON n.id = b.number_id
JOIN LATERAL (
    SELECT b.a_number, b.b_number, b.extension, b.call_direction, b.max_minutes, b.last_minute_voice, b.record,
           b.record_voice, b.sms, b.display, b.power, b.caller_voice, b.callee_voice, b.callback_voice,
           b.callback_number, b.callback_duration, b.user_data, b.expires_at
    WHERE b.changed_at <= %(at)s::timestamptz
    UNION ALL
    SELECT v.a_number, v.b_number, v.extension, v.call_direction, v.max_minutes, v.last_minute_voice, v.record,
           v.record_voice, v.sms, v.display, v.power, v.caller_voice, v.callee_voice, v.callback_voice,
           v.callback_number, v.callback_duration, v.user_data, v.expires_at
    FROM privacy_bindingversion v
    WHERE v.binding_id = b.id AND v.valid_from <= %(at)s::timestamptz AND v.valid_to > %(at)s::timestamptz
) t ON t.expires_at IS NULL OR t.expires_at > %(at)s::timestamptz
WHERE b.foreign_id IS NULL AND b.valid_from <= %(at)s::timestamptz
  AND (b.valid_to IS NULL OR b.valid_to > %(at)s::timestamptz)
  AND b.id IN (
      SELECT p.id FROM privacy_binding p
      WHERE p.number_id = %(number)s::bigint AND p.kind <> 'AXB' AND p.kind <> 'YB'
      UNION ALL
      SELECT p.id FROM privacy_binding p
      WHERE p.a_number = ANY(%(seals)b::bytea[]) AND p.number_id = %(number)s::bigint
      UNION ALL
      SELECT p.id FROM privacy_binding p
      WHERE p.b_number = ANY(%(seals)b::bytea[]) AND p.number_id = %(number)s::bigint
      UNION ALL
      SELECT v.binding_id FROM privacy_bindingversion v JOIN privacy_binding p ON p.id = v.binding_id
      WHERE v.a_number = ANY(%(seals)b::bytea[]) AND p.number_id = %(number)s::bigint
      UNION ALL
      SELECT v.binding_id FROM privacy_bindingversion v JOIN privacy_binding p ON p.id = v.binding_id
      WHERE v.b_number = ANY(%(seals)b::bytea[]) AND p.number_id = %(number)s::bigint
      UNION ALL
      SELECT p.id FROM privacy_binding p
      WHERE p.parent_id = %(ax)s::uuid AND p.b_number = ANY(%(seals)b::bytea[])
      UNION ALL
      SELECT %(ax)s::uuid
  )
  AND (b.kind <> 'AXE' OR t.extension = %(extension)s::text OR t.a_number = ANY(%(seals)b::bytea[]))
ORDER BY b.valid_from, b.id

-- name: extension_bound_then
-- Whether any extension was bound on a number at an instant.
SELECT EXISTS (
    SELECT 1 FROM privacy_binding b
    WHERE b.number_id = %(number)s::bigint AND b.kind = 'AXE' AND b.foreign_id IS NULL
      AND b.valid_from <= %(at)s::timestamptz AND (b.valid_to IS NULL OR b.valid_to > %(at)s::timestamptz)
      AND coalesce(
          (SELECT v.expires_at IS NULL OR v.expires_at > %(at)s::timestamptz FROM privacy_bindingversion v
           WHERE v.binding_id = b.id AND v.valid_from <= %(at)s::timestamptz AND v.valid_to > %(at)s::timestamptz
           LIMIT 1),
          b.expires_at IS NULL OR b.expires_at > %(at)s::timestamptz
      )
)

-- name: callee_then
-- The temporary callee of a binding at an instant: the last one set by then, if its time was not over.
SELECT t.callee_number, t.user_data FROM (
    SELECT s.callee_number, s.user_data, s.expires_at FROM privacy_temporarycalleeversion s
    WHERE s.binding_id = %(binding)s::uuid AND s.set_at <= %(at)s::timestamptz ORDER BY s.set_at DESC, s.id DESC LIMIT 1
) t WHERE t.expires_at > %(at)s::timestamptz

-- name: last_caller_then
-- Who had called A of an AXE last, before an instant.
SELECT k.caller_number FROM privacy_callbackrecord k
WHERE k.binding_id = %(binding)s::uuid AND k.at < %(at)s::timestamptz
  AND (k.expires_at IS NULL OR k.expires_at > %(at)s::timestamptz)
ORDER BY k.at DESC LIMIT 1

-- name: risk_rules_at
-- What holds for a call at an instant: rules, blacklist entries that meet it, the last pardons of what is counted, and
-- until when calls may have been counted elsewhere than in Redis: control was off, or Redis was away.
SELECT 'rule', r.id, r.kind, r.most, r.window_seconds, r.hours_from, r.hours_to, r.valid_from
FROM privacy_riskrule r
WHERE r.application_id = %(application)s::bigint
  AND r.valid_from <= %(at)s::timestamptz AND (r.valid_to IS NULL OR r.valid_to > %(at)s::timestamptz)
UNION ALL
SELECT 'entry', b.id, b.side, NULL, NULL, NULL, NULL, NULL
FROM privacy_blacklistentry b
WHERE b.application_id = %(application)s::bigint
  AND b.key = ANY (ARRAY[%(caller)b::bytea, %(callee)b::bytea])
  AND CASE b.side WHEN 'caller' THEN b.key = %(caller)b::bytea WHEN 'callee' THEN b.key = %(callee)b::bytea
                  ELSE b.key = %(caller)b::bytea AND b.counterpart_key = %(callee)b::bytea END
  AND b.valid_from <= %(at)s::timestamptz AND (b.valid_to IS NULL OR b.valid_to > %(at)s::timestamptz)
UNION ALL
SELECT 'pardon', NULL, p.kind, NULL, NULL, NULL, NULL, max(p.at)
FROM unnest(%(kinds)s::text[], %(subjects)b::bytea[]) AS s (kind, subject)
JOIN privacy_riskpardon p ON p.application_id = %(application)s::bigint AND p.kind = s.kind AND p.subject = s.subject
WHERE p.at <= %(at)s::timestamptz
GROUP BY p.kind
UNION ALL
(SELECT 'doubt', NULL, '', NULL, NULL, NULL, NULL, e.valid_to
 FROM accounts_earlierstate e
 WHERE e.kind = 'application' AND e.row_id = %(application)s::bigint AND e.state -> 'risk_control' = 'false'
 ORDER BY e.valid_to DESC LIMIT 1)
UNION ALL
(SELECT 'doubt', NULL, '', NULL, NULL, NULL, NULL, p.at
 FROM privacy_riskpass p WHERE p.application_id = %(application)s::bigint ORDER BY p.at DESC LIMIT 1)

-- name: risk_connects
-- The calls that were connected and count for a call's windows, each kind since its own instant; and those that were
-- let through without Redis a moment ago, whose decision may not be written yet.
SELECT k.kind, d.upstream_id, d.session_id, d.id, NULL AS passed, NULL::timestamptz AS passed_at
FROM unnest(%(kinds)s::text[], %(since)s::uuid[]) AS k (kind, since)
CROSS JOIN LATERAL (
    SELECT c.upstream_id, c.session_id, c.id FROM privacy_routingdecision c
    WHERE k.kind = 'caller' AND c.application_id = %(application)s::bigint AND c.caller_key = %(caller)b::bytea
      AND c.id >= k.since AND c.id < %(until)s::uuid AND c.outcome = 'connect' AND c.kind = 'call'
    UNION ALL
    SELECT c.upstream_id, c.session_id, c.id FROM privacy_routingdecision c
    WHERE k.kind = 'pair' AND c.application_id = %(application)s::bigint AND c.caller_key = %(caller)b::bytea
      AND c.callee_key = %(callee)b::bytea
      AND c.id >= k.since AND c.id < %(until)s::uuid AND c.outcome = 'connect' AND c.kind = 'call'
    UNION ALL
    SELECT c.upstream_id, c.session_id, c.id FROM privacy_routingdecision c
    WHERE k.kind = 'callee' AND c.application_id = %(application)s::bigint AND c.callee_key = %(callee)b::bytea
      AND c.id >= k.since AND c.id < %(until)s::uuid AND c.outcome = 'connect' AND c.kind = 'call'
    UNION ALL
    SELECT c.upstream_id, c.session_id, c.id FROM privacy_routingdecision c
    WHERE k.kind = 'number' AND c.number_id = %(number)s::bigint AND c.application_id = %(application)s::bigint
      AND c.id >= k.since AND c.id < %(until)s::uuid AND c.outcome = 'connect' AND c.kind = 'call'
) d
UNION ALL
SELECT k.kind, NULL, NULL, NULL, p.member, p.at
FROM unnest(%(kinds)s::text[]) AS k (kind)
JOIN privacy_riskpass p ON p.application_id = %(application)s::bigint AND p.at > %(passed)s::timestamptz
WHERE CASE k.kind WHEN 'caller' THEN p.caller_key = %(caller)b::bytea
                  WHEN 'callee' THEN p.callee_key = %(callee)b::bytea
                  WHEN 'number' THEN p.number_id = %(number)s::bigint
                  ELSE p.caller_key = %(caller)b::bytea AND p.callee_key = %(callee)b::bytea END

-- name: risk_lock
-- Holds an application's counting without Redis until the transaction ends.
SELECT pg_advisory_xact_lock(%(class)s::int, %(application)s::int)

-- name: risk_pass
-- Remembers a call that was let through without Redis; those of the day before are forgotten.
WITH old AS (
    DELETE FROM privacy_riskpass p WHERE p.application_id = %(application)s::bigint AND p.at < %(old)s::timestamptz
)
INSERT INTO privacy_riskpass (application_id, number_id, caller_key, callee_key, member, at)
VALUES (%(application)s::bigint, %(number)s::bigint, %(caller)b::bytea, %(callee)b::bytea, %(member)s::text,
        %(at)s::timestamptz)

-- name: risk_take_back
-- Forgets a call that was let through without Redis and then could not be put through.
DELETE FROM privacy_riskpass p WHERE p.application_id = %(application)s::bigint AND p.member = %(member)s::text

-- name: risk_now
-- The instant of a change, read once what it changes is held: what ends and what begins meet exactly.
SELECT clock_timestamp()

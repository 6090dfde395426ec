-- name: probe
-- The ways into a binding on a number for a caller and an extension, by the database's clock: the caller's own first.
SELECT r.binding_id, r.kind FROM privacy_route r
WHERE r.number_id = %(number)s::bigint AND r.key = ANY(%(keys)b::bytea[])
  AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())
ORDER BY array_position(ARRAY['A', 'B', 'extension', 'anyone'], r.kind::text) LIMIT 1

-- name: bindings_with_relations
-- The bindings of a set that hold, and the YB that hang on them: number, and the A whose X are counted.
SELECT b.id, b.number_id, r.key
FROM privacy_binding b
LEFT JOIN privacy_route r ON r.binding_id = b.id AND r.kind = 'A' AND b.kind IN ('AX', 'AXYB')
WHERE b.id = ANY(%(ids)b::uuid[]) AND b.valid_to IS NULL
UNION
SELECT c.id, c.number_id, NULL
FROM privacy_binding c WHERE c.parent_id = ANY(%(ids)b::uuid[]) AND c.valid_to IS NULL

-- name: hold_loads
-- Holds the counts of X of the parties of bindings, in the order of all writers.
SELECT l.id FROM privacy_partyload l
WHERE (l.application_id, l.party) IN (
    SELECT b.application_id, r.key FROM privacy_route r JOIN privacy_binding b ON b.id = r.binding_id
    WHERE r.binding_id = ANY(%(ids)b::uuid[]) AND r.kind = 'A'
)
ORDER BY l.application_id, l.party FOR NO KEY UPDATE

-- name: hold_numbers
-- Holds what can be bound on numbers, in the order of all writers.
SELECT number_id FROM privacy_availability WHERE number_id = ANY(%(numbers)b::bigint[])
ORDER BY number_id FOR NO KEY UPDATE

-- name: bindings_on_number
-- The bindings that hold on a number.
SELECT DISTINCT r.binding_id FROM privacy_route r JOIN privacy_binding b ON b.id = r.binding_id
WHERE r.number_id = %(number)s::bigint
  AND (%(application)s::bigint IS NULL OR b.application_id = %(application)s::bigint)

-- name: end_bindings
-- Ends bindings whose numbers are held: routes and temporary callees go, counters go down, cool-downs begin. What has
-- expired ended when it expired, whoever comes to end it. Returns each binding ended, and whether it had expired.
WITH ended AS (
    UPDATE privacy_binding b SET
        valid_to = greatest(b.valid_from, least(b.expires_at, i.at)),
        end_cause = CASE WHEN b.expires_at <= i.at THEN 'expired'
                         WHEN b.parent_id = ANY(%(parents)b::uuid[]) THEN 'with_ax' ELSE %(cause)s::text END,
        ended_by = CASE WHEN b.expires_at <= i.at THEN '' ELSE %(ended_by)s::text END,
        reason = CASE WHEN b.expires_at <= i.at OR %(reason)s::text = '' THEN b.reason ELSE %(reason)s::text END
    FROM (SELECT clock_timestamp() AS at OFFSET 0) i
    WHERE b.id = ANY(%(ids)b::uuid[]) AND b.valid_to IS NULL
    RETURNING b.id, b.number_id, b.application_id, b.kind, b.step, b.valid_to, b.end_cause = 'expired' AS expired
),
gone AS (
    DELETE FROM privacy_route r USING ended e WHERE r.binding_id = e.id
    RETURNING r.number_id, r.binding_id, r.key, r.kind, e.kind AS bound_as, e.application_id, e.valid_to
),
callees AS (
    DELETE FROM privacy_temporarycallee t USING ended e WHERE t.binding_id = e.id
),
cooled AS (
    INSERT INTO privacy_cooling (number_id, key, counterpart, released_at, application_id)
    SELECT p.number_id, k.key, k.counterpart, p.valid_to, p.application_id
    -- Grouped, not joined with itself: thousands end at once under a plan that was made for one.
    FROM (
        SELECT g.binding_id, g.number_id, g.bound_as, g.valid_to, g.application_id,
               (array_agg(g.key) FILTER (WHERE g.kind = 'A'))[1] AS a_key,
               (array_agg(g.key) FILTER (WHERE g.kind <> 'A'))[1] AS other_key
        FROM gone g GROUP BY 1, 2, 3, 4, 5
    ) p
    CROSS JOIN LATERAL (
        VALUES (p.other_key, p.a_key), (CASE WHEN p.bound_as = 'AXB' THEN p.a_key END, p.other_key)
    ) AS k (key, counterpart)
    WHERE k.key IS NOT NULL AND k.counterpart IS NOT NULL
    ON CONFLICT (number_id, key, counterpart) DO UPDATE
    SET released_at = excluded.released_at, application_id = excluded.application_id
),
counted AS (
    UPDATE privacy_availability a SET
        used = a.used - d.bindings,
        role = CASE WHEN a.used > d.bindings THEN a.role ELSE '' END,
        most = CASE WHEN a.used > d.bindings THEN a.most ELSE %(most)s::int END
    -- What is only recorded of an upstream was never counted.
    FROM (SELECT e.number_id, count(*)::int AS bindings FROM ended e WHERE e.step <> 'upstream' GROUP BY 1) d
    WHERE a.number_id = d.number_id
),
unloaded AS (
    UPDATE privacy_partyload l SET numbers = l.numbers - d.numbers
    FROM (
        SELECT g.application_id, g.key, count(*)::smallint AS numbers FROM gone g
        WHERE g.kind = 'A' AND g.bound_as IN ('AX', 'AXYB') GROUP BY 1, 2
    ) d
    WHERE l.application_id = d.application_id AND l.party = d.key
)
SELECT id, expired FROM ended

-- name: expired_bindings
-- The next bindings that have expired and were not ended.
SELECT b.id FROM privacy_binding b
WHERE b.valid_to IS NULL AND b.expires_at <= clock_timestamp() ORDER BY b.expires_at LIMIT %(limit)s::int

-- name: cool_routes
-- Begins the cool-downs of a binding whose parties are replaced.
INSERT INTO privacy_cooling (number_id, key, counterpart, released_at, application_id)
SELECT g.number_id, g.key, o.key, %(at)s::timestamptz, b.application_id
FROM privacy_route g
JOIN privacy_route o ON o.binding_id = g.binding_id AND o.key <> g.key
JOIN privacy_binding b ON b.id = g.binding_id
WHERE g.binding_id = %(id)s::uuid AND (b.kind = 'AXB' OR g.kind <> 'A')
ON CONFLICT (number_id, key, counterpart) DO UPDATE
SET released_at = excluded.released_at, application_id = excluded.application_id

-- name: copy_coolings
-- Begins the cool-downs of numbers that were returned and are issued again, as rows of their own, where they were.
INSERT INTO privacy_cooling (number_id, key, counterpart, released_at, application_id)
SELECT DISTINCT ON (n.id, k.key, k.counterpart) n.id, k.key, k.counterpart, k.released_at, k.application_id
FROM privacy_number n
JOIN privacy_number o ON o.number = n.number AND o.id <> n.id
JOIN privacy_cooling k ON k.number_id = o.id
WHERE n.id = ANY(%(numbers)b::bigint[])
ORDER BY n.id, k.key, k.counterpart, k.released_at DESC
ON CONFLICT (number_id, key, counterpart) DO NOTHING

-- name: forget_coolings
-- Deletes cool-downs that are over for every application and older than pairs are remembered.
DELETE FROM privacy_cooling WHERE id IN (
    SELECT id FROM privacy_cooling
    WHERE released_at < statement_timestamp() - greatest(
        %(days)s::int * interval '1 day',
        (SELECT coalesce(max(cool_down_hours), 0) FROM accounts_application) * interval '1 hour'
    )
    ORDER BY released_at LIMIT %(limit)s::int FOR UPDATE SKIP LOCKED
) RETURNING 1

-- name: forget_answers
-- Deletes answers kept for repeated requests for more than 24 h.
DELETE FROM privacy_idempotentanswer WHERE id IN (
    SELECT id FROM privacy_idempotentanswer WHERE created_at < statement_timestamp() - interval '24 hours'
    ORDER BY created_at LIMIT %(limit)s::int FOR UPDATE SKIP LOCKED
) RETURNING 1

-- name: forget_loads
-- Deletes the counts of parties that have no X any more.
DELETE FROM privacy_partyload WHERE id IN (
    SELECT id FROM privacy_partyload WHERE numbers = 0 LIMIT %(limit)s::int FOR UPDATE SKIP LOCKED
) RETURNING 1

-- name: live_subscriptions
-- Which of some bindings have a session of the last 24 h without an end.
SELECT DISTINCT s.subscription_id FROM privacy_session s
WHERE s.subscription_id = ANY(%(subscriptions)b::text[])
  AND s.last_at > statement_timestamp() - interval '24 hours'
  AND NOT EXISTS (
      SELECT 1 FROM privacy_callevent e
      WHERE e.session_id = s.session_id AND e.upstream_id = s.upstream_id AND e.event_type = 'disconnect'
        AND e.occurred_at BETWEEN s.first_at AND s.last_at
  )
  AND NOT EXISTS (
      SELECT 1 FROM privacy_call c
      WHERE c.session_id = s.session_id AND c.upstream_id = s.upstream_id AND c.ended_at BETWEEN s.first_at AND s.last_at
  )

-- name: choose
-- A number that can take the binding and, of the second keys offered, the first that is free on it: without a route of
-- A, and with no second key in cool-down (of this application, or of the one it was released in). One of the `in_...` conditions follows, then the lock. OFFSET 0 keeps the
-- look-ups what they are, probes of an index for one number after the other: joined, they would cost by all routes.
-- The SELECTs around the arrays and the "+ 0" hide values from the planner: so the plan that fits every bind looks no
-- dearer than one made for each, and binds are not planned anew (which took as long as all the rest).
SELECT a.number_id, n.number, n.area_code, s.key, s.extension
FROM privacy_availability a
JOIN privacy_number n ON n.id = a.number_id
CROSS JOIN LATERAL (
    SELECT o.key, o.extension
    FROM unnest((SELECT %(keys)b::bytea[]), (SELECT %(extensions)b::text[])) AS o (key, extension)
    WHERE NOT EXISTS (SELECT 1 FROM privacy_route r WHERE r.number_id = a.number_id AND r.key = o.key OFFSET 0)
      AND NOT EXISTS (
          SELECT 1 FROM privacy_cooling k
          WHERE k.number_id = a.number_id AND k.key = o.key
            AND CASE WHEN k.counterpart = %(a_key)s::bytea THEN %(avoid)s::bool
                     ELSE %(cools)s::bool AND k.released_at > statement_timestamp() - interval '1 hour' * greatest(
                         %(cool_hours)s::int,
                         (SELECT f.cool_down_hours FROM accounts_application f
                          WHERE f.id = k.application_id AND f.id <> %(application)s::bigint)
                     ) END
          OFFSET 0
      )
    LIMIT 1
) s
WHERE a.application_id = %(application)s::bigint
  AND a.role = ANY(%(roles)b::text[])
  AND a.used + 0 < %(most)s::int
  -- A, B or whom to call back being one of our numbers, calls would go in circles. Looked up once, not for each X.
  AND NOT EXISTS (
      SELECT 1 FROM privacy_number p
      WHERE p.number = ANY((SELECT %(parties)b::text[])::text[]) AND p.state <> 'returned' OFFSET 0
  )
  AND NOT EXISTS (
      SELECT 1 FROM privacy_route r WHERE r.number_id = a.number_id AND r.key = %(a_key)s::bytea OFFSET 0
  )
  AND NOT EXISTS (
      SELECT 1 FROM privacy_cooling k
      WHERE k.number_id = a.number_id AND k.key = %(a_key)s::bytea AND k.counterpart <> %(mirror)s::bytea
        AND %(cools)s::bool AND k.released_at > statement_timestamp() - interval '1 hour' * greatest(
            %(cool_hours)s::int,
            (SELECT f.cool_down_hours FROM accounts_application f
             WHERE f.id = k.application_id AND f.id <> %(application)s::bigint)
        )
      OFFSET 0
  )

-- name: in_named
-- The number that the customer named.
AND n.number = %(x)s::text AND n.state = 'normal' AND n.blacklisted_at IS NULL

-- name: in_city
-- The least recently used of a city.
AND a.free AND a.area_code = %(area)s::text ORDER BY a.last_bound_at NULLS FIRST, a.number_id LIMIT 1

-- name: in_cities
-- The least recently used of some cities.
AND a.free AND a.area_code = ANY(%(areas)b::text[]) ORDER BY a.last_bound_at NULLS FIRST, a.number_id LIMIT 1

-- name: in_any
-- The least recently used of all.
AND a.free ORDER BY a.last_bound_at NULLS FIRST, a.number_id LIMIT 1

-- name: in_one
-- One number, by its id.
AND a.free AND a.number_id = %(number)s::bigint

-- name: in_last
-- The number that this pair had last.
AND a.free AND (%(area)s::text = '' OR a.area_code = %(area)s::text) AND a.number_id = (
    SELECT k.number_id FROM privacy_cooling k
    WHERE k.counterpart = %(a_key)s::bytea AND k.key = ANY(%(keys)b::bytea[])
      AND EXISTS (
          SELECT 1 FROM privacy_availability h
          WHERE h.number_id = k.number_id AND h.application_id = %(application)s::bigint
      )
    ORDER BY k.released_at DESC LIMIT 1
)

-- name: number_named
-- How the number that the customer named stands: why it cannot take a binding.
SELECT n.id, n.state, n.blacklisted_at IS NOT NULL, a.role, a.used,
       ARRAY(SELECT r.key FROM privacy_route r WHERE r.number_id = n.id AND r.key = ANY(%(keys)b::bytea[])
             AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp()))
FROM privacy_number n JOIN privacy_availability a ON a.number_id = n.id
WHERE n.number = %(x)s::text AND a.application_id = %(application)s::bigint
ORDER BY n.state = 'returned' LIMIT 1

-- name: own_numbers
-- Which of some numbers are the platform's own.
SELECT n.number FROM privacy_number n WHERE n.number = ANY(%(numbers)b::text[]) AND n.state <> 'returned'

-- name: widen
-- Gives numbers that are full by an older limit the room of today's: more pairs, more digits of an extension.
UPDATE privacy_availability a SET most = %(most)s::int
FROM (
    SELECT number_id FROM privacy_availability
    WHERE application_id = %(application)s::bigint AND role = %(role)s::text AND most < %(most)s::int AND used >= most
    ORDER BY number_id FOR NO KEY UPDATE
) w
WHERE a.number_id = w.number_id
RETURNING a.number_id

-- name: expired_of_party
-- Bindings of an A that count among its X though they have expired.
SELECT b.id FROM privacy_binding b
WHERE b.a_number = ANY(%(seals)b::bytea[]) AND b.application_id = %(application)s::bigint AND b.kind = %(kind)s::text
  AND b.valid_to IS NULL AND b.expires_at <= clock_timestamp()
LIMIT 100

-- name: expired_on_number
-- Bindings that occupy a number, or one of these keys on it, though they have expired.
SELECT DISTINCT r.binding_id FROM privacy_route r
WHERE r.number_id = %(number)s::bigint AND r.expires_at <= clock_timestamp()
  AND (%(all)s::bool OR r.key = ANY(%(keys)b::bytea[]))
LIMIT 500

-- name: expired_of_application
-- Bindings that occupy numbers of an application though they have expired.
SELECT b.id FROM privacy_binding b
WHERE b.application_id = %(application)s::bigint AND b.valid_to IS NULL AND b.expires_at <= clock_timestamp()
ORDER BY b.expires_at LIMIT 500

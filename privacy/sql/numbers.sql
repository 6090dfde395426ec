-- name: lock_numbers
-- Holds numbers, in the order of their ids, and returns the newest status and cause of each (5 = normal when none).
SELECT n.id, coalesce(s.status, 5), coalesce(s.cause, '')
FROM (SELECT id FROM privacy_number WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE) n
LEFT JOIN LATERAL (
    SELECT status, cause FROM privacy_numberstatus WHERE number_id = n.id ORDER BY id DESC LIMIT 1
) s ON true

-- name: lock_numbers
-- Holds numbers, in the order of their ids.
SELECT id FROM privacy_number WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE

-- name: newest_statuses
-- The newest status and cause an upstream reported of each number. A statement of its own, to see what was waited for.
SELECT DISTINCT ON (number_id) number_id, status, cause
FROM privacy_numberstatus WHERE number_id = ANY(%(ids)s::bigint[]) AND source_id IS NOT NULL
ORDER BY number_id, id DESC

-- name: one_issue_at_a_time
-- Who orders or issues numbers waits for whoever does so already: two cannot make the same rows.
SELECT pg_advisory_xact_lock(%(lock)s)

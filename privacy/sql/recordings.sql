-- name: join_recordings
-- Joins recordings that came before their CDR with it: of several calls that name one, with that which arrived last.
UPDATE privacy_recordingfile r
SET call_id = found.id, delete_at = greatest(r.delete_at, found.received_at + make_interval(days => %(days)s))
FROM (
    SELECT w.id AS recording_id, c.id, c.received_at
    FROM privacy_recordingfile w
    CROSS JOIN LATERAL (
        SELECT id, received_at FROM privacy_call
        -- The second line is what the index by object says of itself.
        WHERE record_object = w.name AND record_domain = w.domain AND account_id = w.account_id
          AND upstream_id = w.upstream_id AND NOT record_object = ''
        ORDER BY received_at DESC
        LIMIT 1
    ) c
    WHERE w.call_id IS NULL AND w.deleted_at IS NULL AND w.delete_at >= %(since)s
) found
WHERE r.id = found.recording_id AND r.call_id IS NULL

-- name: try_fetch_lock
-- Takes the lock of whoever fetches recordings if nobody has it.
SELECT pg_try_advisory_lock(%(lock)s)

-- name: free_fetch_lock
-- Gives it back.
SELECT pg_advisory_unlock(%(lock)s)

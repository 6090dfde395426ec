-- name: insert_records
-- Claims record ids, in the order given; returns those that nobody had.
INSERT INTO privacy_record (upstream_id, kind, record_key, usage_id, fingerprint, source_id)
SELECT %(upstream)s::bigint, %(kind)s::smallint, r.record_key, r.usage_id, r.fingerprint, %(source)s::bigint
FROM unnest(%(keys)b::bytea[], %(ids)b::uuid[], %(fingerprints)b::bytea[]) AS r (record_key, usage_id, fingerprint)
ON CONFLICT DO NOTHING
RETURNING record_key

-- name: find_records
-- The records of an upstream with these keys.
SELECT record_key, usage_id, fingerprint
FROM privacy_record
WHERE upstream_id = %(upstream)s::bigint AND kind = %(kind)s::smallint AND record_key = ANY(%(keys)b::bytea[])

-- name: calls_of_other_upstreams
-- Answered calls of other upstreams on the same numbers with the same answer times: which wish, and the callee.
-- A call's id begins with its first time, which lies at most `lo` before it was answered: so partitions are pruned.
SELECT w.position, c.destination_number, c.id
FROM unnest(%(positions)b::int[], %(numbers)b::bigint[], %(answered)b::timestamptz[], %(los)b::uuid[], %(his)b::uuid[])
     AS w (position, number_id, answered_at, lo, hi)
JOIN privacy_call c ON c.number_id = w.number_id AND c.id >= w.lo AND c.id < w.hi
                   AND c.answered_at = w.answered_at AND c.upstream_id <> %(upstream)s::bigint

-- name: hold_answered
-- Holds answered calls, in order, until the transaction ends: waits for whoever stores the same call just now.
INSERT INTO privacy_answering (number_id, answered_at)
SELECT DISTINCT w.number_id, w.answered_at
FROM unnest(%(numbers)b::bigint[], %(answered)b::timestamptz[]) AS w (number_id, answered_at)
ORDER BY 1, 2
ON CONFLICT DO NOTHING

-- name: release_answered
-- Takes away what this transaction holds, the only rows it can see; who waits for them goes on after the commit.
DELETE FROM privacy_answering

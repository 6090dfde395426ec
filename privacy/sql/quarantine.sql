-- name: quarantine
-- Puts items into quarantine; one that is there is only counted again, whatever became of it.
INSERT INTO privacy_quarantined AS q
    (id, state, reason, detail, field, retryable, kind, upstream_id, signed_app_key, account_id, source_id, line,
     body_digest, body, conflicts_with, occurred_at, units_at_stake, times_received, resolved_by, resolution)
SELECT r.id, 'open', r.reason, r.detail, r.field, r.retryable, r.kind, %(upstream)s::bigint, %(signed)s, r.account_id,
       %(source)s::bigint, r.line, r.body_digest, r.body, r.conflicts_with, r.occurred_at, r.units, r.times, '', ''
FROM unnest(%(kinds)s::smallint[], %(digests)s::bytea[], %(ids)s::uuid[], %(reasons)s::text[], %(details)s::text[],
            %(fields)s::text[], %(retryables)s::bool[], %(accounts)s::bigint[], %(lines)s::int[], %(bodies)s::bytea[],
            %(conflicts)s::uuid[], %(occurred)s::timestamptz[], %(units)s::int[], %(times)s::int[])
     AS r (kind, body_digest, id, reason, detail, field, retryable, account_id, line, body, conflicts_with, occurred_at,
           units, times)
ON CONFLICT (upstream_id, kind, body_digest) DO UPDATE SET times_received = q.times_received + excluded.times_received

-- name: find_discarded
-- Which of these items a person discarded.
SELECT body_digest, id FROM privacy_quarantined
WHERE upstream_id = %(upstream)s::bigint AND state = 'discarded' AND body_digest = ANY(%(digests)s::bytea[])

-- name: open_retryable
-- Holds the next waiting items of an upstream that may be storable by now, in the order in which they came: after a
-- given one, and not older than `since`.
SELECT id, source_id, line
FROM privacy_quarantined
WHERE state = 'open' AND retryable AND upstream_id = %(upstream)s::bigint AND id >= %(since)s::uuid
  AND (source_id, line, id) > (%(after_source)s::bigint, %(after_line)s::int, %(after)s::uuid)
ORDER BY source_id, line, id
LIMIT %(limit)s::int
FOR UPDATE SKIP LOCKED

-- name: count_unknown_codes
-- Counts codes that no table has; in one order, so that two processes do not wait for each other crosswise.
INSERT INTO privacy_unknowncode ("table", code, first_seen_at, last_seen_at, seen)
SELECT u.t, u.c, %(now)s, %(now)s, u.n
FROM unnest(%(tables)s::text[], %(codes)s::int[], %(seen)s::bigint[]) AS u(t, c, n)
ORDER BY u.t, u.c
ON CONFLICT ("table", code) DO UPDATE
SET last_seen_at = greatest(privacy_unknowncode.last_seen_at, excluded.last_seen_at),
    first_seen_at = least(privacy_unknowncode.first_seen_at, excluded.first_seen_at),
    seen = privacy_unknowncode.seen + excluded.seen
RETURNING id

-- name: completeness
-- Per upstream: when something last came, how new the newest record of its last 1,000 arrivals is, and how long that
-- one took. Bounded by arrivals, not by time: a day of a busy upstream is millions of them.
SELECT u.id, u.code, l.received_at, n.newest_at, n.received_at - n.newest_at
FROM accounts_upstream u
LEFT JOIN LATERAL (
    SELECT s.received_at FROM privacy_source s
    WHERE s.upstream_id = u.id AND s.door <> 'retry' ORDER BY s.received_at DESC LIMIT 1
) l ON true
LEFT JOIN LATERAL (
    SELECT s.newest_at, s.received_at FROM (
        SELECT newest_at, received_at FROM privacy_source
        WHERE upstream_id = u.id AND door <> 'retry' ORDER BY received_at DESC LIMIT 1000
    ) s
    WHERE s.newest_at IS NOT NULL ORDER BY s.newest_at DESC, s.received_at LIMIT 1
) n ON true
WHERE %(upstream)s::bigint IS NULL OR u.id = %(upstream)s::bigint
ORDER BY u.code

-- name: arrivals_by_hour
-- What arrived from each upstream in each hour, newest first.
SELECT upstream_id, date_trunc('hour', received_at, 'UTC') AS hour,
       sum(received), sum(stored), sum(repeated), sum(quarantined)
FROM privacy_source
WHERE received_at >= %(since)s AND door <> 'retry'
  AND (%(upstream)s::bigint IS NULL OR upstream_id = %(upstream)s::bigint)
GROUP BY 1, 2
ORDER BY 2 DESC, 1

-- name: conservation_of_stored
-- The sources that left another number of rows than they say they stored.
WITH source AS (
    SELECT id, stored FROM privacy_source WHERE received_at >= %(start)s AND received_at < %(end)s
),
found AS (
    SELECT r.source_id, count(*) AS n FROM privacy_record r JOIN source s ON s.id = r.source_id GROUP BY 1
    UNION ALL
    SELECT m.source_id, count(*) FROM privacy_messageresult m JOIN source s ON s.id = m.source_id
    WHERE m.ordinal > 0 GROUP BY 1
    UNION ALL
    SELECT t.source_id, count(*) FROM privacy_numberstatus t JOIN source s ON s.id = t.source_id GROUP BY 1
)
SELECT s.id, s.stored, coalesce(sum(f.n), 0)
FROM source s LEFT JOIN found f ON f.source_id = s.id
GROUP BY s.id, s.stored
HAVING s.stored <> coalesce(sum(f.n), 0)
ORDER BY s.id

-- name: conservation_of_received
-- The sources whose figures do not add up; the database refuses such a row, so there is none.
SELECT id, received, stored + repeated + quarantined FROM privacy_source
WHERE received_at >= %(start)s AND received_at < %(end)s AND received <> stored + repeated + quarantined

-- name: conservation_of_quarantined
-- How often items were counted as quarantined by their sources, and by the rows in quarantine.
SELECT (SELECT coalesce(sum(quarantined), 0) FROM privacy_source),
       (SELECT coalesce(sum(times_received), 0) FROM privacy_quarantined)

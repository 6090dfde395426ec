-- name: sessions_near
-- The sessions of these keys that were heard of within a day of the given instants.
SELECT w.session_key, s.application_id, s.number_id, s.first_at, s.last_at
FROM unnest(%(keys)b::bytea[]) AS w (session_key)
JOIN privacy_session s ON s.upstream_id = %(upstream)s::bigint AND s.session_key = w.session_key

-- name: upsert_sessions
-- Makes or prolongs one session per row and takes its next push numbers; after 24 h of silence it is a new generation.
INSERT INTO privacy_session AS s
    (upstream_id, session_key, generation, session_id, account_id, application_id, number_id, subscription_id,
     push_sequence, first_at, last_at)
SELECT %(upstream)s::bigint, w.session_key, coalesce(g.near, g.newest + 1, 0), w.session_id,
       w.account_id, w.application_id, w.number_id, w.subscription_id, w.pushes, w.first_at, w.last_at
FROM unnest(%(keys)b::bytea[], %(sessions)b::text[], %(accounts)b::bigint[], %(applications)b::bigint[],
            %(numbers)s::bigint[], %(subscriptions)b::text[], %(pushes)b::bigint[],
            %(firsts)b::timestamptz[], %(lasts)b::timestamptz[])
     AS w (session_key, session_id, account_id, application_id, number_id, subscription_id, pushes, first_at, last_at)
CROSS JOIN LATERAL (
    SELECT max(e.generation) FILTER (
               WHERE w.first_at <= e.last_at + interval '24 hours' AND w.last_at >= e.first_at - interval '24 hours'
           ) AS near,
           max(e.generation) AS newest
    FROM privacy_session e
    WHERE e.upstream_id = %(upstream)s::bigint AND e.session_key = w.session_key
) g
ON CONFLICT (upstream_id, session_key, generation) DO UPDATE SET
    account_id = coalesce(s.account_id, excluded.account_id),
    application_id = coalesce(s.application_id, excluded.application_id),
    number_id = coalesce(s.number_id, excluded.number_id),
    subscription_id = coalesce(nullif(s.subscription_id, ''), excluded.subscription_id),
    push_sequence = s.push_sequence + excluded.push_sequence,
    first_at = least(s.first_at, excluded.first_at),
    last_at = greatest(s.last_at, excluded.last_at)
RETURNING session_key, id, push_sequence

-- name: forget_sessions
-- Deletes sessions that were silent since long, with their orders to stop, except those that ingest holds just now.
WITH silent AS (
    SELECT id FROM privacy_session WHERE last_at < %(before)s ORDER BY last_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), orders AS (
    DELETE FROM privacy_stoporder WHERE session_id IN (SELECT id FROM silent)
)
DELETE FROM privacy_session WHERE id IN (SELECT id FROM silent)

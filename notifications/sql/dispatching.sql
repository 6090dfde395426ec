-- name: make_leases
-- The rows of all shares, once.
INSERT INTO notifications_shardlease (shard, owner, epoch, expires_at)
SELECT n, '', 0, now() FROM generate_series(0, %(shards)s - 1) AS n
ON CONFLICT (shard) DO NOTHING

-- name: tell_alive
-- A dispatcher's sign of life; those that gave none for a day are forgotten.
WITH gone AS (
    DELETE FROM notifications_dispatcher WHERE seen_at < now() - interval '1 day'
)
INSERT INTO notifications_dispatcher (name, started_at, seen_at)
VALUES (%(owner)s, now(), now())
ON CONFLICT (name) DO UPDATE SET seen_at = now()

-- name: count_alive
-- How many dispatchers gave a sign of life while a lease lasts, and what time it is. One seen in the future was seen
-- before the clock was set back.
SELECT count(*), clock_timestamp() FROM notifications_dispatcher
WHERE abs(extract(epoch FROM now() - seen_at)) < %(seconds)s

-- name: cut_leases
-- A lease that would last longer than any does was given before the clock was set back: it has its full length yet.
UPDATE notifications_shardlease SET expires_at = now() + %(seconds)s * interval '1 second'
WHERE expires_at > now() + 2 * %(seconds)s * interval '1 second'

-- name: renew_leases
-- Ours last on. A lease that ran out and was taken by nobody is still ours, for its epoch is.
UPDATE notifications_shardlease SET expires_at = now() + %(seconds)s * interval '1 second'
WHERE owner = %(owner)s
RETURNING shard, epoch

-- name: take_leases
-- Takes free shares. Rows that an old owner is just writing under are locked by it, and skipped.
UPDATE notifications_shardlease l
SET owner = %(owner)s, epoch = l.epoch + 1, expires_at = now() + %(seconds)s * interval '1 second'
FROM (
    SELECT shard FROM notifications_shardlease WHERE expires_at <= now()
    ORDER BY shard LIMIT %(most)s FOR UPDATE SKIP LOCKED
) free
WHERE l.shard = free.shard
RETURNING l.shard, l.epoch

-- name: give_back_leases
-- Lets others have these at once.
UPDATE notifications_shardlease SET expires_at = now(), owner = ''
WHERE owner = %(owner)s AND shard = ANY(%(shards)s::smallint[])

-- name: leave
-- The last word of a dispatcher.
DELETE FROM notifications_dispatcher WHERE name = %(owner)s

-- name: find_waiting
-- The endpoints of our shares that have something due, or have it soon: one index probe for each endpoint with any push.
WITH RECURSIVE busy (id) AS (
    (SELECT endpoint_id FROM notifications_push ORDER BY endpoint_id, state, due_at LIMIT 1)
    UNION ALL
    SELECT (SELECT p.endpoint_id FROM notifications_push p WHERE p.endpoint_id > b.id
            ORDER BY p.endpoint_id, p.state, p.due_at LIMIT 1)
    FROM busy b WHERE b.id IS NOT NULL
)
SELECT array_agg(due.id), now() FROM busy CROSS JOIN LATERAL (
    SELECT e.id FROM notifications_endpoint e
    WHERE e.id = busy.id AND e.shard = ANY(%(shards)s::smallint[])
      AND EXISTS (
          SELECT FROM notifications_push p
          WHERE p.endpoint_id = e.id AND p.state = 0 AND p.due_at <= now() + interval '1 second'
      )
    OFFSET 0
) due

-- name: claim_pushes
-- Due pushes of our shares, at most so many an endpoint, whole beginnings of calls: of endpoints where something has
-- just become due, then of those where something waits (each from its floor on), the calls of which something is due,
-- then these calls from their oldest push on. Long calls of which enough is in memory are stepped over, lest one keeps
-- all others of its endpoint out. The calls by one index, so that what was deleted is stepped over once;
-- `+ 0` keeps the pushes from it. OFFSET 0 keeps the order of turns. What is known already is kept hashed, with the
-- endpoint under which it was read: moved to another since, it is told, for its call must wait for it.
WITH known AS MATERIALIZED (
    SELECT * FROM unnest(%(known)s::uuid[], %(known_at)s::bigint[]) AS known (id, endpoint)
), long AS MATERIALIZED (
    SELECT * FROM unnest(%(long_at)s::bigint[], %(long_keys)s::bigint[]) AS long (endpoint, order_key)
), fresh AS MATERIALIZED (
    SELECT DISTINCT few.endpoint_id FROM (
        SELECT p.endpoint_id FROM notifications_push p
        WHERE p.shard = ANY(%(shards)s::smallint[]) AND p.state = 0 AND p.due_at > %(since)s AND p.due_at <= now()
          AND p.endpoint_id <> ALL(%(seen)s::bigint[])
        LIMIT %(most)s * 4
    ) few
), wanted AS (
    SELECT endpoint_id AS id, '-infinity'::timestamptz AS floor FROM fresh
    UNION ALL
    SELECT turn.id, to_timestamp(turn.floor / 1000.0)
    FROM unnest(%(ids)s::bigint[], %(floors)s::bigint[]) AS turn (id, floor)
), calls AS (
    SELECT wanted.id AS endpoint_id, due.order_key, due.first FROM wanted CROSS JOIN LATERAL (
        SELECT e.id FROM notifications_endpoint e
        WHERE e.id = wanted.id AND e.shard = ANY(%(shards)s::smallint[]) AND e.state IN ('active', 'failing')
          AND e.left_at IS NULL AND (e.closed_until IS NULL OR e.closed_until <= now())
        OFFSET 0
    ) open CROSS JOIN LATERAL (
        SELECT few.order_key, min(few.due_at) AS first FROM (
            SELECT more.order_key, more.due_at FROM (
                SELECT p.id, p.endpoint_id, p.order_key, p.due_at FROM notifications_push p
                WHERE p.endpoint_id = open.id AND p.state = 0 AND p.due_at >= wanted.floor AND p.due_at <= now()
                ORDER BY p.due_at LIMIT %(stepped_over)s
            ) more
            WHERE more.id NOT IN (SELECT id FROM known)
              AND (more.endpoint_id, more.order_key) NOT IN (SELECT endpoint, order_key FROM long)
            ORDER BY more.due_at LIMIT %(an_endpoint)s
        ) few GROUP BY few.order_key
    ) due
    LIMIT %(most)s
)
SELECT p.id::text, p.endpoint_id, p.order_key, p.sequence, p.shard, p.body, p.attempt, p.due_at, p.first_failed_at,
       -- A replay waits from when it was asked for.
       greatest(p.created_at, (SELECT r.asked_at FROM notifications_replay r WHERE r.id = p.replay_id)),
       p.replay_id IS NOT NULL, calls.first, now()
FROM calls CROSS JOIN LATERAL (
    SELECT * FROM notifications_push p
    WHERE p.endpoint_id = calls.endpoint_id AND p.order_key = calls.order_key AND p.state + 0 = 0
      AND (p.id, p.endpoint_id) NOT IN (SELECT id, endpoint FROM known)
    ORDER BY p.sequence LIMIT %(a_call)s
) p
LIMIT %(most)s

-- name: read_endpoints
-- What a request to each endpoint needs, and whether something before it was given up. One whose URL is configured no
-- longer is as good as paused.
SELECT e.id, e.account_id, e.application_id, e.url, e.any_2xx,
       CASE WHEN e.left_at IS NULL THEN e.state ELSE 'paused' END, e.closed_until, e.failing_since, e.misses,
       e.last_success_at, e.last_failure_at, a.app_key, a.app_secret,
       CASE WHEN a.previous_secret_until > now() THEN a.previous_secret END, a.wsse_pushes,
       EXISTS (SELECT 1 FROM notifications_push p WHERE p.endpoint_id = e.id AND p.state IN (1, 2))
FROM notifications_endpoint e JOIN accounts_application a ON a.id = e.application_id
WHERE e.id = ANY(%(ids)s::bigint[])

-- name: find_taken_away
-- Of pushes that wait in memory, the endpoints of those that wait there no longer: somebody moved them or gave them up.
SELECT DISTINCT known.endpoint FROM unnest(%(ids)s::uuid[], %(endpoints)s::bigint[]) AS known (id, endpoint)
WHERE NOT EXISTS (
    SELECT FROM notifications_push p WHERE p.id = known.id AND p.endpoint_id = known.endpoint AND p.state = 0
)

-- name: find_gaps
-- The first push of each of these calls that was given up.
SELECT p.endpoint_id, p.order_key, min(p.sequence)
FROM unnest(%(endpoints)s::bigint[], %(order_keys)s::bigint[]) AS call (endpoint, order_key)
JOIN notifications_push p ON p.endpoint_id = call.endpoint AND p.order_key = call.order_key
WHERE p.state + 0 IN (1, 2)
GROUP BY p.endpoint_id, p.order_key

-- name: finish_delivered
-- What arrived leaves the outbox for the log of attempts, if its share is still ours (the lease is locked meanwhile).
WITH done AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s::json) AS d
        (push uuid, endpoint bigint, shard smallint, epoch bigint, id uuid, number smallint, result text,
         status smallint, took integer, reason text, answer text)
), held AS MATERIALIZED (
    SELECT shard, epoch FROM notifications_shardlease
    WHERE owner = %(owner)s AND shard IN (SELECT shard FROM done) FOR KEY SHARE
), gone AS (
    DELETE FROM notifications_push p USING done d, held h
    WHERE p.id = d.push AND h.shard = d.shard AND h.epoch = d.epoch
    RETURNING p.*, d.id AS attempt_id, d.endpoint AS sent_to, d.number, d.result, d.status, d.took,
              d.reason AS words, d.answer
)
INSERT INTO notifications_attempt
    (id, push_id, endpoint_id, account_id, application_id, kind, cause_id, session_id, question, number, result,
     http_status, duration_us, reason, queued_xid, order_key, sequence, queued_at, replay, body, answer)
SELECT attempt_id, id, sent_to, account_id, application_id, kind, cause_id, '', false, number, result,
       status, took, words, queued_xid, order_key, sequence, created_at, replay_id IS NOT NULL, body,
       decode(answer, 'hex')
FROM gone

-- name: finish_failed
-- What failed is due later, dead or parked, if its share is still ours; the request is in the log of attempts.
-- Parked (poison): the server takes others and refused this one as often as %(poison)s says since it was queued.
WITH done AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s::json) AS d
        (push uuid, endpoint bigint, shard smallint, epoch bigint, id uuid, number smallint, result text,
         status smallint, took integer, reason text, answer text, made smallint, at timestamptz, due timestamptz, state smallint,
         why text, poison boolean, since uuid)
), held AS MATERIALIZED (
    SELECT shard, epoch FROM notifications_shardlease
    WHERE owner = %(owner)s AND shard IN (SELECT shard FROM done) FOR KEY SHARE
), judged AS (
    SELECT d.*, d.poison AND (
        SELECT count(*) FROM notifications_attempt a
        WHERE a.push_id = d.push AND a.id >= d.since AND a.http_status BETWEEN 400 AND 499
          AND a.http_status NOT IN (408, 425, 429)
    ) >= %(poison)s - 1 AS parked
    FROM done d JOIN held h ON h.shard = d.shard AND h.epoch = d.epoch
), changed AS (
    UPDATE notifications_push p
    SET attempt = d.number, first_failed_at = coalesce(p.first_failed_at, d.at), due_at = coalesce(d.due, p.due_at),
        state = CASE WHEN d.parked THEN 2 ELSE d.state END,
        reason = CASE WHEN d.parked THEN %(parked)s ELSE d.why END
    FROM judged d WHERE p.id = d.push AND p.state = 0 AND p.attempt = d.made
    RETURNING p.*, d.id AS attempt_id, d.endpoint AS sent_to, d.number, d.result, d.status, d.took,
              d.reason AS words, d.answer
), logged AS (
    INSERT INTO notifications_attempt
        (id, push_id, endpoint_id, account_id, application_id, kind, cause_id, session_id, question, number, result,
         http_status, duration_us, reason, replay, answer)
    SELECT attempt_id, id, sent_to, account_id, application_id, kind, cause_id, '', false, number, result,
           status, took, words, replay_id IS NOT NULL, decode(answer, 'hex')
    FROM changed WHERE attempt_id IS NOT NULL
)
SELECT id::text, state FROM changed

-- name: hold_calls
-- The rest of a call is not due before its first one is.
UPDATE notifications_push p SET due_at = h.due
FROM json_to_recordset(%(rows)s::json) AS h (endpoint bigint, order_key bigint, sequence bigint, due timestamptz)
WHERE p.endpoint_id = h.endpoint AND p.order_key = h.order_key AND p.sequence > h.sequence AND p.state = 0
  AND p.due_at < h.due

-- name: release_calls
-- What only waited for an earlier push of its call is due now.
UPDATE notifications_push p SET due_at = now()
FROM json_to_recordset(%(rows)s::json) AS r (endpoint bigint, order_key bigint, sequence bigint)
WHERE p.endpoint_id = r.endpoint AND p.order_key = r.order_key AND p.sequence > r.sequence AND p.state = 0
  AND p.attempt = 0 AND p.due_at > now()

-- name: keep_health
-- What endpoints did, as the dispatcher that owns them saw it: one that lost them meanwhile changes nothing. People may
-- have paused one: that stands.
UPDATE notifications_endpoint e
SET last_success_at = coalesce(h.success_at, e.last_success_at),
    last_failure_at = coalesce(h.failure_at, e.last_failure_at), last_reason = coalesce(h.reason, e.last_reason),
    misses = h.misses, failing_since = h.failing_since, closed_until = h.closed_until,
    state = CASE WHEN e.state IN ('active', 'failing') THEN h.state ELSE e.state END,
    state_reason = CASE WHEN e.state IN ('active', 'failing') THEN h.why ELSE e.state_reason END,
    state_by = CASE WHEN e.state IN ('active', 'failing') THEN '' ELSE e.state_by END,
    state_since = CASE WHEN e.state IN ('active', 'failing') AND e.state <> h.state THEN now() ELSE e.state_since END
FROM json_to_recordset(%(rows)s::json) AS h
    (endpoint bigint, success_at timestamptz, failure_at timestamptz, reason text, misses integer,
     failing_since timestamptz, closed_until timestamptz, state text, why text), notifications_shardlease l
WHERE e.id = h.endpoint AND l.shard = e.shard AND l.owner = %(owner)s

-- name: give_up_old
-- Gives up what has waited too long in our shares, whatever it waited for; a replay waits from when it was asked for.
UPDATE notifications_push p SET state = 1, reason = %(reason)s
FROM (
    SELECT id FROM notifications_push
    WHERE shard = ANY(%(shards)s::smallint[]) AND state = 0 AND created_at <= now() - %(hours)s * interval '1 hour'
      AND NOT EXISTS (
          SELECT FROM notifications_replay AS r
          WHERE r.id = replay_id AND r.asked_at > now() - %(hours)s * interval '1 hour'
      )
      AND id NOT IN (SELECT unnest(%(known)s::uuid[]))
    LIMIT %(most)s FOR UPDATE SKIP LOCKED
) old
WHERE p.id = old.id
RETURNING p.endpoint_id, p.order_key, p.sequence

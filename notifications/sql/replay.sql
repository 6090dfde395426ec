-- name: chosen_pushes
-- What a choice holds: pushes that were given up, and each that arrived, by its newest attempt, unless it waits again.
SELECT p.order_key, p.endpoint_id, p.sequence, p.id, NULL::uuid AS attempt_id, p.kind, p.application_id, p.state
FROM notifications_push AS p
WHERE p.account_id = %(account)s
  AND p.state = ANY(%(states)s::smallint[])
  AND p.created_at <= %(asked)s
  AND (%(application)s::bigint IS NULL OR p.application_id = %(application)s::bigint)
  AND (%(push)s::uuid IS NULL OR p.id = %(push)s::uuid)
  AND (%(endpoint)s::bigint IS NULL OR p.endpoint_id = %(endpoint)s::bigint)
  AND (%(kind)s::text IS NULL OR p.kind = %(kind)s::text)
  AND (%(start)s::timestamptz IS NULL OR p.created_at >= %(start)s::timestamptz)
  AND (%(end)s::timestamptz IS NULL OR p.created_at < %(end)s::timestamptz)
UNION ALL
(
    SELECT DISTINCT ON (a.push_id)
           a.order_key, a.endpoint_id, a.sequence, a.push_id, a.id, a.kind, a.application_id, -1
    FROM notifications_attempt AS a
    WHERE %(delivered)s
      AND a.result = 'delivered'
      AND a.body IS NOT NULL
      AND a.account_id = %(account)s
      AND a.queued_xid IS NOT NULL
      AND a.queued_at <= %(asked)s
      AND (%(application)s::bigint IS NULL OR a.application_id = %(application)s::bigint)
      AND (%(push)s::uuid IS NULL OR a.push_id = %(push)s::uuid)
      AND (%(endpoint)s::bigint IS NULL OR a.endpoint_id = %(endpoint)s::bigint)
      AND (%(kind)s::text IS NULL OR a.kind = %(kind)s::text)
      AND (%(start)s::timestamptz IS NULL OR a.queued_at >= %(start)s::timestamptz)
      AND (%(first)s::uuid IS NULL OR a.id >= %(first)s::uuid)
      AND (%(end)s::timestamptz IS NULL OR a.queued_at < %(end)s::timestamptz)
      AND NOT EXISTS (SELECT FROM notifications_push AS p WHERE p.id = a.push_id)
    ORDER BY a.push_id, a.id DESC
)

-- name: count_chosen
-- How many pushes of a choice, by endpoint, kind and state.
SELECT endpoint_id, kind, state, count(*) FROM ({chosen}) AS chosen GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3

-- name: next_chosen
-- The next pushes of a choice after a place; those of one call at one endpoint in their order.
SELECT order_key, endpoint_id, sequence, id, attempt_id FROM ({chosen}) AS chosen
WHERE (order_key, endpoint_id, sequence, id) > (%(key)s, %(to)s, %(sequence)s, %(id)s::uuid)
ORDER BY 1, 2, 3, 4
LIMIT %(limit)s

-- name: try_replay_lock
-- Whether this connection is now the one that queues replays.
SELECT pg_try_advisory_lock(%(lock)s)

-- name: free_replay_lock
-- Lets another connection queue replays.
SELECT pg_advisory_unlock(%(lock)s)

-- name: lock_replay
-- One replay, for whoever queues its pushes; nothing when it is over.
SELECT place, queued FROM notifications_replay
WHERE id = %(replay)s AND state IN ('waiting', 'running')
FOR UPDATE

-- name: revive_pushes
-- Pushes that were given up wait again, as if never tried.
UPDATE notifications_push
SET state = 0, attempt = 0, due_at = clock_timestamp(), first_failed_at = NULL, reason = '', replay_id = %(replay)s
WHERE id = ANY(%(pushes)s::uuid[]) AND state IN (1, 2)

-- name: queue_delivered_again
-- Pushes that arrived are put into the outbox again as they were: id, order, place in the lists, body.
-- One that waits already, or whose place in the order another holds, is left out.
INSERT INTO notifications_push
    (id, endpoint_id, account_id, application_id, shard, kind, cause_id, order_key, sequence, body,
     due_at, replay_id, queued_xid, created_at)
SELECT a.push_id, a.endpoint_id, a.account_id, a.application_id, e.shard, a.kind, a.cause_id, a.order_key, a.sequence,
       a.body, clock_timestamp(), %(replay)s, a.queued_xid, a.queued_at
FROM notifications_attempt AS a JOIN notifications_endpoint AS e ON e.id = a.endpoint_id
WHERE a.id = ANY(%(attempts)s::uuid[])
ON CONFLICT DO NOTHING

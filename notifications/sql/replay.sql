-- name: chosen_pushes
-- What a choice holds as of when it was made: pushes that were given up, but for those that this replay sent again,
-- and each that had arrived, by its newest attempt until then, unless it waits again.
SELECT p.order_key, p.endpoint_id, p.sequence, p.id, NULL::uuid AS attempt_id, p.kind, p.cause_id, p.state
FROM notifications_push AS p
WHERE p.account_id = %(account)s
  AND p.state = ANY(%(states)s::smallint[])
  AND p.created_at <= %(asked)s
  AND (%(replay)s::uuid IS NULL OR p.replay_id IS DISTINCT FROM %(replay)s::uuid)
  AND (%(application)s::bigint IS NULL OR p.application_id = %(application)s::bigint)
  AND (%(push)s::uuid IS NULL OR p.id = %(push)s::uuid)
  AND (%(endpoint)s::bigint IS NULL OR p.endpoint_id = %(endpoint)s::bigint)
  AND (%(kind)s::text IS NULL OR p.kind = %(kind)s::text)
  AND (%(start)s::timestamptz IS NULL OR p.created_at >= %(start)s::timestamptz)
  AND (%(end)s::timestamptz IS NULL OR p.created_at < %(end)s::timestamptz)
UNION ALL
(
    SELECT DISTINCT ON (a.push_id)
           a.order_key, a.endpoint_id, a.sequence, a.push_id, a.id, a.kind, a.cause_id, -1
    FROM notifications_attempt AS a
    WHERE %(delivered)s
      AND a.result = 'delivered'
      AND a.body IS NOT NULL
      AND a.account_id = %(account)s
      AND a.queued_xid IS NOT NULL
      AND a.queued_at <= %(asked)s
      AND a.id < %(before)s::uuid
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

-- name: causes_chosen
-- What the pushes of a choice tell of.
SELECT cause_id FROM ({chosen}) AS chosen

-- name: next_chosen
-- The next pushes of a choice at one endpoint after a place, those of a call in their order.
SELECT order_key, sequence, id, attempt_id, kind, cause_id FROM ({chosen}) AS chosen
WHERE (order_key, sequence, id) > (%(key)s, %(sequence)s, %(id)s::uuid)
ORDER BY 1, 2, 3
LIMIT %(limit)s

-- name: endpoint_standings
-- Endpoints, the URLs of their applications, and how many pushes are due there (counted up to a limit).
SELECT e.id, e.application_id, e.account_id, e.url, e.state,
       ARRAY(SELECT DISTINCT url FROM unnest(ARRAY[
           a.call_status_url, a.callin_url, a.cdr_url, a.sms_url, a.sms_control_url, a.number_status_url
       ]) AS url WHERE url <> '' ORDER BY url),
       due.pushes
FROM notifications_endpoint AS e JOIN accounts_application AS a ON a.id = e.application_id
CROSS JOIN LATERAL (
    SELECT count(*) AS pushes FROM (
        SELECT FROM notifications_push AS p
        WHERE p.endpoint_id = e.id AND p.state = 0 AND p.due_at <= statement_timestamp() LIMIT %(most)s
    ) AS few
) AS due
WHERE e.id = ANY(%(endpoints)s::bigint[])

-- name: open_replays
-- Replays that are not over: the oldest of each account.
SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY account_id ORDER BY asked_at, id) AS place
    FROM notifications_replay WHERE state IN ('waiting', 'running')
) AS open
WHERE place <= %(most)s

-- name: try_replay_lock
-- Whether this connection is now the one that queues replays.
SELECT pg_try_advisory_lock(%(lock)s)

-- name: free_replay_lock
-- Lets another connection queue replays.
SELECT pg_advisory_unlock(%(lock)s)

-- name: lock_replay
-- How many pushes of a replay are queued, for whoever queues more; nothing when it is over.
SELECT queued FROM notifications_replay
WHERE id = %(replay)s AND state IN ('waiting', 'running')
FOR UPDATE

-- name: revive_pushes
-- Pushes that were given up wait again, as if never tried, at the endpoint they go to now; but for one that tells there
-- what has its place in the order already.
UPDATE notifications_push AS p
SET state = 0, attempt = 0, due_at = clock_timestamp(), first_failed_at = NULL, reason = '', replay_id = %(replay)s,
    endpoint_id = target.id, shard = target.shard
FROM notifications_endpoint AS target
WHERE target.id = %(endpoint)s AND p.id = ANY(%(pushes)s::uuid[]) AND p.state IN (1, 2)
  AND NOT EXISTS (SELECT FROM notifications_push AS there
                  WHERE there.endpoint_id = target.id AND there.order_key = p.order_key
                    AND there.sequence = p.sequence AND there.id <> p.id)

-- name: queue_delivered_again
-- Pushes that arrived are put into the outbox again as they were: id, order, place in the lists, body; at the endpoint
-- they go to now. Left out: one that waits already, one whose place in the order another holds, and, where not one
-- endpoint was chosen, one that has arrived elsewhere since.
INSERT INTO notifications_push
    (id, endpoint_id, account_id, application_id, shard, kind, cause_id, order_key, sequence, body,
     due_at, replay_id, queued_xid, created_at)
SELECT a.push_id, target.id, a.account_id, a.application_id, target.shard, a.kind, a.cause_id, a.order_key, a.sequence,
       a.body, clock_timestamp(), %(replay)s, a.queued_xid, a.queued_at
FROM notifications_attempt AS a JOIN notifications_endpoint AS target ON target.id = %(endpoint)s
WHERE a.id = ANY(%(attempts)s::uuid[])
  AND (%(one_endpoint)s OR NOT EXISTS (
      SELECT FROM notifications_attempt AS later
      WHERE later.push_id = a.push_id AND later.id > a.id AND later.result = 'delivered'
        AND later.endpoint_id <> a.endpoint_id))
ON CONFLICT DO NOTHING

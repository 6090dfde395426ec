-- name: stranded_endpoints
-- Endpoints with pushes that wait, whose URL is none of their application's any more: of one application, or of all.
SELECT e.id, e.application_id
FROM notifications_endpoint AS e
JOIN accounts_application AS a ON a.id = e.application_id
WHERE e.url NOT IN (coalesce(a.call_status_url, ''), coalesce(a.callin_url, ''), coalesce(a.cdr_url, ''),
                    coalesce(a.sms_url, ''), coalesce(a.sms_control_url, ''), coalesce(a.number_status_url, ''))
  AND (%(application)s::bigint IS NULL OR e.application_id = %(application)s)
  AND EXISTS (SELECT FROM notifications_push AS p WHERE p.endpoint_id = e.id AND p.state = 0)
ORDER BY e.id

-- name: note_left
-- Notes of an application's endpoints which have a URL that is configured and which no longer.
UPDATE notifications_endpoint AS e
SET left_at = CASE WHEN now_set.is_one THEN NULL ELSE clock_timestamp() END
FROM accounts_application AS a CROSS JOIN LATERAL (
    SELECT e2.id, e2.url IN (coalesce(a.call_status_url, ''), coalesce(a.callin_url, ''), coalesce(a.cdr_url, ''),
                             coalesce(a.sms_url, ''), coalesce(a.sms_control_url, ''),
                             coalesce(a.number_status_url, '')) AS is_one
    FROM notifications_endpoint AS e2
    WHERE e2.application_id = a.id
) AS now_set
WHERE a.id = %(application)s AND e.id = now_set.id AND (e.left_at IS NULL) <> now_set.is_one

-- name: applications_that_left
-- Applications with an endpoint that was left, for they may have come back to it.
SELECT DISTINCT application_id FROM notifications_endpoint WHERE left_at IS NOT NULL

-- name: stranded_pushes
-- Some pushes that wait at an endpoint, oldest of each call first, and of which event they are. Whole beginnings of
-- calls: what comes after a push that somebody else holds stays with it, or it would overtake it at its new place.
WITH few AS MATERIALIZED (
    SELECT id, kind, cause_id, order_key, sequence FROM notifications_push
    WHERE endpoint_id = %(endpoint)s AND state = 0
    ORDER BY order_key, sequence LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
SELECT f.id, f.kind, coalesce(event.event_type, '')
FROM few AS f
LEFT JOIN privacy_callevent AS event ON f.kind = 'event' AND event.id = f.cause_id
WHERE NOT EXISTS (SELECT FROM notifications_push AS before
                  WHERE before.endpoint_id = %(endpoint)s AND before.order_key = f.order_key
                    AND before.sequence < f.sequence AND before.state = 0
                    AND before.id NOT IN (SELECT id FROM few))
ORDER BY f.order_key, f.sequence

-- name: move_pushes
-- Hands pushes to another endpoint, due at once; but for one that tells there already what has its place in the order.
-- From one dispatcher's share to another's they wait as long as a request may take: one may be under way, which the
-- other knows nothing of. What became of it is written as ever, for a push is found by its id: one that arrived is gone
-- from its new place before its time comes.
UPDATE notifications_push AS p
SET endpoint_id = target.id, shard = target.shard, due_at = CASE
    WHEN EXISTS (SELECT FROM notifications_shardlease AS was JOIN notifications_shardlease AS will
                             ON will.shard = target.shard AND will.owner <> was.owner
                 WHERE was.shard = p.shard AND was.owner <> '')
    THEN clock_timestamp() + %(pause)s * interval '1 second'
    ELSE least(p.due_at, now()) END
FROM notifications_endpoint AS target
WHERE target.id = %(endpoint)s AND p.id = ANY(%(ids)s::uuid[])
  AND NOT EXISTS (SELECT FROM notifications_push AS there
                  WHERE there.endpoint_id = target.id AND there.order_key = p.order_key AND there.sequence = p.sequence)
RETURNING p.id

-- name: give_up_pushes
-- Gives pushes up for a reason; they stay for a replay.
UPDATE notifications_push SET state = 1, reason = %(reason)s WHERE id = ANY(%(ids)s::uuid[]) AND state = 0

-- name: clear_dead_leases
-- Takes the names of processes off shares that nobody has held for long; whoever comes takes them as before.
UPDATE notifications_shardlease SET owner = '' WHERE owner <> '' AND expires_at < %(before)s

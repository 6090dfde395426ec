-- name: database_identity
-- Which database this is: a place in a list means something only in the one where its transactions were counted.
SELECT system.system_identifier || '-' || checkpoint.timeline_id || '-' || database.oid
FROM pg_control_system() AS system, pg_control_checkpoint() AS checkpoint, pg_database AS database
WHERE database.datname = current_database()

-- name: list_pushes
-- The next pushes of an application in the order of (queueing transaction, id), waiting and gone, from one snapshot.
-- Only what was queued by transactions before `horizon` (queued_up_to): nothing can be committed before it any more.
-- A push that was sent again has its place once; while it waits again it is in the outbox.
WITH waiting AS (
    SELECT p.queued_xid, p.id, p.kind, p.endpoint_id, p.sequence, p.state, p.attempt, p.created_at AS queued_at,
           p.due_at, NULL::uuid AS attempt_id, p.reason, p.replay_id IS NOT NULL AS replay, p.body
    FROM notifications_push AS p
    WHERE p.application_id = %(application)s
      AND p.queued_xid < %(horizon)s
      AND (p.queued_xid, p.id) > (%(xid)s, %(push)s::uuid)
      AND p.state = ANY(%(states)s::smallint[])
      AND (%(kind)s::text IS NULL OR p.kind = %(kind)s::text)
      AND (%(start)s::timestamptz IS NULL OR p.created_at >= %(start)s::timestamptz)
      AND (%(end)s::timestamptz IS NULL OR p.created_at < %(end)s::timestamptz)
    ORDER BY p.queued_xid, p.id
    LIMIT %(limit)s
), gone AS (
    SELECT DISTINCT ON (a.queued_xid, a.push_id)
           a.queued_xid, a.push_id, a.kind, a.endpoint_id, a.sequence, -1, a.number, a.queued_at,
           NULL::timestamptz, a.id, a.reason, a.replay, a.body
    FROM notifications_attempt AS a
    WHERE %(delivered)s
      AND a.result = 'delivered'
      AND a.application_id = %(application)s
      AND a.queued_xid < %(horizon)s
      AND (a.queued_xid, a.push_id) > (%(xid)s, %(push)s::uuid)
      AND (%(kind)s::text IS NULL OR a.kind = %(kind)s::text)
      AND (%(start)s::timestamptz IS NULL OR a.queued_at >= %(start)s::timestamptz)
      AND (%(first)s::uuid IS NULL OR a.id >= %(first)s::uuid)
      AND (%(end)s::timestamptz IS NULL OR a.queued_at < %(end)s::timestamptz)
      AND NOT EXISTS (SELECT FROM notifications_push AS p WHERE p.id = a.push_id)
    ORDER BY a.queued_xid, a.push_id, a.id DESC
    LIMIT %(limit)s
)
SELECT found.*, endpoint.url
FROM (SELECT * FROM waiting UNION ALL SELECT * FROM gone) AS found
JOIN notifications_endpoint AS endpoint ON endpoint.id = found.endpoint_id
ORDER BY found.queued_xid, found.id
LIMIT %(limit)s

-- name: queued_up_to
-- How far lists go at this moment: to the oldest open transaction of this database, else to the end. A transaction
-- counts as another database's only when the process that holds its lock is known to be there.
WITH now AS (
    SELECT pg_current_snapshot() AS snapshot
), here AS (
    SELECT oid FROM pg_database WHERE datname = current_database()
)
SELECT coalesce(
    (
        SELECT min(open.xid::text::bigint)
        FROM now, here, pg_snapshot_xip(now.snapshot) AS open (xid)
        WHERE NOT EXISTS (
            SELECT FROM pg_locks AS held
            JOIN pg_stat_activity AS holder ON holder.pid = held.pid
            WHERE held.locktype = 'transactionid' AND held.mode = 'ExclusiveLock' AND held.granted
              AND held.transactionid = open.xid::xid AND holder.datid <> here.oid
        )
    ),
    (SELECT pg_snapshot_xmax(now.snapshot)::text::bigint FROM now)
)

-- name: outlive_restore
-- Moves the places of restored pushes before all that this database will count, in their old order.
WITH last AS (
    SELECT greatest(
        (SELECT coalesce(max(queued_xid), 0) FROM notifications_push),
        (SELECT coalesce(max(queued_xid), 0) FROM notifications_attempt)
    ) + 1 AS xid
), pushes AS (
    UPDATE notifications_push SET queued_xid = queued_xid - last.xid FROM last WHERE last.xid > 1
)
UPDATE notifications_attempt SET queued_xid = queued_xid - last.xid FROM last
WHERE queued_xid IS NOT NULL AND last.xid > 1

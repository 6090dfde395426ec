-- name: raise_alert
-- Opens an alert, or counts it where it is open. Two sessions at once make one row: the second waits and counts. The
-- silence of the last time goes on while it holds; the severity only rises.
INSERT INTO notifications_alert AS open
    (kind, severity, account_id, subject, title, "values", first_seen_at, last_seen_at, count,
     acknowledged_by, closed_by, silenced_until)
SELECT %(kind)s, %(severity)s, %(account)s, %(subject)s, %(title)s, %(values)s, %(now)s, %(now)s, 1, '', '', (
    SELECT CASE WHEN silenced_until > %(now)s THEN silenced_until END FROM notifications_alert
    WHERE kind = %(kind)s AND subject = %(subject)s ORDER BY id DESC LIMIT 1
)
ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO UPDATE
SET count = open.count + 1,
    last_seen_at = greatest(open.last_seen_at, excluded.last_seen_at),
    severity = CASE WHEN array_position(%(ranks)s::text[], excluded.severity::text)
                       > array_position(%(ranks)s::text[], open.severity::text)
                    THEN excluded.severity ELSE open.severity END,
    title = excluded.title,
    "values" = excluded."values"
RETURNING id

-- name: tell_routes
-- Queues an alert's opening for each route that tells it and has not been told. A mail to the contacts of an account
-- is none where the alert has no account.
INSERT INTO notifications_alertmessage (alert_id, route_id, crossing, state, attempts, due_at, reason, created_at)
SELECT %(alert)s, route.id, 'opened', 'waiting', 0, %(now)s, '', %(now)s
FROM notifications_alertroute route
WHERE route.enabled
  AND (route.account_id IS NULL OR route.account_id = %(account)s)
  AND route.kind IN ('', %(kind)s)
  AND array_position(%(ranks)s::text[], route.severity::text)
      <= array_position(%(ranks)s::text[], %(severity)s::text)
  AND (%(but)s::bigint IS NULL OR route.id <> %(but)s::bigint)
  AND (route.channel <> 'mail' OR route.addresses <> '' OR coalesce(route.account_id, %(account)s) IS NOT NULL)
ON CONFLICT (alert_id, route_id, crossing) WHERE crossing <> 'test' DO NOTHING

-- name: tell_closed
-- Queues the end of alerts for each route that told their opening; not of one that only gave way to a worse one of the
-- same subject (a low balance that became arrears is no good news).
INSERT INTO notifications_alertmessage (alert_id, route_id, crossing, state, attempts, due_at, reason, created_at)
SELECT opened.alert_id, opened.route_id, 'closed', 'waiting', 0, %(now)s, '', %(now)s
FROM notifications_alertmessage opened
JOIN notifications_alertroute route ON route.id = opened.route_id AND route.enabled
JOIN notifications_alert alert ON alert.id = opened.alert_id
WHERE opened.alert_id = ANY(%(alerts)s::bigint[]) AND opened.crossing = 'opened' AND opened.state <> 'failed'
  AND (alert.silenced_until IS NULL OR alert.silenced_until <= %(now)s)
  AND NOT EXISTS (
      SELECT FROM notifications_alert worse
      WHERE worse.subject = alert.subject AND worse.closed_at IS NULL
        AND array_position(%(ranks)s::text[], worse.severity::text)
            > array_position(%(ranks)s::text[], alert.severity::text)
  )
ON CONFLICT (alert_id, route_id, crossing) WHERE crossing <> 'test' DO NOTHING

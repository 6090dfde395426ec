-- name: asked_sessions
-- The sessions about whose call the customer was asked since an instant (the least id of its attempts).
SELECT DISTINCT session_id FROM notifications_attempt
WHERE session_id = ANY(%(sessions)s::text[]) AND session_id <> '' AND question AND kind = 'event'
  AND application_id = ANY(%(applications)s::bigint[]) AND id >= %(since)s::uuid

-- name: claim_relayed_answer
-- Takes a relayed question for this request: a new one, or one whose asker went without an answer. No row otherwise.
INSERT INTO privacy_messageanswer AS kept (upstream_id, key, asked, decided_at)
VALUES (%(upstream)s, %(key)s, %(asked)s, %(now)s)
ON CONFLICT (upstream_id, key) DO UPDATE SET decided_at = EXCLUDED.decided_at
 WHERE kept.answer IS NULL AND kept.decided_at < %(given_up)s
RETURNING id

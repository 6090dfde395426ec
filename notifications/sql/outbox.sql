-- name: find_endpoints
-- The endpoints of applications with these URLs.
SELECT id, application_id, url_digest, shard FROM notifications_endpoint
WHERE application_id = ANY(%(applications)s::bigint[]) AND url_digest = ANY(%(digests)s::bytea[])

-- name: insert_endpoint
-- Makes an endpoint unless another session just did.
INSERT INTO notifications_endpoint (account_id, application_id, url, url_digest, shard, state)
VALUES (%(account)s, %(application)s, %(url)s, %(digest)s, %(shard)s, 'active')
ON CONFLICT (application_id, url_digest) DO NOTHING

-- name: insert_push
-- Queues one push unless it is queued already.
INSERT INTO notifications_push
    (id, endpoint_id, account_id, application_id, shard, kind, cause_id, order_key, sequence, body)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO NOTHING

-- name: keep_request
-- Adds one row to the log of requests, without waiting for the disk: a crash may lose the last moment of the log.
INSERT INTO privacy_apirequest (id, account_id, application_id, app_key, address, method, path, operation, http_status,
                                code, parameter, step, detail, duration_us, binding_id, request, answer)
SELECT %(id)s, %(account)s, %(application)s, %(app_key)s, %(address)s, %(method)s, %(path)s, %(operation)s,
       %(http_status)s, %(code)s, %(parameter)s, %(step)s, %(detail)s, %(duration_us)s, %(binding)s, %(request)s,
       %(answer)s
FROM (SELECT set_config('synchronous_commit', 'off', true) AS commit) AS lazily
WHERE lazily.commit = 'off'

-- name: claim_idempotency_key
-- Takes a key for this request, also one whose day is over; no row when it is taken. Waits for whoever is just taking it.
INSERT INTO privacy_idempotentanswer AS kept (application_id, key, body, created_at)
VALUES (%(application)s, %(key)s, %(body)s, %(now)s)
ON CONFLICT (application_id, key) DO UPDATE
   SET body = EXCLUDED.body, created_at = EXCLUDED.created_at, http_status = NULL, answer = NULL
 WHERE kept.created_at < %(expired)s
RETURNING id

-- name: keep_idempotent_answer
-- Keeps the answer under the key that was taken.
UPDATE privacy_idempotentanswer SET http_status = %(status)s, answer = %(answer)s WHERE id = %(id)s

-- name: idempotent_answer
-- Gives the request and the answer kept under a key.
SELECT body, http_status, answer FROM privacy_idempotentanswer
 WHERE application_id = %(application)s AND key = %(key)s

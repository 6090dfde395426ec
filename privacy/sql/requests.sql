-- name: keep_request
-- Adds one row to the log of requests, without waiting for the disk: a crash may lose the last moment of the log.
INSERT INTO privacy_apirequest (id, account_id, application_id, app_key, address, method, path, operation, http_status,
                                code, parameter, step, detail, duration_us, binding_id, request, answer)
SELECT %(id)s, %(account)s, %(application)s, %(app_key)s, %(address)s, %(method)s, %(path)s, %(operation)s,
       %(http_status)s, %(code)s, %(parameter)s, %(step)s, %(detail)s, %(duration_us)s, %(binding)s, %(request)s,
       %(answer)s
FROM (SELECT set_config('synchronous_commit', 'off', true) AS commit) AS lazily
WHERE lazily.commit = 'off'

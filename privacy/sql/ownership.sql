-- name: known_applications
-- The applications that app_keys name for an upstream (its vendor's names are `listed`), and those of ids.
SELECT k.wire_key, k.listed, a.id, a.account_id, c.shard, a.app_key,
       u.every_account OR EXISTS (
           SELECT 1 FROM accounts_upstream_accounts s WHERE s.upstream_id = u.id AND s.account_id = a.account_id
       ) AS served,
       a.call_status_url, a.callin_url, a.cdr_url, a.sms_url, a.keep_sms_content
FROM (
    SELECT l.app_key AS wire_key, true AS listed, l.application_id
    FROM accounts_upstreamapplication l
    WHERE l.upstream_id = %(upstream)s::bigint AND l.app_key = ANY(%(app_keys)s::text[])
    UNION ALL
    SELECT o.app_key, false, o.id FROM accounts_application o
    WHERE o.app_key = ANY(%(app_keys)s::text[]) OR o.id = ANY(%(ids)s::bigint[])
) k
JOIN accounts_application a ON a.id = k.application_id
JOIN accounts_account c ON c.id = a.account_id
JOIN accounts_upstream u ON u.id = %(upstream)s::bigint

-- name: held_numbers
-- Every holding of the numbers, and one empty row for a number that was never held.
SELECT n.number, n.id, n.kind, h.application_id, h.valid_from, h.valid_to
FROM privacy_number n
LEFT JOIN privacy_holding h ON h.number_id = n.id
WHERE n.number = ANY(%(numbers)s::text[])

-- name: bound_subscriptions
-- The application and the number of bindings by their ids, the upstream's or ours; an id of two applications is nobody's.
SELECT named, min(application_id), min(number_id) FROM (
    SELECT b.foreign_id AS named, b.application_id, b.number_id
    FROM accounts_application a
    JOIN privacy_binding b ON b.application_id = a.id AND b.foreign_id = ANY(%(ids)s::text[])
    UNION ALL
    SELECT b.id::text, b.application_id, b.number_id FROM privacy_binding b WHERE b.id = ANY(%(own)s::uuid[])
) found
GROUP BY named HAVING count(*) = 1

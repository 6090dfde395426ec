-- name: known_of_upstream
-- Says whether (address, key) is locked out, when this header was used first, if it is remembered, and which upstream
-- has the key, in which version of its row.
SELECT EXISTS (SELECT 1 FROM accounts_lockout
               WHERE address = %(address)s AND key = %(key)s AND locked_until > %(now)s),
       (SELECT first_used_at FROM accounts_usednonce WHERE digest = %(digest)s),
       upstream.id,
       concat_ws(' ', upstream.xmin, upstream.ctid)
FROM (VALUES (1)) AS one
LEFT JOIN accounts_upstream AS upstream ON upstream.key = %(key)s

-- name: known_of_customer
-- Says the same of a customer's request, and which application has the key, in which version of its and its account's row.
SELECT EXISTS (SELECT 1 FROM accounts_lockout
               WHERE address = %(address)s AND key = %(key)s AND locked_until > %(now)s),
       (SELECT first_used_at FROM accounts_usednonce WHERE digest = %(digest)s),
       application.id,
       concat_ws(' ', application.xmin, application.ctid, account.xmin, account.ctid)
FROM (VALUES (1)) AS one
LEFT JOIN (accounts_application AS application JOIN accounts_account AS account ON account.id = application.account_id)
       ON application.app_key = %(key)s

-- name: count_wrong_digest
-- Counts one wrong digest of (address, key) and locks the pair at the limit; one statement, so that none is lost.
-- It does not wait for the disk, which would tell a wrong digest from an unknown key by its time.
INSERT INTO accounts_lockout AS pair (address, key, failures, window_started_at, locked_until)
SELECT %(address)s, %(key)s, 1, %(now)s::timestamptz,
       CASE WHEN %(limit)s <= 1 THEN %(now)s::timestamptz + %(lock)s::interval END
FROM (SELECT set_config('synchronous_commit', 'off', true) AS commit) AS lazily
WHERE lazily.commit = 'off'
ON CONFLICT (address, key) DO UPDATE SET
    failures = CASE WHEN pair.window_started_at <= %(now)s::timestamptz - %(window)s::interval
                      OR pair.locked_until <= %(now)s THEN 1 ELSE pair.failures + 1 END,
    window_started_at = CASE WHEN pair.window_started_at <= %(now)s::timestamptz - %(window)s::interval
                               OR pair.locked_until <= %(now)s THEN %(now)s ELSE pair.window_started_at END,
    locked_until = CASE WHEN pair.window_started_at <= %(now)s::timestamptz - %(window)s::interval
                          OR pair.locked_until <= %(now)s
                        THEN CASE WHEN %(limit)s <= 1 THEN %(now)s::timestamptz + %(lock)s::interval END
                        WHEN pair.locked_until IS NULL AND pair.failures + 1 >= %(limit)s
                        THEN %(now)s::timestamptz + %(lock)s::interval
                        ELSE pair.locked_until END
RETURNING failures

-- name: remember_nonce
-- Notes the first use of a header; a second use changes nothing. Gives the time of the first use and whether it is this one.
WITH fresh AS (
    INSERT INTO accounts_usednonce (key, digest, first_used_at, forget_at)
    VALUES (%(key)s, %(digest)s, %(now)s, %(forget_at)s)
    ON CONFLICT (digest) DO NOTHING
    RETURNING first_used_at
)
SELECT first_used_at, true FROM fresh
UNION ALL
SELECT first_used_at, false FROM accounts_usednonce WHERE digest = %(digest)s

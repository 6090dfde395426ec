-- name: claim_message
-- Takes the question about an SMS for oneself: nobody asked it before, or whoever did has not answered for too long (he
-- died). Else what was asked under that id, and the answer given to it. No row: it was claimed this very instant.
WITH claimed AS (
    INSERT INTO privacy_messageanswer AS m (upstream_id, key, asked, decided_at)
    VALUES (%(upstream)s::bigint, %(key)b::bytea, %(asked)b::bytea, clock_timestamp())
    ON CONFLICT (upstream_id, key) DO UPDATE SET decided_at = excluded.decided_at
        WHERE m.answer IS NULL AND m.asked = excluded.asked
          AND m.decided_at < excluded.decided_at - %(stale_seconds)s::int * interval '1 second'
    RETURNING m.decided_at
)
SELECT true, NULL::bytea, NULL::bytea FROM claimed
UNION ALL
SELECT false, m.asked, m.answer FROM privacy_messageanswer m
WHERE m.upstream_id = %(upstream)s::bigint AND m.key = %(key)b::bytea AND NOT EXISTS (SELECT FROM claimed)

-- name: keep_message_answer
-- Keeps the answer to a claimed question with the decision behind it, unless another answered meanwhile: then no row.
WITH told AS (
    UPDATE privacy_messageanswer SET answer = %(answer)b::bytea, decided_at = clock_timestamp()
    WHERE upstream_id = %(upstream)s::bigint AND key = %(key)b::bytea AND asked = %(asked)b::bytea AND answer IS NULL
    RETURNING upstream_id
)
INSERT INTO privacy_routingdecision (
    id, upstream_id, account_id, application_id, number_id, kind, session_id, binding_id, outcome, code, rule,
    caller_key, callee_key, ended_binding_id, detail
)
SELECT %(id)s::uuid, t.upstream_id, %(account)s::bigint, %(application)s::bigint, %(number)s::bigint, 'message',
       %(sms_id)s::text, %(binding)s::uuid, %(outcome)s::text, %(code)s::int, %(rule)s::text,
       %(caller_key)b::bytea, %(callee_key)b::bytea, %(ended_binding)s::uuid, %(detail)b::bytea
FROM told t
RETURNING 1

-- name: release_message
-- Gives a claimed question back: it could not be decided.
DELETE FROM privacy_messageanswer
WHERE upstream_id = %(upstream)s::bigint AND key = %(key)b::bytea AND asked = %(asked)b::bytea AND answer IS NULL

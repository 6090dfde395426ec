-- Each query returns only differences: what it is about, what was expected, what was found.
-- Parameters: start, end; `whole` says that no period was asked for, which running counters need.

-- name: reconcile_answered_calls
-- Answered calls that are neither charged nor queued, or both.
SELECT 'call ' || c.id, 'charged or queued once', CASE WHEN l.id IS NULL THEN 'neither' ELSE 'charged and queued' END
FROM privacy_call c
LEFT JOIN billing_charge l ON l.id = c.id
LEFT JOIN privacy_usage u ON u.usage_id = c.id
WHERE c.id >= %(first_id)s AND c.id < %(last_id)s AND c.ended_at >= %(start)s AND c.ended_at < %(end)s
    AND c.answered_at IS NOT NULL AND (l.id IS NULL) = (u.usage_id IS NULL)
ORDER BY c.id

-- name: reconcile_charged_calls
-- Charged calls that no stored call answers for, or whose units are not those of the call's talk.
SELECT 'charge ' || l.id, coalesce(ceil(extract(epoch FROM c.ended_at - c.answered_at) / 60)::text || ' minutes', 'a stored, answered call'),
    l.units || ' minutes'
FROM billing_charge l
LEFT JOIN privacy_call c ON c.id = l.id
WHERE l.id >= %(first_id)s AND l.id < %(last_id)s AND l.ended_at >= %(start)s AND l.ended_at < %(end)s
    AND l.item = 'call' AND l.reverses IS NULL
    AND l.id >= (SELECT id FROM privacy_call ORDER BY id LIMIT 1)
    AND (c.answered_at IS NULL OR ceil(extract(epoch FROM c.ended_at - c.answered_at) / 60) <> l.units)
ORDER BY l.id

-- name: reconcile_messages
-- Hours in which an account's sent messages and its message lines, less those taken back, and queue differ.
WITH sent AS (
    SELECT account_id, date_trunc('hour', sent_at, 'UTC') AS hour, count(*) AS n FROM privacy_message
    WHERE id >= %(first_id)s AND id < %(last_id)s AND sent_at >= %(start)s AND sent_at < %(end)s GROUP BY 1, 2
),
rated AS (
    SELECT account_id, hour, sum(n) AS n FROM (
        SELECT account_id, date_trunc('hour', rated_at, 'UTC') AS hour, CASE WHEN reverses IS NULL THEN 1 ELSE -1 END AS n
        FROM billing_charge
        WHERE id >= %(first_id)s AND id < %(last_id)s AND rated_at >= %(start)s AND rated_at < %(end)s AND item = 'sms'
            AND id >= (SELECT id FROM privacy_message ORDER BY id LIMIT 1)
        UNION ALL
        SELECT account_id, date_trunc('hour', rated_at, 'UTC'), CASE item WHEN 'sms' THEN 1 ELSE -1 END
        FROM privacy_usage WHERE item IN ('sms', 'reversal') AND rated_at >= %(start)s AND rated_at < %(end)s
    ) x GROUP BY 1, 2
)
SELECT 'messages of ' || a.code || ' in ' || to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24"Z"'),
    coalesce(s.n, 0) || ' sent', coalesce(r.n, 0) || ' charged or queued'
FROM sent s FULL JOIN rated r USING (account_id, hour) JOIN accounts_account a ON a.id = account_id
WHERE coalesce(s.n, 0) <> coalesce(r.n, 0)
ORDER BY 1

-- name: reconcile_unanswered
-- Accounts whose unanswered calls are not all counted or queued; only over everything, for late ones count elsewhere.
WITH stored AS (
    SELECT account_id, count(*) AS n FROM privacy_call WHERE answered_at IS NULL GROUP BY 1
),
counted AS (
    SELECT account_id, sum(n) AS n FROM (
        SELECT account_id, calls AS n FROM billing_unansweredcount
        UNION ALL SELECT account_id, 1 FROM privacy_usage WHERE item = 'unanswered'
    ) x GROUP BY 1
)
SELECT 'unanswered calls of ' || a.code, coalesce(s.n, 0) || ' stored', coalesce(c.n, 0) || ' counted or queued'
FROM stored s FULL JOIN counted c USING (account_id) JOIN accounts_account a ON a.id = account_id
WHERE %(whole)s AND coalesce(s.n, 0) <> coalesce(c.n, 0)
ORDER BY 1

-- name: reconcile_ledger
-- Accounts, hours and items where charge lines, settlement totals and ledger differ.
WITH lines AS (
    SELECT account_id, booked_hour AS hour, item, sum(amount) AS amount FROM billing_charge
    WHERE booked_hour >= %(start)s AND booked_hour < %(end)s GROUP BY 1, 2, 3
),
totals AS (
    SELECT account_id, booked_hour AS hour, item, sum(amount) AS amount FROM billing_settlementtotal
    WHERE booked_hour >= %(start)s AND booked_hour < %(end)s GROUP BY 1, 2, 3
),
posted AS (
    SELECT t.account_id, t.booked_at AS hour, split_part(l.code, ':', 2) AS item, sum(e.amount) AS amount
    FROM billing_ledgertransaction t
    JOIN billing_ledgerentry e ON e.transaction_id = t.id
    JOIN billing_ledgeraccount l ON l.id = e.ledger_account_id AND l.account_id IS NULL
    WHERE t.kind = 'usage' AND t.booked_at >= %(start)s AND t.booked_at < %(end)s GROUP BY 1, 2, 3
)
SELECT item || ' of ' || a.code || ' in ' || to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'),
    coalesce(l.amount, 0) || ' charged', coalesce(p.amount, 0) || ' posted, ' || coalesce(t.amount, 0) || ' in totals'
FROM lines l FULL JOIN totals t USING (account_id, hour, item) FULL JOIN posted p USING (account_id, hour, item)
JOIN accounts_account a ON a.id = account_id
WHERE coalesce(l.amount, 0) <> coalesce(p.amount, 0) OR coalesce(l.amount, 0) <> coalesce(t.amount, 0)
ORDER BY 1

-- name: reconcile_report
-- Accounts, hours and currencies where the hourly charge report and the ledger differ. {report} is the report's query.
WITH reported AS (
    SELECT account AS code, hour_utc::timestamptz AS hour, currency, sum(amount) AS amount FROM ({report}) r GROUP BY 1, 2, 3
),
posted AS (
    SELECT a.code, date_trunc('hour', t.booked_at, 'UTC') AS hour, l.currency, sum(e.amount) AS amount
    FROM billing_ledgertransaction t
    JOIN accounts_account a ON a.id = t.account_id
    JOIN billing_ledgerentry e ON e.transaction_id = t.id
    JOIN billing_ledgeraccount l ON l.id = e.ledger_account_id AND l.account_id IS NULL AND l.code NOT LIKE 'cash:%%'
    WHERE t.kind <> 'topup' AND t.booked_at >= %(start)s AND t.booked_at < %(end)s GROUP BY 1, 2, 3
)
SELECT 'report of ' || code || ' in ' || to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24"Z"'),
    coalesce(p.amount, 0) || ' ' || currency || ' posted', coalesce(r.amount, 0) || ' reported'
FROM reported r FULL JOIN posted p USING (code, hour, currency)
WHERE coalesce(r.amount, 0) <> coalesce(p.amount, 0)
ORDER BY 1

-- name: reconcile_balances
-- Customers whose balance is not the sum of their entries, and transactions that do not add up to 0.
SELECT 'balance of ' || a.code, coalesce(sum(e.amount), 0)::text, b.amount::text
FROM billing_balance b
JOIN accounts_account a ON a.id = b.account_id
LEFT JOIN billing_ledgeraccount l ON l.account_id = a.id
LEFT JOIN billing_ledgerentry e ON e.ledger_account_id = l.id
GROUP BY a.code, b.amount HAVING coalesce(sum(e.amount), 0) <> b.amount
UNION ALL
SELECT 'transaction ' || t.key, '0', sum(e.amount)::text
FROM billing_ledgerentry e
JOIN billing_ledgeraccount l ON l.id = e.ledger_account_id
JOIN billing_ledgertransaction t ON t.id = e.transaction_id
GROUP BY t.key, l.currency HAVING sum(e.amount) <> 0
ORDER BY 1

-- name: reconcile_packages
-- Purchases of which another number of units is counted as used than the charge lines drew; only over everything.
WITH drawn AS (
    SELECT (s.pair ->> 0)::bigint AS purchase_id, c.item, sum((s.pair ->> 1)::int) AS units
    FROM billing_charge c CROSS JOIN LATERAL jsonb_array_elements(c.splits) AS s (pair)
    WHERE %(whole)s GROUP BY 1, 2
)
SELECT 'purchase ' || p.reference || ' of ' || a.code,
    coalesce(m.units, 0) || ' minutes, ' || coalesce(s.units, 0) || ' parts drawn',
    p.minutes_used || ' minutes, ' || p.messages_used || ' parts used'
FROM billing_purchase p
JOIN accounts_account a ON a.id = p.account_id
LEFT JOIN drawn m ON m.purchase_id = p.id AND m.item = 'call'
LEFT JOIN drawn s ON s.purchase_id = p.id AND s.item = 'sms'
WHERE %(whole)s AND (coalesce(m.units, 0) <> p.minutes_used OR coalesce(s.units, 0) <> p.messages_used)
ORDER BY 1

-- name: reconcile_lines
-- Lines whose units are not package + overage, whose package units are not those of their splits, or whose amount is not
-- overage at the unit price.
SELECT 'charge ' || c.id, c.units || ' units', c.package_units || ' from packages, ' || c.overage_units || ' over, ' || c.amount
FROM billing_charge c
LEFT JOIN LATERAL (
    SELECT sum((s.pair ->> 1)::int) AS units FROM jsonb_array_elements(c.splits) AS s (pair)
) d ON true
WHERE c.booked_hour >= %(start)s AND c.booked_hour < %(end)s
    AND (c.units <> c.package_units + c.overage_units OR c.package_units <> coalesce(d.units, 0)
        OR c.amount <> c.overage_units * c.unit_price)
ORDER BY c.id

-- name: reconcile_first_hour
-- The hour of the first thing booked: where a reconciliation of everything begins.
SELECT date_trunc('hour', least(
    (SELECT min(booked_at) FROM billing_ledgertransaction), (SELECT min(hour) FROM billing_settledhour),
    (SELECT min(booked_hour) FROM billing_settlementtotal)), 'UTC')

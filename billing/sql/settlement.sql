-- The settlement of one shard and one due hour, statement by statement, in one transaction (billing.md 1-5).
-- Temporary tables: settle_usage -> settle_account -> settle_price -> settle_purchase -> settle_draw -> settle_total.

-- name: settle_due
-- The (shard, hour) pairs that have usage in hours up to the last due one, oldest first. A skip scan: one probe a pair.
SELECT s.shard, h.hour
FROM unnest(%(shards)s::smallint[]) AS s (shard)
CROSS JOIN LATERAL (
    WITH RECURSIVE due (hour) AS (
        (SELECT hour FROM privacy_usage WHERE shard = s.shard AND hour <= %(last)s ORDER BY hour LIMIT 1)
        UNION ALL
        SELECT (
            SELECT u.hour FROM privacy_usage u
            WHERE u.shard = s.shard AND u.hour > due.hour AND u.hour <= %(last)s
            ORDER BY u.hour LIMIT 1
        )
        FROM due WHERE due.hour IS NOT NULL
    )
    SELECT hour FROM due WHERE hour IS NOT NULL
) h
ORDER BY h.hour, s.shard

-- name: settle_room
-- Room for the sorts of one hour; the planner's compiler costs more than it saves here.
SELECT set_config('work_mem', '96MB', true), set_config('jit', 'off', true)

-- name: settle_in_bulk
-- Whole-hour joins are hashed: a wrong guess of the planner must not end in nested loops.
SELECT set_config('enable_nestloop', 'off', true)

-- name: settle_in_small
-- The rest joins a few hundred rows with large tables, by index.
SELECT set_config('enable_nestloop', 'on', true)

-- name: settle_forget
-- Tables of an earlier hour, where both run in one outer transaction.
DROP TABLE IF EXISTS settle_account, settle_price, settle_usage, settle_purchase, settle_draw, settle_total

-- name: settle_usages
-- What rating needs of the hour's queue. What has a problem waits, uncharged.
CREATE TEMP TABLE settle_usage ON COMMIT DROP AS
SELECT usage_id, account_id, item, number_kind, rated_at, reverses,
    CASE item WHEN 'call' THEN (seconds + 59) / 60 ELSE units END AS units,
    CASE WHEN item = 'sms' AND units IS NULL THEN 'parts_unknown' ELSE '' END AS problem
FROM privacy_usage
WHERE shard = %(shard)s AND hour = %(hour)s

-- name: settle_accounts
-- The accounts with usage in the hour. Late: the hour is settled for the account, or its month is closed.
CREATE TEMP TABLE settle_account ON COMMIT DROP AS
SELECT a.id AS account_id, a.code, a.currency, l.late,
    CASE WHEN l.late THEN %(current_hour)s ELSE %(hour)s END AS booked_hour
FROM (SELECT DISTINCT account_id FROM settle_usage) u
JOIN accounts_account a ON a.id = u.account_id
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT 1 FROM billing_settledhour h WHERE h.account_id = a.id AND h.hour = %(hour)s)
        OR EXISTS (
            SELECT 1 FROM billing_closedmonth m
            WHERE m.account_id = a.id AND m.starts_at <= %(hour)s AND m.ends_at > %(hour)s
        ) AS late
) l

-- name: settle_prices
-- For each account, item and kind of number: stretches of time with the one price that wins in them.
CREATE TEMP TABLE settle_price ON COMMIT DROP AS
WITH span AS (
    SELECT min(rated_at) AS first, max(rated_at) AS last FROM settle_usage
),
valid AS (
    SELECT t.account_id AS only_account, t.id, t.item, t.number_kind, t.currency, t.price, t.valid_from, t.valid_to
    FROM billing_tariff t, span
    WHERE t.item IN ('call', 'sms') AND t.valid_from <= span.last AND (t.valid_to IS NULL OR t.valid_to > span.first)
),
fitting AS (
    SELECT a.account_id, 0 AS whose, t.*
    FROM settle_account a JOIN valid t ON t.only_account = a.account_id AND t.currency = a.currency
    UNION ALL
    SELECT a.account_id, 1, t.*
    FROM settle_account a JOIN valid t ON t.only_account IS NULL AND t.currency = a.currency
),
candidate (account_id, item, number_kind, rank, tariff_id, price, valid_from, valid_to) AS (
    SELECT f.account_id, f.item, k.number_kind, f.whose * 2 + (f.number_kind = 'any')::int, f.id, f.price, f.valid_from,
        coalesce(f.valid_to, 'infinity')
    FROM fitting f CROSS JOIN (VALUES ('virtual'), ('carrier')) k (number_kind)
    WHERE f.number_kind IN (k.number_kind, 'any')
),
edge AS (
    SELECT account_id, item, number_kind, valid_from AS at FROM candidate
    UNION
    SELECT account_id, item, number_kind, valid_to FROM candidate WHERE valid_to < 'infinity'
),
stretch AS (
    SELECT *, lead(at, 1, 'infinity') OVER (PARTITION BY account_id, item, number_kind ORDER BY at) AS until FROM edge
)
SELECT DISTINCT ON (s.account_id, s.item, s.number_kind, s.at)
    s.account_id, s.item, s.number_kind, s.at AS valid_from, s.until AS valid_to, c.tariff_id, c.price
FROM stretch s
JOIN candidate c ON c.account_id = s.account_id AND c.item = s.item AND c.number_kind = s.number_kind
    AND c.valid_from <= s.at AND c.valid_to > s.at
ORDER BY s.account_id, s.item, s.number_kind, s.at, c.rank

-- name: settle_unpriced
-- Usage without a price at the instant it was answered or sent is never charged 0.
UPDATE settle_usage u SET problem = 'no_price'
WHERE u.item IN ('call', 'sms') AND u.problem = '' AND NOT EXISTS (
    SELECT 1 FROM settle_price p
    WHERE p.account_id = u.account_id AND p.item = u.item AND p.number_kind = u.number_kind
        AND p.valid_from <= u.rated_at AND p.valid_to > u.rated_at
)

-- name: settle_figures
-- What there is to book, by kind, and what waits.
SELECT count(*) FILTER (WHERE item IN ('call', 'sms') AND problem = '') AS chargeable,
    count(*) FILTER (WHERE item = 'unanswered') AS unanswered,
    count(*) FILTER (WHERE item = 'reversal' AND problem = '') AS reversals,
    count(*) FILTER (WHERE problem <> '') AS waiting
FROM settle_usage

-- name: settle_ids
-- The first and the last id of what will be charged.
SELECT (SELECT usage_id FROM settle_usage WHERE item <> 'unanswered' AND problem = '' ORDER BY usage_id LIMIT 1),
    (SELECT usage_id FROM settle_usage WHERE item <> 'unanswered' AND problem = '' ORDER BY usage_id DESC LIMIT 1)

-- name: settle_instants
-- The months in which the new charges have their ids (UUIDv7: the first 48 bits are milliseconds).
SELECT DISTINCT date_trunc('month', to_timestamp(
    ('x' || left(replace(usage_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0), 'UTC')
FROM settle_usage WHERE item <> 'unanswered' AND problem = ''

-- name: settle_purchases
-- What is left in the packages that usage of the hour may draw on, ranked within account and item.
CREATE TEMP TABLE settle_purchase ON COMMIT DROP AS
WITH span AS (
    SELECT min(rated_at) AS first, max(rated_at) AS last
    FROM settle_usage WHERE problem = '' AND item IN ('call', 'sms')
)
SELECT p.id AS purchase_id, p.account_id, q.item, p.starts_at, p.ends_at, q.remaining,
    row_number() OVER (
        PARTITION BY p.account_id, q.item
        ORDER BY p.priority, p.ends_at, p.starts_at, p.purchased_at, p.reference COLLATE "C"
    )::int AS rank
FROM settle_account a
JOIN billing_purchase p ON p.account_id = a.account_id
CROSS JOIN LATERAL (
    VALUES ('call', (p.minutes - p.minutes_used)::bigint), ('sms', (p.messages - p.messages_used)::bigint)
) q (item, remaining)
CROSS JOIN span
WHERE q.remaining > 0 AND p.starts_at <= span.last AND p.ends_at > span.first

-- name: settle_draws
-- The waterfall: pass n draws on the n-th package of every account. Within a pass, usage in its order takes what usage
-- before it left (running sum over eligible needs), so any windows and priorities come out exact.
CREATE TEMP TABLE settle_draw ON COMMIT DROP AS
WITH RECURSIVE pass (usage_id, account_id, item, rated_at, need, rank, purchase_id, drawn) AS (
    SELECT usage_id, account_id, item, rated_at, need - drawn, 1, purchase_id, drawn
    FROM (
        SELECT e.*,
            CASE WHEN NOT fits THEN 0 ELSE greatest(0, least(need, remaining + need - sum(CASE WHEN fits THEN need ELSE 0 END)
                OVER (PARTITION BY account_id, item ORDER BY rated_at, usage_id ROWS UNBOUNDED PRECEDING)))::int END AS drawn
        FROM (
            SELECT u.usage_id, u.account_id, p.item, u.rated_at, u.units AS need, p.purchase_id, p.remaining,
                u.rated_at >= p.starts_at AND u.rated_at < p.ends_at AS fits
            FROM settle_usage u
            JOIN settle_purchase p ON p.account_id = u.account_id AND p.item = u.item AND p.rank = 1
            WHERE u.problem = '' AND u.units > 0 AND (u.item = 'call' OR u.item = 'sms' AND u.number_kind = 'virtual')
        ) e
    ) d
    UNION ALL
    SELECT usage_id, account_id, item, rated_at, need - drawn, rank, purchase_id, drawn
    FROM (
        SELECT e.*,
            CASE WHEN NOT fits THEN 0 ELSE greatest(0, least(need, remaining + need - sum(CASE WHEN fits THEN need ELSE 0 END)
                OVER (PARTITION BY account_id, item ORDER BY rated_at, usage_id ROWS UNBOUNDED PRECEDING)))::int END AS drawn
        FROM (
            SELECT w.usage_id, w.account_id, w.item, w.rated_at, w.need, p.rank, p.purchase_id, p.remaining,
                w.rated_at >= p.starts_at AND w.rated_at < p.ends_at AS fits
            FROM pass w
            JOIN settle_purchase p ON p.account_id = w.account_id AND p.item = w.item AND p.rank = w.rank + 1
            WHERE w.need > 0
        ) e
    ) d
)
SELECT usage_id, item, rank, purchase_id, drawn FROM pass WHERE drawn > 0

-- name: settle_use_purchases
-- Counts what was drawn as used. The database refuses more than the quota.
UPDATE billing_purchase p
SET minutes_used = p.minutes_used + d.minutes, messages_used = p.messages_used + d.messages
FROM (
    SELECT purchase_id, coalesce(sum(drawn) FILTER (WHERE item = 'call'), 0) AS minutes,
        coalesce(sum(drawn) FILTER (WHERE item = 'sms'), 0) AS messages
    FROM settle_draw GROUP BY purchase_id
) d
WHERE p.id = d.purchase_id

-- name: settle_totals
-- What is booked, per account, application, item and booked hour; `own` counts what belongs to the hour itself.
CREATE TEMP TABLE settle_total (
    account_id bigint, application_id bigint, item text, booked_hour timestamptz, lines bigint, own bigint, late bigint,
    seconds bigint, units bigint, package_units bigint, overage_units bigint, amount numeric
) ON COMMIT DROP

-- name: settle_charges
-- Takes priced usage off the queue, writes its charge lines, and the totals of the lines as written.
WITH drawn AS (
    SELECT usage_id, sum(drawn)::int AS units,
        ('[' || string_agg('[' || purchase_id || ', ' || drawn || ']', ', ' ORDER BY rank) || ']')::jsonb AS splits
    FROM settle_draw GROUP BY usage_id
),
taken AS (
    DELETE FROM privacy_usage q USING settle_usage u
    WHERE u.usage_id = q.usage_id AND u.problem = '' AND u.item IN ('call', 'sms')
        AND q.shard = %(shard)s AND q.hour = %(hour)s
    RETURNING q.*, u.units AS rated_units
),
line AS (
    INSERT INTO billing_charge (id, account_id, application_id, number_id, number_kind, item, booked_hour, usage_hour, late,
        rated_at, ended_at, seconds, units, package_units, overage_units, unit_price, amount, currency, tariff_id, splits,
        session_id, run_id)
    SELECT u.usage_id, u.account_id, u.application_id, u.number_id, u.number_kind, u.item, a.booked_hour, %(hour)s, a.late,
        u.rated_at, u.ended_at, u.seconds, u.rated_units, coalesce(d.units, 0), u.rated_units - coalesce(d.units, 0), p.price,
        (u.rated_units - coalesce(d.units, 0)) * p.price, a.currency, p.tariff_id, d.splits, u.session_id, %(run)s
    FROM taken u
    JOIN settle_account a ON a.account_id = u.account_id
    JOIN settle_price p ON p.account_id = u.account_id AND p.item = u.item AND p.number_kind = u.number_kind
        AND p.valid_from <= u.rated_at AND p.valid_to > u.rated_at
    LEFT JOIN drawn d ON d.usage_id = u.usage_id
    RETURNING account_id, application_id, item, booked_hour, late, seconds, units, package_units, overage_units, amount
)
INSERT INTO settle_total
SELECT account_id, application_id, item, booked_hour, count(*), count(*) FILTER (WHERE NOT late),
    count(*) FILTER (WHERE late), sum(seconds), sum(units), sum(package_units), sum(overage_units), sum(amount)
FROM line GROUP BY account_id, application_id, item, booked_hour

-- name: settle_has_reversals
-- Whether anything of the hour takes back what was charged.
SELECT EXISTS (SELECT 1 FROM settle_usage WHERE item = 'reversal')

-- name: settle_waiting_reversals
-- A reversal waits until what it takes back is charged.
UPDATE settle_usage r SET problem = 'original_not_charged'
WHERE r.item = 'reversal' AND NOT EXISTS (
    SELECT 1 FROM billing_charge c WHERE c.id = r.reverses AND c.account_id = r.account_id
)

-- name: settle_reversals
-- Takes back whole lines that are charged, in the current hour: units, package units into the same purchase, and money.
WITH taken AS (
    DELETE FROM privacy_usage q USING settle_usage u
    WHERE u.usage_id = q.usage_id AND u.problem = '' AND u.item = 'reversal'
        AND q.shard = %(shard)s AND q.hour = %(hour)s
        AND EXISTS (SELECT 1 FROM billing_charge c WHERE c.id = u.reverses AND c.account_id = u.account_id)
    RETURNING q.usage_id, q.account_id, q.reverses
),
line AS (
    INSERT INTO billing_charge (id, account_id, application_id, number_id, number_kind, item, booked_hour, usage_hour, late,
        rated_at, ended_at, seconds, units, package_units, overage_units, unit_price, amount, currency, tariff_id, splits,
        session_id, reverses, run_id)
    SELECT r.usage_id, c.account_id, c.application_id, c.number_id, c.number_kind, c.item, %(current_hour)s, c.usage_hour,
        false, c.rated_at, c.ended_at, 0, -c.units, -c.package_units, -c.overage_units, c.unit_price, -c.amount, c.currency,
        c.tariff_id, (
            SELECT jsonb_agg(jsonb_build_array(s.pair -> 0, -(s.pair ->> 1)::int) ORDER BY s.place)
            FROM jsonb_array_elements(c.splits) WITH ORDINALITY AS s (pair, place)
        ), c.session_id, c.id, %(run)s
    FROM taken r
    JOIN billing_charge c ON c.id = r.reverses AND c.account_id = r.account_id
    RETURNING account_id, application_id, item, booked_hour, units, package_units, overage_units, amount, splits
),
returned AS (
    UPDATE billing_purchase p
    SET minutes_used = p.minutes_used + b.minutes, messages_used = p.messages_used + b.messages
    FROM (
        SELECT (s.pair ->> 0)::bigint AS purchase_id,
            coalesce(sum((s.pair ->> 1)::int) FILTER (WHERE l.item = 'call'), 0) AS minutes,
            coalesce(sum((s.pair ->> 1)::int) FILTER (WHERE l.item = 'sms'), 0) AS messages
        FROM line l CROSS JOIN LATERAL jsonb_array_elements(l.splits) AS s (pair)
        GROUP BY 1
    ) b
    WHERE p.id = b.purchase_id
)
INSERT INTO settle_total
SELECT account_id, application_id, item, booked_hour, count(*), 0, 0, 0, sum(units), sum(package_units),
    sum(overage_units), sum(amount)
FROM line GROUP BY account_id, application_id, item, booked_hour

-- name: settle_unanswered
-- Takes the unanswered calls off the queue and counts them; those of a settled hour count in the current one.
WITH taken AS (
    DELETE FROM privacy_usage q USING settle_usage u
    WHERE u.usage_id = q.usage_id AND u.item = 'unanswered' AND q.shard = %(shard)s AND q.hour = %(hour)s
    RETURNING q.account_id, q.application_id, q.number_id
),
counted AS (
    INSERT INTO billing_unansweredcount (run_id, account_id, application_id, number_id, booked_hour, calls, late_calls)
    SELECT %(run)s, u.account_id, u.application_id, u.number_id, a.booked_hour, count(*), count(*) FILTER (WHERE a.late)
    FROM taken u JOIN settle_account a ON a.account_id = u.account_id
    GROUP BY u.account_id, u.application_id, u.number_id, a.booked_hour
    RETURNING account_id, application_id, booked_hour, calls, late_calls
)
INSERT INTO settle_total
SELECT account_id, application_id, 'unanswered', booked_hour, sum(calls), sum(calls - late_calls), sum(late_calls),
    0, 0, 0, 0, 0
FROM counted GROUP BY account_id, application_id, booked_hour

-- name: settle_clock_is_behind
-- One row if a line was to be booked in a current hour that is settled already: a settled hour never gains a line.
SELECT t.account_id
FROM settle_total t
WHERE t.booked_hour = %(current_hour)s AND EXISTS (
    SELECT 1 FROM billing_settledhour h WHERE h.account_id = t.account_id AND h.hour = t.booked_hour
)
LIMIT 1

-- name: settle_run_id
-- The number of the run, known before its row is written with the figures.
SELECT nextval(pg_get_serial_sequence('billing_settlementrun', 'id'))

-- name: settle_run
-- The run with its figures, written once.
INSERT INTO billing_settlementrun (id, shard, hour, started_at, finished_at, usage_lines, late_lines, unanswered, minutes,
    message_parts, package_units, overage_units, blocked, amount)
SELECT %(run)s, %(shard)s, %(hour)s, now(), clock_timestamp(),
    coalesce(sum(lines) FILTER (WHERE item <> 'unanswered'), 0), coalesce(sum(late) FILTER (WHERE item <> 'unanswered'), 0),
    coalesce(sum(lines) FILTER (WHERE item = 'unanswered'), 0), coalesce(sum(units) FILTER (WHERE item = 'call'), 0),
    coalesce(sum(units) FILTER (WHERE item = 'sms'), 0), coalesce(sum(package_units), 0), coalesce(sum(overage_units), 0),
    %(waiting)s, coalesce(sum(amount), 0)
FROM settle_total

-- name: settle_settled
-- The hour is settled for each account of which it booked usage or counted calls that belong to it.
INSERT INTO billing_settledhour (account_id, hour, run_id)
SELECT DISTINCT account_id, %(hour)s::timestamptz, %(run)s::bigint FROM settle_total WHERE own > 0

-- name: settle_write_totals
-- What the dashboards read.
INSERT INTO billing_settlementtotal (run_id, account_id, application_id, booked_hour, item, lines, seconds, units,
    package_units, overage_units, amount)
SELECT %(run)s, account_id, application_id, booked_hour, item, sum(lines), sum(seconds), sum(units), sum(package_units),
    sum(overage_units), sum(amount)
FROM settle_total GROUP BY account_id, application_id, booked_hour, item

-- name: settle_unopened
-- The accounts of the hour that have no ledger account or balance yet.
SELECT a.account_id
FROM settle_account a
LEFT JOIN billing_ledgeraccount l ON l.account_id = a.account_id
LEFT JOIN billing_balance b ON b.account_id = a.account_id
WHERE l.id IS NULL OR b.account_id IS NULL

-- name: settle_post
-- One transaction per account, booked hour and item: the customer's balance down, revenue up. None when it is 0.
WITH due AS (
    SELECT t.account_id, t.booked_hour, t.item, a.currency, sum(t.amount) AS amount,
        'usage:' || a.code || ':' || to_char(t.booked_hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24"Z"') || ':' || t.item
            || ':' || %(run)s AS key
    FROM settle_total t JOIN settle_account a ON a.account_id = t.account_id
    GROUP BY t.account_id, t.booked_hour, t.item, a.currency, a.code
    HAVING sum(t.amount) <> 0
),
posted AS (
    INSERT INTO billing_ledgertransaction (key, kind, account_id, booked_at, posted_at, run_id, note)
    SELECT key, 'usage', account_id, booked_hour, clock_timestamp(), %(run)s, '' FROM due
    RETURNING id, key
)
INSERT INTO billing_ledgerentry (transaction_id, ledger_account_id, amount)
SELECT p.id, s.ledger_account_id, s.amount
FROM due d
JOIN posted p ON p.key = d.key
JOIN billing_ledgeraccount c ON c.account_id = d.account_id
JOIN billing_ledgeraccount r ON r.code = 'revenue:' || d.item || ':' || d.currency
CROSS JOIN LATERAL (VALUES (c.id, -d.amount), (r.id, d.amount)) s (ledger_account_id, amount)

-- name: settle_balances
-- Moves the balances and, with them, the accounts' states (billing.md 7; billing.arrears.state_of says the same); what
-- freezes or resumes a service goes to the audit trail as accounts.standing writes it.
WITH moved AS (
    SELECT account_id, sum(amount) AS amount FROM settle_total GROUP BY account_id HAVING sum(amount) <> 0
),
balance AS (
    UPDATE billing_balance b SET amount = b.amount - m.amount
    FROM moved m WHERE b.account_id = m.account_id
    RETURNING b.account_id, b.amount
),
standing AS (
    SELECT a.id, a.code, a.state AS before, CASE
        WHEN b.amount < -a.credit_limit THEN 'arrears' WHEN b.amount < a.low_balance THEN 'low' ELSE 'good' END AS state
    FROM accounts_account a JOIN balance b ON b.account_id = a.id
),
audited AS (
    INSERT INTO accounts_auditentry (username, action, subject_kind, subject, account_id, reason, detail)
    SELECT 'command', CASE s.state WHEN 'arrears' THEN 'freezePrivateNumberService' ELSE 'resumePrivateNumberService' END,
        'privateNumber', s.code, s.id, '', '{}'
    FROM standing s WHERE s.before <> s.state AND 'arrears' IN (s.before, s.state)
)
UPDATE accounts_account a SET state = s.state, state_since = %(now)s
FROM standing s WHERE s.id = a.id AND a.state <> s.state

-- name: settle_block
-- Writes why the rest waits.
UPDATE privacy_usage u SET blocked_reason = d.problem
FROM settle_usage d
WHERE u.usage_id = d.usage_id AND d.problem <> '' AND u.blocked_reason <> d.problem

-- name: settle_booked
-- What the run booked, per item and currency.
SELECT t.item, a.currency, sum(t.lines)::bigint, sum(t.late)::bigint, sum(t.units)::bigint, sum(t.package_units)::bigint,
    sum(t.overage_units)::bigint, sum(t.amount)
FROM settle_total t JOIN settle_account a ON a.account_id = t.account_id
GROUP BY t.item, a.currency
ORDER BY t.item, a.currency

-- name: settle_lines
-- How many rows were taken off the queue and booked.
SELECT coalesce(sum(lines), 0)::bigint FROM settle_total

-- The hourly and the detail report of billing.md 9. The three blocks named *_lines and report_hours are put before the
-- others as WITH queries (billing/reports/statements.py). Parameters: start, end, account (null = all), settled_only.
-- TimeZone is the report's zone while these run.

-- name: report_hours
-- The hours of the period with the text of each in UTC and in the report's zone.
SELECT hour,
       to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') AS utc,
       to_char(hour, 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM') AS local
  FROM generate_series(%(start)s::timestamptz, %(end)s::timestamptz - interval '1 hour', interval '1 hour') AS hour

-- name: report_charge_lines
-- The charge lines booked in the period. A line that takes another back counts against it.
SELECT c.*, CASE WHEN c.reverses IS NULL THEN 1 ELSE -1 END AS sign
  FROM billing_charge c
 WHERE c.booked_hour >= %(start)s AND c.booked_hour < %(end)s
   AND (%(account)s::bigint IS NULL OR c.account_id = %(account)s::bigint)
   AND (NOT %(settled_only)s OR EXISTS (
        SELECT FROM billing_settledhour s WHERE s.account_id = c.account_id AND s.hour = c.booked_hour))

-- name: report_unanswered_lines
-- The unanswered calls that settlements counted in the hours of the period.
SELECT u.*
  FROM billing_unansweredcount u
 WHERE u.booked_hour >= %(start)s AND u.booked_hour < %(end)s
   AND (%(account)s::bigint IS NULL OR u.account_id = %(account)s::bigint)
   AND (NOT %(settled_only)s OR EXISTS (
        SELECT FROM billing_settledhour s WHERE s.account_id = u.account_id AND s.hour = u.booked_hour))

-- name: report_ledger_lines
-- Charges that have no charge line: rental, packages and adjustments, one row per transaction and currency.
-- What does not touch cash, seen from the customer's side; top-ups are no charges.
SELECT t.id AS transaction_id, t.account_id, la.currency, t.booked_at, t.run_id,
       date_trunc('hour', t.booked_at, 'UTC') AS booked_hour,
       CASE WHEN t.kind IN ('rental', 'package') THEN t.kind ELSE 'adjustment' END AS item,
       substring(t.key FROM '^rental:([0-9]+):')::bigint AS number_id,
       sum(e.amount) AS amount
  FROM billing_ledgertransaction t
  JOIN billing_ledgerentry e ON e.transaction_id = t.id
  JOIN billing_ledgeraccount la ON la.id = e.ledger_account_id
 WHERE t.kind NOT IN ('usage', 'topup')
   AND la.account_id IS NULL AND la.code NOT LIKE 'cash:%%'
   AND t.booked_at >= %(start)s AND t.booked_at < %(end)s
   AND (%(account)s::bigint IS NULL OR t.account_id = %(account)s::bigint)
   AND (NOT %(settled_only)s OR EXISTS (
        SELECT FROM billing_settledhour s
         WHERE s.account_id = t.account_id AND s.hour = date_trunc('hour', t.booked_at, 'UTC')))
 GROUP BY t.id, la.currency
HAVING sum(e.amount) <> 0

-- name: report_hourly
-- One row per account, application, number, item, unit price and booked hour; unanswered calls in rows of their own.
SELECT h.utc AS hour_utc, h.local AS hour_local, a.code AS account, p.name AS application, p.app_key, p.mode, n.number,
       r.item, r.calls, r.answered, r.talk_seconds, r.units, r.package_units, r.overage_units, r.unit_price, r.amount,
       r.late_units, r.adjustment, r.currency, array_to_string(r.runs, ' ') AS settlement_id
  FROM (
    SELECT account_id, application_id, number_id, booked_hour, item, currency, unit_price,
           CASE item WHEN 'call' THEN sum(sign) ELSE 0 END AS calls,
           CASE item WHEN 'call' THEN sum(sign) ELSE 0 END AS answered,
           sum(sign * seconds) AS talk_seconds, sum(units) AS units, sum(package_units) AS package_units,
           sum(overage_units) AS overage_units, sum(amount) AS amount,
           coalesce(sum(units) FILTER (WHERE late), 0) AS late_units,
           coalesce(sum(amount) FILTER (WHERE reverses IS NOT NULL), 0.000000) AS adjustment,
           array_agg(DISTINCT run_id ORDER BY run_id) AS runs
      FROM charge_lines
     GROUP BY account_id, application_id, number_id, booked_hour, item, currency, unit_price
     UNION ALL
    SELECT u.account_id, u.application_id, u.number_id, u.booked_hour, 'call', b.currency, NULL,
           sum(u.calls), 0, 0, 0, 0, 0, 0.000000, 0, 0.000000, array_agg(DISTINCT u.run_id ORDER BY u.run_id)
      FROM unanswered_lines u
      JOIN accounts_account b ON b.id = u.account_id
     GROUP BY u.account_id, u.application_id, u.number_id, u.booked_hour, b.currency
     UNION ALL
    SELECT l.account_id, k.application_id, l.number_id, l.booked_hour, l.item, l.currency,
           CASE WHEN l.item <> 'adjustment' THEN l.amount END, 0, 0, 0,
           CASE WHEN l.item <> 'adjustment' THEN count(*) ELSE 0 END, 0,
           CASE WHEN l.item <> 'adjustment' THEN count(*) ELSE 0 END,
           sum(l.amount), 0, CASE WHEN l.item = 'adjustment' THEN sum(l.amount) ELSE 0.000000 END,
           array_agg(DISTINCT l.run_id ORDER BY l.run_id) FILTER (WHERE l.run_id IS NOT NULL)
      FROM ledger_lines l
      LEFT JOIN LATERAL (
           SELECT hold.application_id FROM privacy_holding hold
             JOIN accounts_application own ON own.id = hold.application_id AND own.account_id = l.account_id
            WHERE hold.number_id = l.number_id AND hold.valid_from <= l.booked_at
            ORDER BY hold.valid_from DESC LIMIT 1) k ON true
     GROUP BY l.account_id, k.application_id, l.number_id, l.booked_hour, l.item, l.currency,
           CASE WHEN l.item <> 'adjustment' THEN l.amount END
  ) r
  JOIN report_hours h ON h.hour = r.booked_hour
  JOIN accounts_account a ON a.id = r.account_id
  LEFT JOIN accounts_application p ON p.id = r.application_id
  LEFT JOIN privacy_number n ON n.id = r.number_id
 ORDER BY r.booked_hour, a.code COLLATE "C", p.app_key COLLATE "C", n.number COLLATE "C", n.id, r.item COLLATE "C",
       r.currency COLLATE "C", r.unit_price NULLS FIRST, r.amount

-- name: report_detail
-- One row per charge line; sorted first and written as text afterwards.
SELECT q.hour_utc, q.hour_local, q.account, q.application, q.app_key, q.mode, q.number, q.item,
       CASE q.item WHEN 'call' THEN q.sign ELSE 0 END AS calls, CASE q.item WHEN 'call' THEN q.sign ELSE 0 END AS answered,
       q.sign * q.seconds AS talk_seconds, q.units, q.package_units, q.overage_units, q.unit_price, q.amount,
       CASE WHEN q.late THEN q.units ELSE 0 END AS late_units,
       CASE WHEN q.sign < 0 THEN q.amount ELSE 0.000000 END AS adjustment, q.currency, q.run_id AS settlement_id,
       CASE q.item WHEN 'call' THEN q.usage_id END AS call_id, CASE q.item WHEN 'sms' THEN q.usage_id END AS message_id,
       nullif(q.session_id, '') AS session_id,
       to_char(q.rated_at, 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM') AS answered_at,
       to_char(q.ended_at, 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM') AS ended_at,
       q.seconds, q.splits::text AS package_splits, q.tariff_id,
       CASE WHEN q.late THEN to_char(q.usage_hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')
            WHEN q.usage_hour = q.booked_hour THEN q.hour_utc
            ELSE to_char(q.usage_hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') END AS usage_hour_utc
  FROM (
    SELECT h.utc AS hour_utc, h.local AS hour_local, a.code AS account, p.name AS application, p.app_key, p.mode, n.number,
           coalesce(c.reverses, c.id) AS usage_id, c.item, c.sign, c.seconds, c.units, c.package_units, c.overage_units,
           c.unit_price, c.amount, c.late, c.currency, c.run_id, c.session_id, c.rated_at, c.ended_at, c.splits,
           c.tariff_id, c.usage_hour, c.booked_hour
      FROM charge_lines c
      JOIN report_hours h ON h.hour = c.booked_hour
      JOIN accounts_account a ON a.id = c.account_id
      JOIN accounts_application p ON p.id = c.application_id
      JOIN privacy_number n ON n.id = c.number_id
     ORDER BY c.booked_hour, c.account_id, c.id
     OFFSET 0
  ) q

-- name: report_detail_ledger
-- The charges without a charge line, in the columns of the detail report.
SELECT h.utc, h.local, a.code, p.name, p.app_key, p.mode, n.number, l.item, 0, 0, 0,
       CASE WHEN l.item <> 'adjustment' THEN 1 ELSE 0 END, 0, CASE WHEN l.item <> 'adjustment' THEN 1 ELSE 0 END,
       CASE WHEN l.item <> 'adjustment' THEN l.amount END, l.amount, 0,
       CASE WHEN l.item = 'adjustment' THEN l.amount ELSE 0.000000 END, l.currency, l.run_id,
       NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, h.utc
  FROM ledger_lines l
  JOIN report_hours h ON h.hour = l.booked_hour
  JOIN accounts_account a ON a.id = l.account_id
  LEFT JOIN LATERAL (
       SELECT hold.application_id FROM privacy_holding hold
         JOIN accounts_application own ON own.id = hold.application_id AND own.account_id = l.account_id
        WHERE hold.number_id = l.number_id AND hold.valid_from <= l.booked_at
        ORDER BY hold.valid_from DESC LIMIT 1) k ON true
  LEFT JOIN accounts_application p ON p.id = k.application_id
  LEFT JOIN privacy_number n ON n.id = l.number_id
 ORDER BY l.booked_hour, l.account_id, l.transaction_id, l.currency COLLATE "C"

-- name: report_totals
-- Lines, units and amount per currency and item, straight from the lines; `open_lines` are those of hours not yet due.
SELECT currency, item, count(*) AS lines, sum(units) AS units, sum(package_units) AS package_units,
       sum(overage_units) AS overage_units, sum(amount) AS amount,
       count(*) FILTER (WHERE booked_hour >= %(open_from)s) AS open_lines
  FROM (
    SELECT currency, item, units, package_units, overage_units, amount, booked_hour FROM charge_lines
     UNION ALL
    SELECT currency, item, CASE WHEN item <> 'adjustment' THEN 1 ELSE 0 END, 0,
           CASE WHEN item <> 'adjustment' THEN 1 ELSE 0 END, amount, booked_hour
      FROM ledger_lines
  ) line
 GROUP BY currency, item
 ORDER BY currency COLLATE "C", item COLLATE "C"

-- name: report_ledger_totals
-- What the ledger says was charged in the period, per currency and item; knows nothing of charge lines.
SELECT currency, item, sum(amount)
  FROM (
    SELECT la.currency, split_part(la.code, ':', 2) AS item, e.amount
      FROM billing_ledgertransaction t
      JOIN billing_ledgerentry e ON e.transaction_id = t.id
      JOIN billing_ledgeraccount la ON la.id = e.ledger_account_id
     WHERE t.kind = 'usage'
       AND la.account_id IS NULL AND la.code NOT LIKE 'cash:%%'
       AND t.booked_at >= %(start)s AND t.booked_at < %(end)s
       AND (%(account)s::bigint IS NULL OR t.account_id = %(account)s::bigint)
       AND (NOT %(settled_only)s OR EXISTS (
            SELECT FROM billing_settledhour s
             WHERE s.account_id = t.account_id AND s.hour = date_trunc('hour', t.booked_at, 'UTC')))
     UNION ALL
    SELECT currency, item, amount FROM ledger_lines
  ) entry
 GROUP BY currency, item
 ORDER BY currency COLLATE "C", item COLLATE "C"

-- name: report_waiting
-- What is missing in the period: usage not settled, usage without a price, records in quarantine (CDRs and SMS), and
-- whether any of that usage belongs to an hour that is not settled. A quarantined record of no known account counts
-- only where all accounts are reported.
SELECT count(*) FILTER (WHERE u.blocked_reason = '') AS unsettled,
       count(*) FILTER (WHERE u.blocked_reason <> '') AS unpriced,
       coalesce(bool_or(s.hour IS NULL), false) AS holds_unsettled_hour,
       (SELECT count(*) FROM privacy_quarantined q
         WHERE q.state = 'open' AND q.kind IN (1, 3)
           AND (q.occurred_at IS NULL OR q.occurred_at >= %(start)s AND q.occurred_at < %(end)s)
           AND (%(account)s::bigint IS NULL OR q.account_id = %(account)s::bigint)) AS quarantined
  FROM privacy_usage u
  LEFT JOIN billing_settledhour s ON s.account_id = u.account_id AND s.hour = u.hour
 WHERE u.hour >= %(start)s AND u.hour < %(end)s
   AND (%(account)s::bigint IS NULL OR u.account_id = %(account)s::bigint)

-- name: report_unanswered_open
-- Whether unanswered calls were counted in hours of the period that are not due yet.
SELECT EXISTS (SELECT FROM unanswered_lines WHERE booked_hour >= %(open_from)s)

-- name: report_estimate
-- Charge lines booked in the period, from the totals the settlements kept: decides between streaming and a job.
SELECT coalesce(sum(lines), 0)
  FROM billing_settlementtotal
 WHERE booked_hour >= %(start)s AND booked_hour < %(end)s
   AND (%(account)s::bigint IS NULL OR account_id = %(account)s::bigint)

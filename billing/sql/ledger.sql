-- name: open_house_accounts
-- Makes the house's ledger accounts in the currencies of these accounts, in one order so that two never deadlock.
INSERT INTO billing_ledgeraccount (code, currency)
SELECT code || currency, currency
FROM (SELECT DISTINCT currency FROM accounts_account WHERE id = ANY(%(accounts)s)) c
CROSS JOIN (
    SELECT 'revenue:' || unnest(%(items)s::text[]) || ':' AS code
    UNION ALL VALUES ('cash:'), ('adjustment:'), ('goodwill:')
) h
WHERE NOT EXISTS (SELECT 1 FROM billing_ledgeraccount l WHERE l.code = h.code || c.currency)
ORDER BY 1
ON CONFLICT DO NOTHING

-- name: open_customer_accounts
-- Makes the ledger accounts of customers that have none.
INSERT INTO billing_ledgeraccount (code, account_id, currency)
SELECT 'customer:' || a.code, a.id, a.currency
FROM accounts_account a
WHERE a.id = ANY(%(accounts)s)
  AND NOT EXISTS (SELECT 1 FROM billing_ledgeraccount l WHERE l.account_id = a.id)
ON CONFLICT DO NOTHING

-- name: open_balances
-- Makes the balance rows of customers that have none.
INSERT INTO billing_balance (account_id, amount)
SELECT a.id, 0
FROM accounts_account a
WHERE a.id = ANY(%(accounts)s)
  AND NOT EXISTS (SELECT 1 FROM billing_balance b WHERE b.account_id = a.id)
ON CONFLICT DO NOTHING

"""What holds money is append-only, every ledger transaction adds up to 0, and no two prices of a rank meet.

The balance check runs at COMMIT, once per entry. btree_gist is not in the embedded server: scalars become ranges of one.
"""

from django.db import migrations

from common.operations import AppendOnly

BALANCED = """
CREATE FUNCTION billing_transaction_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1
        FROM billing_ledgerentry e JOIN billing_ledgeraccount a ON a.id = e.ledger_account_id
        WHERE e.transaction_id = NEW.transaction_id
        GROUP BY a.currency
        HAVING sum(e.amount) <> 0
    ) THEN
        RAISE EXCEPTION 'ledger transaction % does not add up to 0', NEW.transaction_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER billing_ledgerentry_balances AFTER INSERT ON billing_ledgerentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_transaction_balances();
"""
UNBALANCED = """
DROP TRIGGER billing_ledgerentry_balances ON billing_ledgerentry;
DROP FUNCTION billing_transaction_balances();
"""
ONE_PRICE = """
CREATE FUNCTION billing_tariff_rank(item text, number_kind text, currency text) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (position(item in 'call....sms.....rental..') * 32 + position(number_kind in 'virtual.carrier.any.....'))::bigint * 16777216
        + ascii(substr(currency, 1, 1)) * 65536 + ascii(substr(currency, 2, 1)) * 256 + ascii(substr(currency, 3, 1))
$$;
ALTER TABLE billing_tariff ADD CONSTRAINT tariff_one_price_of_a_rank EXCLUDE USING gist (
    int8range(billing_tariff_rank(item, number_kind, currency), billing_tariff_rank(item, number_kind, currency), '[]') WITH &&,
    int8range(coalesce(account_id, 0), coalesce(account_id, 0), '[]') WITH &&,
    tstzrange(valid_from, valid_to) WITH &&
);
"""
MANY_PRICES = """
ALTER TABLE billing_tariff DROP CONSTRAINT tariff_one_price_of_a_rank;
DROP FUNCTION billing_tariff_rank(text, text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        AppendOnly("billing_ledgertransaction"),
        AppendOnly("billing_ledgerentry"),
        AppendOnly("billing_charge"),
        AppendOnly("billing_unansweredcount"),
        AppendOnly("billing_settlementtotal"),
        AppendOnly("billing_settledhour"),
        migrations.RunSQL(BALANCED, UNBALANCED),
        migrations.RunSQL(ONE_PRICE, MANY_PRICES),
    ]

"""Numbers as they were before each change, and every temporary callee that was set: by triggers."""

from django.db import migrations

FORWARDS = """
CREATE TRIGGER number_earlier AFTER UPDATE ON privacy_number FOR EACH ROW
    WHEN ((OLD.state, OLD.cause, OLD.sms) IS DISTINCT FROM (NEW.state, NEW.cause, NEW.sms))
    EXECUTE FUNCTION accounts_keep_earlier('number', 'state', 'cause', 'sms');

CREATE FUNCTION privacy_keep_callee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO privacy_temporarycalleeversion (binding_id, callee_number, set_at, expires_at, user_data)
    VALUES (NEW.binding_id, NEW.callee_number, NEW.set_at, NEW.expires_at, NEW.user_data);
    RETURN NULL;
END
$$;
CREATE TRIGGER callee_kept_from_start AFTER INSERT ON privacy_temporarycallee
    FOR EACH ROW EXECUTE FUNCTION privacy_keep_callee();
-- Not when a data key is rotated: that sets nothing.
CREATE TRIGGER callee_kept AFTER UPDATE ON privacy_temporarycallee FOR EACH ROW
    WHEN (OLD.set_at IS DISTINCT FROM NEW.set_at)
    EXECUTE FUNCTION privacy_keep_callee();

INSERT INTO privacy_temporarycalleeversion (binding_id, callee_number, set_at, expires_at, user_data)
SELECT binding_id, callee_number, set_at, expires_at, user_data FROM privacy_temporarycallee;
"""
BACKWARDS = """
DROP TRIGGER callee_kept ON privacy_temporarycallee;
DROP TRIGGER callee_kept_from_start ON privacy_temporarycallee;
DROP FUNCTION privacy_keep_callee();
DROP TRIGGER number_earlier ON privacy_number;
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0011_switch_side"), ("accounts", "0008_earlier_states")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

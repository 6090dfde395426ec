"""What decides calls is kept as it was before each change, whoever changes it: by triggers."""

from django.db import migrations

FORWARDS = """
-- Arguments of the trigger: the kind, then the columns that are kept.
CREATE FUNCTION accounts_keep_earlier() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept jsonb;
BEGIN
    SELECT jsonb_object_agg(field.key, field.value) INTO kept
    FROM jsonb_each(to_jsonb(OLD)) AS field WHERE field.key = ANY (TG_ARGV[1:]);
    INSERT INTO accounts_earlierstate (kind, row_id, valid_to, state)
    VALUES (TG_ARGV[0], OLD.id, clock_timestamp(), kept);
    RETURN NULL;
END
$$;

CREATE TRIGGER account_earlier AFTER UPDATE ON accounts_account FOR EACH ROW
    WHEN ((OLD.state, OLD.time_zone) IS DISTINCT FROM (NEW.state, NEW.time_zone))
    EXECUTE FUNCTION accounts_keep_earlier('account', 'state', 'time_zone');
CREATE TRIGGER application_earlier AFTER UPDATE ON accounts_application FOR EACH ROW
    WHEN ((OLD.mode, OLD.state, OLD.recording, OLD.sms, OLD.keep_sms_content, OLD.extension_digits, OLD.cool_down_hours,
           OLD.no_permission_voice, OLD.abnormal_voice, OLD.risk_control, OLD.call_status_url IS NULL,
           OLD.callin_url IS NULL, OLD.sms_control_url IS NULL)
        IS DISTINCT FROM (NEW.mode, NEW.state, NEW.recording, NEW.sms, NEW.keep_sms_content, NEW.extension_digits,
           NEW.cool_down_hours, NEW.no_permission_voice, NEW.abnormal_voice, NEW.risk_control,
           NEW.call_status_url IS NULL, NEW.callin_url IS NULL, NEW.sms_control_url IS NULL))
    EXECUTE FUNCTION accounts_keep_earlier('application', 'mode', 'state', 'recording', 'sms', 'keep_sms_content',
        'extension_digits', 'cool_down_hours', 'no_permission_voice', 'abnormal_voice', 'risk_control',
        'call_status_url', 'callin_url', 'sms_control_url');
"""
BACKWARDS = """
DROP TRIGGER application_earlier ON accounts_application;
DROP TRIGGER account_earlier ON accounts_account;
DROP FUNCTION accounts_keep_earlier();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_switch_side")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

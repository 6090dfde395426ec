"""A temporary callee that goes before its time leaves a row that is over at once: nobody was reached from then on."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION privacy_keep_callee_gone() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gone timestamptz := clock_timestamp();
BEGIN
    -- Of a binding that is deleted with it there is nothing to tell.
    IF OLD.expires_at > gone AND EXISTS (SELECT 1 FROM privacy_binding b WHERE b.id = OLD.binding_id) THEN
        INSERT INTO privacy_temporarycalleeversion (binding_id, callee_number, set_at, expires_at, user_data)
        VALUES (OLD.binding_id, OLD.callee_number, gone, gone, OLD.user_data);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER callee_gone AFTER DELETE ON privacy_temporarycallee
    FOR EACH ROW EXECUTE FUNCTION privacy_keep_callee_gone();
"""
BACKWARDS = """
DROP TRIGGER callee_gone ON privacy_temporarycallee;
DROP FUNCTION privacy_keep_callee_gone();
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0014_risk")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

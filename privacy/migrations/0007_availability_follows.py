"""What may be bound on a number follows the number and its holdings, whoever writes them; history is append-only."""

from django.db import migrations

from common.operations import AppendOnly

FORWARDS = """
CREATE FUNCTION privacy_follow_number(followed bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO privacy_availability (number_id, application_id, area_code, ready, role)
    SELECT n.id,
        (SELECT h.application_id FROM privacy_holding h WHERE h.number_id = n.id AND h.valid_to IS NULL),
        n.area_code,
        n.state = 'normal' AND NOT n.reserved AND n.blacklisted_at IS NULL,
        ''
    FROM privacy_number n WHERE n.id = followed
    ON CONFLICT (number_id) DO UPDATE SET
        application_id = excluded.application_id, area_code = excluded.area_code, ready = excluded.ready
    WHERE (privacy_availability.application_id, privacy_availability.area_code, privacy_availability.ready)
        IS DISTINCT FROM (excluded.application_id, excluded.area_code, excluded.ready)
$$;

CREATE FUNCTION privacy_number_followed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM privacy_follow_number(NEW.id);
    RETURN NULL;
END
$$;

CREATE FUNCTION privacy_holding_followed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM privacy_follow_number(OLD.number_id);
    END IF;
    IF TG_OP <> 'DELETE' AND (TG_OP = 'INSERT' OR NEW.number_id <> OLD.number_id) THEN
        PERFORM privacy_follow_number(NEW.number_id);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER number_followed_from_start AFTER INSERT ON privacy_number
    FOR EACH ROW EXECUTE FUNCTION privacy_number_followed();
CREATE TRIGGER number_followed AFTER UPDATE ON privacy_number FOR EACH ROW
    WHEN ((OLD.area_code, OLD.state, OLD.reserved, OLD.blacklisted_at)
        IS DISTINCT FROM (NEW.area_code, NEW.state, NEW.reserved, NEW.blacklisted_at))
    EXECUTE FUNCTION privacy_number_followed();
CREATE TRIGGER holding_followed AFTER INSERT OR UPDATE OR DELETE ON privacy_holding
    FOR EACH ROW EXECUTE FUNCTION privacy_holding_followed();

SELECT privacy_follow_number(id) FROM privacy_number;
"""
BACKWARDS = """
DROP TRIGGER holding_followed ON privacy_holding;
DROP TRIGGER number_followed ON privacy_number;
DROP TRIGGER number_followed_from_start ON privacy_number;
DROP FUNCTION privacy_holding_followed();
DROP FUNCTION privacy_number_followed();
DROP FUNCTION privacy_follow_number(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0006_bindings")]

    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
        AppendOnly("privacy_bindingversion"),
        AppendOnly("privacy_numberchange"),
    ]

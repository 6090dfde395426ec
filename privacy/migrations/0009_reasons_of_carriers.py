"""Numbers whose carrier reported a status before reasons were kept: that report is their open reason."""

from django.db import migrations

FORWARDS = """
INSERT INTO privacy_numberreason (number_id, source, state, cause, note, opened_by, opened_at, closed_by)
SELECT n.id, 'carrier', n.state, coalesce(s.cause, ''), '', '', coalesce(s.at, statement_timestamp()), ''
FROM privacy_number n
LEFT JOIN LATERAL (
    SELECT cause, at FROM privacy_numberstatus WHERE number_id = n.id ORDER BY id DESC LIMIT 1
) s ON true
WHERE n.state IN ('suspended', 'unusable', 'binding_frozen')
    AND NOT EXISTS (SELECT 1 FROM privacy_numberreason r WHERE r.number_id = n.id AND r.closed_at IS NULL);

UPDATE privacy_number n SET cause = r.cause
FROM privacy_numberreason r
WHERE r.number_id = n.id AND r.closed_at IS NULL AND r.source = 'carrier' AND n.cause = '' AND r.cause <> '';
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0008_least_recent_first")]

    operations = [migrations.RunSQL(FORWARDS, migrations.RunSQL.noop)]

"""What holds now, and what ended when, by application: history is not read for it. Old states get their reason."""

from django.db import migrations, models

# Beside those of 0009: a move or a missing real name that was kept as a state before reasons were.
REASONS = """
INSERT INTO privacy_numberreason (number_id, source, state, cause, note, opened_by, opened_at, closed_by)
SELECT n.id, CASE n.state WHEN 'moving' THEN 'moving' ELSE 'real_name' END, n.state, '', '', '',
    statement_timestamp(), ''
FROM privacy_number n
WHERE n.state IN ('moving', 'awaiting_real_name')
    AND NOT EXISTS (SELECT 1 FROM privacy_numberreason r WHERE r.number_id = n.id AND r.closed_at IS NULL)
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0009_reasons_of_carriers")]

    operations = [
        migrations.RunSQL(REASONS, migrations.RunSQL.noop),
        migrations.AddIndex(
            "binding",
            models.Index(
                fields=["application", "id"], name="binding_holding", condition=models.Q(valid_to__isnull=True)
            ),
        ),
        migrations.AddIndex(
            "binding",
            models.Index(
                fields=["application", "valid_to"],
                include=["end_cause"],
                name="binding_ended",
                condition=models.Q(valid_to__isnull=False),
            ),
        ),
    ]

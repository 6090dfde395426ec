"""What lay in the future is tried again by itself; a time that no page can show is none."""

from django.db import migrations

FORWARDS = """
UPDATE privacy_quarantined SET retryable = true WHERE state = 'open' AND reason = 'in_the_future';
UPDATE privacy_quarantined SET occurred_at = NULL WHERE occurred_at < '2000-01-01' OR occurred_at >= '9000-01-01';
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0003_answering")]

    operations = [migrations.RunSQL(FORWARDS, migrations.RunSQL.noop)]

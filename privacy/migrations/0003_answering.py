"""The answered calls that are being stored just now, where several upstreams deliver: see storing/duplicates.py.

Unlogged, for no row in it outlives its transaction.
"""

from django.db import migrations

FORWARDS = """
CREATE UNLOGGED TABLE privacy_answering (
    number_id bigint NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (number_id, answered_at)
)
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0002_holdings_never_overlap")]

    operations = [migrations.RunSQL(FORWARDS, "DROP TABLE privacy_answering")]

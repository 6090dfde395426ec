"""At most one application holds a number at an instant.

btree_gist is not in the embedded server; ranges are GiST-indexable everywhere, so the number's id becomes a range of one.
"""

from django.db import migrations

FORWARDS = """
ALTER TABLE privacy_holding ADD CONSTRAINT holding_one_at_a_time EXCLUDE USING gist (
    int8range(number_id, number_id, '[]') WITH &&,
    tstzrange(valid_from, valid_to) WITH &&
)
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0001_initial")]

    operations = [
        migrations.RunSQL(FORWARDS, "ALTER TABLE privacy_holding DROP CONSTRAINT holding_one_at_a_time"),
    ]

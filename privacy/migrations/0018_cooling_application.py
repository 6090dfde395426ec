"""A cool-down knows in which application it began: the number may be another's since."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("privacy", "0017_sessions_unchecked")]

    operations = [
        migrations.AddField(
            "cooling",
            "application",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="accounts.application",
                verbose_name="application",
            ),
        ),
    ]

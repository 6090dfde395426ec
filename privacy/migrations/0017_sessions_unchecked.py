"""Sessions have no foreign keys that the database checks, as calls and events have none: a row comes with each call."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_earlier_states"),
        ("privacy", "0016_blocked_calls"),
    ]

    operations = [
        migrations.AlterField(
            model_name="session",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="accounts.account",
                verbose_name="account",
            ),
        ),
        migrations.AlterField(
            model_name="session",
            name="application",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="accounts.application",
                verbose_name="application",
            ),
        ),
        migrations.AlterField(
            model_name="session",
            name="number",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="privacy.number",
                verbose_name="number",
            ),
        ),
        migrations.AlterField(
            model_name="session",
            name="upstream",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="accounts.upstream",
                verbose_name="upstream",
            ),
        ),
    ]

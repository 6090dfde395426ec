"""Who took a mail already, and the index by which each look finds the last silence of its subjects."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0004_dispatchers"),
    ]

    operations = [
        migrations.AddField(
            model_name="alertmessage",
            name="reached",
            field=models.JSONField(
                db_default=models.Value([], models.JSONField()), default=list, verbose_name="arrived at"
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["kind", "subject", "-id"], name="alert_subject"),
        ),
    ]

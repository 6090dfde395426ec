"""Since when an endpoint's URL is none of its application's any more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0006_outbox_vacuum"),
    ]

    operations = [
        migrations.AddField(
            model_name="endpoint",
            name="left_at",
            field=models.DateTimeField(null=True, verbose_name="not configured since"),
        ),
    ]

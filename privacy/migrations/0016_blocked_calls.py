"""Calls that risk control stopped are found by an index of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_earlier_states"),
        ("privacy", "0015_callees_gone"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="routingdecision",
            index=models.Index(
                condition=models.Q(("code__in", [7004, 7005, 8047, 8048, 8049, 8050])),
                fields=["id"],
                name="decision_blocked",
            ),
        ),
    ]
